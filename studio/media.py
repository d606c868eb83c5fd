"""Films and their stills: from the store, to their owner only, asked at every request."""

import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse

from jobs.records import Clip, Job
from studio.parts import Parts

TITLE_MAX_CHARS = 48


async def send_clip(parts: Parts, request: Request, clip_id: str, kind: str) -> FileResponse:
    """The MP4, or the still, whole or in the range asked for. `?download` saves it instead.

    Raises NotFound, for somebody else's clip too; admins are no exception.
    """
    clip, title = await run_in_threadpool(find, parts, clip_id, request.state.principal.tester_id)
    saved: dict[str, Any] = {}
    if "download" in request.query_params:
        saved = {"filename": f"{title}.{kind}", "content_disposition_type": "attachment"}
    if kind == "mp4":
        return await send_file(parts, clip.key, "video/mp4", **saved)
    return await send_file(parts, clip.poster_key, "image/jpeg", **saved)


async def send_file(parts: Parts, key: str, media_type: str, **saved: Any) -> FileResponse:
    """What the store holds under `key`, whole or in the range asked for. Raises NotFound."""
    path = await run_in_threadpool(parts.store.path, key)
    headers = {"cache-control": "private, no-store"}
    return FileResponse(path, media_type=media_type, headers=headers, **saved)


def find(parts: Parts, clip_id: str, owner_id: str) -> tuple[Clip, str]:
    with parts.database.read() as db:
        clip = parts.queue.clip(db, clip_id, owner_id)
        return clip, file_title(db.get_one(Job, clip_id))


def file_title(job: Job) -> str:
    """A file name people recognise: the prompt's first words and the seed."""
    words = re.sub(r"[^a-z0-9]+", "-", str(job.spec["prompt"]).lower())
    words = words[:TITLE_MAX_CHARS].strip("-") or "clip"
    return f"greenroom-{words}-{job.spec['seed']}"
