"""A video's film, its still and its sprite sheet; and the end of all three."""

from anyio import to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.budget import release
from errors import BadSpec, NotFound
from jobs.erasing import discard, erase, sheet_name
from jobs.live import LiveEvent
from jobs.records import Clip, Job
from sora_core.sheets import write_sheet
from studio.clock import now_ms
from studio.media import send_file
from studio.parts import Parts
from studio.shown import key_for_artist
from studio.videos.creating import finished

VARIANTS = ("video", "thumbnail", "spritesheet")


async def download(parts: Parts, request: Request, video_id: str) -> Response:
    """The MP4, or with `variant` a JPEG; whole or in the range asked for.

    Raises NotFound, NotReady, and BadSpec for another variant.
    """
    asked = request.query_params.getlist("variant") or ["video"]
    if len(asked) > 1 or asked[0] not in VARIANTS:
        raise BadSpec(f"The variant is one of {', '.join(VARIANTS)}.", field="variant")
    _, clip = await run_in_threadpool(finished, parts, video_id, request.state.principal)
    if asked[0] == "video":
        return await send_file(parts, await key_for_artist(parts, clip, "mp4"), "video/mp4")
    if asked[0] == "thumbnail":
        return await send_file(parts, await key_for_artist(parts, clip, "jpg"), "image/jpeg")
    key = await to_thread.run_sync(sheet_of, parts, clip, limiter=parts.desk.one)
    return await send_file(parts, key, "image/jpeg")


def sheet_of(parts: Parts, clip: Clip) -> str:
    """The key of the clip's sprite sheet, made where nobody asked for it before."""
    name = sheet_name(clip.id)
    key = parts.store.key(name)
    try:
        parts.store.size(key)
    except NotFound:
        draft = parts.store.draft(name)
        with parts.store.lend(clip.key) as film:
            write_sheet(film, draft, clip.width, clip.height, clip.frame_count)
        parts.store.keep(draft, key)
    return key


async def remove(parts: Parts, request: Request, video_id: str) -> Response:
    """Stop the video where it is not finished, then erase it. Raises NotFound."""
    owner_id = request.state.principal.tester_id

    def act() -> Job:
        with parts.database.begin() as db:
            job = erase(db, video_id, owner_id, now_ms(), release)
        discard(parts.store, job)
        return job

    job = await run_in_threadpool(act)
    parts.hub.publish(LiveEvent(job.id, job.owner_id, "stopped"))
    return JSONResponse({"id": video_id, "object": "video.deleted", "deleted": True})
