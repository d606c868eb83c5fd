"""A film that is written while its drawings still come: encoding beside denoising."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from sora_core.mark.embedding import Mark
from sora_core.video import Format, encode


class GivenUp(Exception):
    """The drawings that were still to come will not come."""


class Filming:
    """A film being written, by a thread of its own, from the drawings it was handed so far."""

    def __init__(self) -> None:
        self.inbox: SimpleQueue[np.ndarray | None] = SimpleQueue()
        self.given_up = threading.Event()
        self.writing: Future[None] = Future()

    def take(self, drawings: np.ndarray) -> None:
        """Hand over the next drawings, (F, h, w, 3) uint8; returns at once.

        Raises StoreFailed, RenderFailed where writing broke meanwhile.
        """
        if self.writing.done():
            self.writing.result()
        for drawing in drawings:
            self.inbox.put(drawing)

    def close(self) -> None:
        """Say that no more drawings come."""
        self.inbox.put(None)

    def is_written(self, patience_s: float) -> bool:
        """Whether the film is whole, after waiting at most `patience_s`. Raises as `take` does."""
        try:
            self.writing.result(patience_s)
        except TimeoutError:
            return False
        return True

    def arriving(self) -> Iterator[np.ndarray]:
        while (drawing := self.inbox.get()) is not None:
            if self.given_up.is_set():
                raise GivenUp
            yield drawing

    def give_up(self) -> None:
        self.given_up.set()
        self.inbox.put(np.empty(0))


@contextmanager
def filming(
    path: Path, drawn: Format, wanted: Format, frame_count: int, mark: Mark | None = None
) -> Iterator[Filming]:
    """Write a film at `path` beside what happens in the block; see `encode`.

    Where the block ends before the film is whole, by an exception or not, no file is left.
    """
    film = Filming()
    with ThreadPoolExecutor(1, thread_name_prefix="filming") as thread:
        film.writing = thread.submit(
            encode, film.arriving(), path, drawn, wanted, frame_count, mark
        )
        try:
            yield film
        finally:
            film.give_up()
