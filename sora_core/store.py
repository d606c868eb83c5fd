"""Finished files: on this machine's disk, or in a bucket of an S3-compatible service.

A file has a key ("3f/NAME.mp4") and appears under it whole or not at all. Callers know keys and
this class only. What is being written lies on the local disk until it is kept.
"""

import hashlib
import math
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from errors import GreenroomError, NotFound, StoreFailed

CHUNK_BYTES = 2**20
DRAFTS = ".drafts"
#: So that a bucket's answers are never remembered: other processes write there too.
REMOTE: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}


class Store:
    """Files at `place`, a folder or a URL like s3://BUCKET/PREFIX.

    writer   whose drafts they are: one process at a time has them
    scratch  the folder of drafts where `place` is no folder; on a disk they lie beside the files,
             so that keeping one is a rename. An S3 service's address and keys come from the
             variables every such client reads (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, …)
    """

    def __init__(self, place: Path | str, writer: str = "here", scratch: Path | None = None):
        self.is_local = "://" not in str(place)
        options = {} if self.is_local else REMOTE
        self.files, self.root = url_to_fs(str(place), **options)
        self.drafts = self.drafts_beside(scratch) / writer

    def drafts_beside(self, scratch: Path | None) -> Path:
        if isinstance(self.files, LocalFileSystem):
            return Path(self.root) / DRAFTS
        return (scratch or Path(tempfile.gettempdir())) / DRAFTS

    def key(self, name: str) -> str:
        """The key of the file `name`, in one of 256 folders."""
        return f"{hashlib.sha256(Path(name).stem.encode()).hexdigest()[:2]}/{name}"

    def draft(self, name: str) -> Path:
        """A path to write at, which nobody reads; `keep` makes it a file of the store."""
        with told("The folder of the clips cannot be written"):
            self.drafts.mkdir(parents=True, exist_ok=True)
        return self.drafts / name

    def keep(self, draft: Path, key: str) -> None:
        """Move a finished draft to its key, there for good before this returns.

        Replaces what stood there. Raises StoreFailed.
        """
        with told("The finished clip could not be kept"):
            if self.is_local:
                rename(draft, Path(self.root) / key)
            else:
                self.files.put_file(str(draft), self.at(key))
                draft.unlink()

    def size(self, key: str) -> int:
        """Bytes of the file under `key`. Raises NotFound, StoreFailed."""
        with told("The file could not be read"):
            try:
                found = self.files.info(self.at(key))
            except FileNotFoundError as error:
                raise NotFound from error
        if found["type"] != "file":
            raise NotFound
        return int(found["size"])

    def read(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, a piece at a time. Raises StoreFailed."""
        with (
            told("The file could not be read"),
            self.files.open(self.at(key), "rb", block_size=CHUNK_BYTES) as file,
        ):
            file.seek(start)
            while start < stop and (piece := file.read(min(CHUNK_BYTES, stop - start))):
                start += len(piece)
                yield piece

    @contextmanager
    def lend(self, key: str) -> Iterator[Path]:
        """The file under `key` on the local disk, for as long as the block lasts.

        Raises NotFound, StoreFailed.
        """
        self.size(key)
        if self.is_local:
            yield Path(self.at(key))
            return
        with tempfile.NamedTemporaryFile(suffix=Path(key).suffix) as copy:
            with told("The file could not be read"):
                self.files.get_file(self.at(key), copy.name)
            yield Path(copy.name)

    def discard(self, name: str) -> None:
        """Leave no file `name`, neither a draft nor a kept one, as far as the store lets us."""
        with suppress(OSError):
            (self.drafts / name).unlink(missing_ok=True)
        with suppress(Exception):  # whatever a service's client raises: the sweeper comes by
            self.files.rm_file(self.at(self.key(name)))

    def names(self) -> Iterator[tuple[str, int]]:
        """Every kept file's name, and when it was written, ms since the epoch."""
        with told("The store could not be listed"), suppress(FileNotFoundError):
            for path, found in self.files.find(self.root, detail=True).items():
                if f"/{DRAFTS}/" not in path:
                    yield Path(path).name, written_ms(found)

    def sweep(self) -> None:
        """Remove the drafts that an earlier process of this writer left behind."""
        remove(self.drafts.glob("*"))

    def sweep_all(self, before_s: float) -> None:
        """Remove every writer's drafts that nobody touched since `before_s`, epoch seconds."""
        remove(self.drafts.parent.glob("*/*"), before_s)

    def at(self, key: str) -> str:
        """Where the file system has `key`. Raises NotFound for one that leads out of the store."""
        if not key or any(part in ("", ".", "..") for part in key.split("/")):
            raise NotFound
        return f"{self.root}/{key}"


def written_ms(found: dict[str, Any]) -> int:
    at: Any = found.get("mtime", found.get("LastModified"))
    return round(1000 * (at if isinstance(at, int | float) else at.timestamp()))


def remove(drafts: Iterable[Path], before_s: float = math.inf) -> None:
    for draft in drafts:
        with suppress(OSError):  # somebody else may have kept it, or removed it
            if draft.stat().st_mtime < before_s:
                draft.unlink()


def rename(draft: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    sync(draft)
    os.replace(draft, target)
    sync(target.parent)


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Whatever a disk or the client of a service raises, as StoreFailed."""
    try:
        yield
    except (GreenroomError, GeneratorExit):
        raise
    except Exception as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it does not answer"
        raise StoreFailed(f"{what}: {why}. Try again later.") from error
