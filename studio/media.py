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
    path = parts.store.path(clip.key if kind == "mp4" else clip.poster_key)
    saved: dict[str, Any] = {}
    if "download" in request.query_params:
        saved = {"filename": f"{title}.{kind}", "content_disposition_type": "attachment"}
    return FileResponse(
        path,
        media_type="video/mp4" if kind == "mp4" else "image/jpeg",
        headers={"cache-control": "private, no-store"},
        **saved,
    )


def find(parts: Parts, clip_id: str, owner_id: str) -> tuple[Clip, str]:
    with parts.database.read() as db:
        clip = parts.queue.clip(db, clip_id, owner_id)
        return clip, file_title(db.get_one(Job, clip_id))


def file_title(job: Job) -> str:
    """A file name people recognise: the prompt's first words and the seed."""
    words = re.sub(r"[^a-z0-9]+", "-", str(job.spec["prompt"]).lower())
    words = words[:TITLE_MAX_CHARS].strip("-") or "clip"
    return f"greenroom-{words}-{job.spec['seed']}"
