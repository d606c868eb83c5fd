"""Where strangers' files are read: one at a time, as decoding them is heavy."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter

from errors import TooMany

CHECKS_MAX = 2


class Desk:
    """Belongs to one event loop.

    one        picture at a time; `one_film` that is traced and `one_reel` that is brought likewise
    owners     of the pictures and films that are being read: one of each artist
    tracings   of films that wait, or are being read; whoever stops the loop ends them
    checks     of films' credentials that go on
    """

    def __init__(self) -> None:
        self.one = CapacityLimiter(1)
        self.one_film = asyncio.Lock()
        self.one_reel = asyncio.Lock()
        self.owners: set[str] = set()
        self.tracings: set[asyncio.Task[None]] = set()
        self.checks = 0

    def begin(self, tracing: Coroutine[None, None, None]) -> None:
        """Go on with it beside the requests."""
        task = asyncio.create_task(tracing)
        self.tracings.add(task)
        task.add_done_callback(self.tracings.discard)

    @contextmanager
    def turn(self, owner_id: str) -> Iterator[None]:
        """Raises TooMany while another picture or film of this artist is being read."""
        if owner_id in self.owners:
            raise TooMany(
                "Another picture or film of yours is being read. Bring one after the other.",
                limit="uploads",
                retry_after_s=1,
            )
        self.owners.add(owner_id)
        try:
            yield
        finally:
            self.owners.discard(owner_id)

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Raises TooMany while as many strangers' films are checked as may be at once."""
        if self.checks >= CHECKS_MAX:
            raise TooMany(
                "Other films are being checked. Try again in a moment.",
                limit="checks",
                retry_after_s=5,
            )
        self.checks += 1
        try:
            yield
        finally:
            self.checks -= 1
