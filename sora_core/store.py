"""Finished files, on this machine's disk.

A file has a key ("3f/NAME.mp4") and appears under it whole or not at all. Callers know keys and
this class only, so that another kind of store can take its place.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from errors import NotFound, StoreFailed


class Store:
    """Files under `folder`; drafts of `writer`, one process at a time, in a corner of it."""

    def __init__(self, folder: Path, writer: str = "here") -> None:
        self.folder = folder
        self.drafts = folder / ".drafts" / writer

    def key(self, name: str) -> str:
        """The key of the file `name`, in one of 256 folders."""
        return f"{hashlib.sha256(Path(name).stem.encode()).hexdigest()[:2]}/{name}"

    def draft(self, name: str) -> Path:
        """A path to write at, which nobody reads; `keep` makes it a file of the store."""
        with told("The folder of the clips cannot be written"):
            self.drafts.mkdir(parents=True, exist_ok=True)
        return self.drafts / name

    def keep(self, draft: Path, key: str) -> None:
        """Move a finished draft to its key, on the disk for good before this returns.

        Replaces what stood there. Raises StoreFailed.
        """
        target = self.folder / key
        with told("The finished clip could not be kept"):
            target.parent.mkdir(parents=True, exist_ok=True)
            sync(draft)
            os.replace(draft, target)
            sync(target.parent)

    def path(self, key: str) -> Path:
        """The file under `key`, for reading. Raises NotFound."""
        path = (self.folder / key).resolve()
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            raise NotFound
        return path

    def discard(self, name: str) -> None:
        """Leave no file `name`, neither a draft nor a kept one, as far as the disk lets us."""
        for path in (self.drafts / name, self.folder / self.key(name)):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove the drafts that an earlier process of this writer left behind."""
        if self.drafts.is_dir():
            for draft in self.drafts.iterdir():
                draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFailed(f"{what}: {error.strerror}. Try again later.") from error
