"""New videos: from words, from a picture, or out of a finished one. The same gate as the page's."""

import hashlib
from collections.abc import Callable

from anyio import to_thread
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.gate import Principal
from errors import BadRequest, BadSpec, NotOffered, NotReady
from jobs.records import Clip, Job
from studio.clock import now_ms
from studio.making import Made, make
from studio.parts import Parts
from studio.rate_headers import rate_headers
from studio.requests import header_values
from studio.uploads import keep
from studio.videos import wishes
from studio.videos.fields import Fields, read_fields
from studio.videos.listing import ID
from studio.videos.objects import STATUS, video
from studio.videos.wishes import Wish, forms, told_in_its_words


async def create(parts: Parts, request: Request) -> Response:
    """200 and the video, `queued`; with `variations` the first of them, and the ids of all.

    Raises what `make` raises, and BadSpec for fields that are wrong; nothing is charged then.
    """
    wish = wishes.read_create(await read_fields(request))
    sameness = wish.sameness
    with told_in_its_words("input_reference"):
        if wish.picture is not None:
            wish = await with_picture(parts, request, wish, wish.picture)
        return await made(parts, request, wish, sameness)


async def remix(parts: Parts, request: Request, video_id: str) -> Response:
    """A finished video drawn anew by another prompt. Raises NotFound, NotReady."""
    return await out_of(parts, request, await read_fields(request), video_id, wishes.read_remix)


async def edit(parts: Parts, request: Request) -> Response:
    """The same for a video that the body names, or brings along as it was fetched here."""
    fields = await read_fields(request)

    def read_edit(fields: Fields, job: Job, clip: Clip) -> Wish:
        return wishes.read_remix(fields, job, clip, wishes.EDIT)

    return await out_of(parts, request, fields, await named(parts, request, fields), read_edit)


async def extend(parts: Parts, request: Request) -> Response:
    """A finished video with seconds added to its end."""
    fields = await read_fields(request)
    video_id = await named(parts, request, fields)
    return await out_of(parts, request, fields, video_id, wishes.read_extension)


async def refuse_character(_parts: Parts, _request: Request, **_path: str) -> Response:
    """Raises NotOffered: the model knows no person or thing that it was shown."""
    raise NotOffered(
        "Characters are not on offer: this model cannot be shown somebody and draw them again. "
        "Describe them in the prompt, or begin with a picture of them (input_reference)."
    )


async def out_of(
    parts: Parts,
    request: Request,
    fields: Fields,
    video_id: str,
    read: Callable[[Fields, Job, Clip], Wish],
) -> Response:
    principal = request.state.principal
    job, clip = await run_in_threadpool(finished, parts, video_id, principal)
    with told_in_its_words("video"):
        wish = read(fields, job, clip)
        return await made(parts, request, wish, wish.sameness)


def finished(parts: Parts, video_id: str, principal: Principal) -> tuple[Job, Clip]:
    """One's own finished video. Raises NotFound, for somebody else's too; NotReady."""
    with parts.database.read() as db:
        job = parts.queue.find(db, video_id, principal.tester_id)
        if job.state != "finished":
            raise NotReady(STATUS[job.state])
        return job, parts.queue.clip(db, video_id, principal.tester_id)


async def named(parts: Parts, request: Request, fields: Fields) -> str:
    """The id of the video that the body means: it stands in `video`, or in its `id`.

    A file is known by its bytes where it was fetched here; others are not taken in. Raises BadSpec.
    """
    given = fields.get("video")
    if isinstance(given, bytes):
        owner_id = request.state.principal.tester_id
        return await run_in_threadpool(recognised, parts, given, owner_id)
    video_id = given.get("id") if isinstance(given, dict) and len(given) == 1 else given
    if not isinstance(video_id, str) or not ID.fullmatch(video_id):
        raise BadSpec('Name one of your finished videos: {"id": …}.', field="video")
    return video_id


def recognised(parts: Parts, film: bytes, owner_id: str) -> str:
    same = Clip.sha256 == hashlib.sha256(film).hexdigest()
    with parts.database.read() as db:
        video_id = db.scalar(select(Clip.id).where(Clip.owner_id == owner_id, same).limit(1))
    if video_id is None:
        raise BadSpec(
            "This file is no video of yours, byte for byte as it was fetched here. Films from "
            "elsewhere are not taken in: name a finished video by its id.",
            field="video",
        )
    return video_id


async def with_picture(parts: Parts, request: Request, wish: Wish, content: bytes) -> Wish:
    """`wish` with the picture kept: one at a time, as reading one is heavy."""
    owner_id = request.state.principal.tester_id
    with parts.desk.turn(owner_id):
        picture = await to_thread.run_sync(keep, parts, owner_id, content, limiter=parts.desk.one)
    return wish.beginning_with(picture.id)


async def made(
    parts: Parts, request: Request, wish: Wish, sameness: dict[str, object]
) -> JSONResponse:
    keys = header_values(request.scope, "idempotency-key")
    if len(keys) > 1:
        raise BadRequest("Send one Idempotency-Key, or none.")

    def act() -> Made:
        principal = request.state.principal
        return make(parts, principal, forms(wish), now_ms(), *keys, wish=sameness)

    jobs = await run_in_threadpool(act)
    answer = video(jobs.first) | {"variations": [job.id for job in jobs.jobs]}
    return JSONResponse(answer, headers=rate_headers(jobs.quotas))
