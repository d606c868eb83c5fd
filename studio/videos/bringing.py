"""A film that a wish brings along: taken in within bounds, written anew, kept for its jobs."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from jobs.records import Reel
from jobs.reels import new_reel_id, reel_name
from sora_core import reels
from sora_core.catalog import MODELS
from studio.clock import now_ms
from studio.doors import BODY_MAX_BYTES
from studio.parts import Parts
from studio.requests import header_values
from studio.videos.fields import Fields, read_fields

#: What a film is drawn on by, unless the clip it is says otherwise.
MODEL = "sprout"


@dataclass(frozen=True)
class Brought:
    """A film of a stranger's, whose file is kept; `reel` waits for the wish to give it a job."""

    reel: Reel
    width: int
    height: int
    seconds: int


@asynccontextmanager
async def reading(parts: Parts, request: Request) -> AsyncIterator[Fields]:
    """The fields; a film in `video` is the path of a file that is gone after the block.

    While a large body comes, no other one of this artist is taken. Raises TooMany, BadRequest,
    BadSpec, StoreFailed.
    """
    draft = await run_in_threadpool(parts.store.draft, f"brought-{uuid4().hex}")
    try:
        with turn(parts, request, large=True):
            yield await read_fields(request, draft)
    finally:
        draft.unlink(missing_ok=True)


async def bring(parts: Parts, request: Request, film: Path) -> Brought:
    """`film`, brought to the model's size and rate and kept; one at a time, as that is heavy.

    Raises BadSpec, TooMany, StoreFailed; nothing is kept then.
    """
    reel_id, offer = new_reel_id(), MODELS[MODEL]
    name = reel_name(reel_id)
    try:
        with turn(parts, request, large=False):
            onto = await run_in_threadpool(parts.store.draft, name)
            async with parts.desk.one_reel:
                shape = await reels.wind_apart(film, onto, MODEL)
            size, key = onto.stat().st_size, parts.store.key(name)
            await run_in_threadpool(parts.store.keep, onto, key)
    except BaseException:
        parts.store.discard(name)
        raise
    reel = Reel(
        id=reel_id,
        owner_id=request.state.principal.tester_id,
        key=key,
        bytes=size,
        fps=offer.drawings_per_s,
        frame_count=shape.seconds * offer.drawings_per_s,
        created_at=now_ms(),
    )
    return Brought(reel, shape.width, shape.height, shape.seconds)


@contextmanager
def turn(parts: Parts, request: Request, *, large: bool) -> Iterator[None]:
    """The artist's turn, taken once: as a large body begins to come, or when a small one is read.

    Forms that only name a video are small, and wait for nobody. Raises TooMany.
    """
    if is_large(request) is not large:
        yield
        return
    with parts.desk.turn(request.state.principal.tester_id):
        yield


def is_large(request: Request) -> bool:
    declared = header_values(request.scope, "content-length")
    return len(declared) != 1 or not declared[0].isdigit() or int(declared[0]) > BODY_MAX_BYTES


def sha256_of(film: Path) -> str:
    with film.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
