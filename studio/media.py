"""Films and their stills, from the store: whose they are is asked at every request."""

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from jobs.records import Clip, Job
from studio.parts import Parts
from studio.ranges import StoredFile
from studio.shown import key_for_artist, key_for_others

TITLE_MAX_CHARS = 48
MEDIA_TYPES = {"mp4": "video/mp4", "jpg": "image/jpeg"}


async def send_clip(parts: Parts, request: Request, clip_id: str, kind: str) -> Response:
    """The MP4, or the still, whole or in the range asked for. `?download` saves it instead.

    Raises NotFound, for somebody else's clip too; admins are no exception.
    """
    clip, title = await run_in_threadpool(find, parts, clip_id, request.state.principal.tester_id)
    saved_as = f"{title}.{kind}" if "download" in request.query_params else None
    key, media_type = await key_for_artist(parts, clip, kind), MEDIA_TYPES[kind]
    return await send_file(parts, key, media_type, saved_as)


async def send_to_others(parts: Parts, clip: Clip, kind: str) -> Response:
    """The "mp4" or "jpg" that somebody else than its artist is shown. Raises NotFound."""
    return await send_file(parts, await key_for_others(parts, clip, kind), MEDIA_TYPES[kind])


async def send_file(
    parts: Parts, key: str, media_type: str, saved_as: str | None = None
) -> Response:
    """What the store holds under `key`, whole or in the range asked for. Raises NotFound."""
    size = await run_in_threadpool(parts.store.size, key)
    return StoredFile(parts.store, key, size, media_type, saved_as)


def find(parts: Parts, clip_id: str, owner_id: str) -> tuple[Clip, str]:
    with parts.database.read() as db:
        clip = parts.queue.clip(db, clip_id, owner_id)
        return clip, file_title(db.get_one(Job, clip_id))


def file_title(job: Job) -> str:
    """A file name people recognise: the prompt's first words and the seed."""
    words = re.sub(r"[^a-z0-9]+", "-", str(job.spec["prompt"]).lower())
    words = words[:TITLE_MAX_CHARS].strip("-") or "clip"
    return f"greenroom-{words}-{job.spec['seed']}"
