"""New videos: from words, from a picture, or out of a finished one. The same gate as the page's."""

from collections.abc import Callable
from pathlib import Path

from anyio import to_thread
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.gate import Principal
from errors import BadRequest, BadSpec, NotOffered, NotReady
from jobs.records import Clip, Job, Reel
from jobs.reels import reel_name
from studio.clock import now_ms
from studio.making import Made, make
from studio.parts import Parts
from studio.rate_headers import rate_headers
from studio.requests import header_values
from studio.uploads import keep
from studio.videos import bringing, wishes
from studio.videos.fields import Fields, read_fields
from studio.videos.listing import ID
from studio.videos.objects import STATUS, video
from studio.videos.wishes import Form, Wish, forms, told_in_its_words

Read = Callable[[Fields, Form], Wish]


async def create(parts: Parts, request: Request) -> Response:
    """200 and the video, `queued`; with `variations` the first of them, and the ids of all.

    Raises what `make` raises, and BadSpec for fields that are wrong; nothing is charged then.
    """
    wish = wishes.read_create(await read_fields(request))
    sameness = wish.sameness
    with told_in_its_words("input_reference"):
        if wish.picture is not None:
            wish = await with_picture(parts, request, wish, wish.picture)
        return answer(await made(parts, request, wish, sameness))


async def remix(parts: Parts, request: Request, video_id: str) -> Response:
    """A finished video drawn anew by another prompt. Raises NotFound, NotReady."""
    return await out_of(parts, request, await read_fields(request), video_id, wishes.read_remix)


async def edit(parts: Parts, request: Request) -> Response:
    """The same for a video that the body names, or a film that it brings along."""
    return await out_of_brought(parts, request, wishes.read_edit)


async def extend(parts: Parts, request: Request) -> Response:
    """A finished video, or a film that the body brings along, with seconds added to its end."""
    return await out_of_brought(parts, request, wishes.read_extension)


async def refuse_character(_parts: Parts, request: Request, **_path: str) -> Response:
    """Raises NotOffered: the model knows no person or thing that it was shown."""
    async for _ in request.stream():
        pass  # let the film come, or its sender hears of a broken connection and not of this
    raise NotOffered(
        "Characters are not on offer: this model cannot be shown somebody and draw them again. "
        "Describe them in the prompt, or begin with a picture of them (input_reference)."
    )


async def out_of_brought(parts: Parts, request: Request, read: Read) -> Response:
    async with bringing.reading(parts, request) as fields:
        film = fields.get("video")
        if not isinstance(film, Path):
            return await out_of(parts, request, fields, named(film), read)
        owner_id = request.state.principal.tester_id
        sha256 = await run_in_threadpool(bringing.sha256_of, film)
        video_id = await run_in_threadpool(recognised, parts, sha256, owner_id)
        if video_id is not None:
            return await out_of(parts, request, fields, video_id, read)
        return await out_of_film(parts, request, fields, film, sha256, read)


async def out_of(
    parts: Parts, request: Request, fields: Fields, video_id: str, read: Read
) -> Response:
    principal = request.state.principal
    job, clip = await run_in_threadpool(finished, parts, video_id, principal)
    with told_in_its_words("video"):
        wish = read(fields, wishes.inherited(job, clip))
        return answer(await made(parts, request, wish, wish.sameness))


async def out_of_film(
    parts: Parts, request: Request, fields: Fields, film: Path, sha256: str, read: Read
) -> Response:
    """An Idempotency-Key stands for the film as it came, not for its new id."""
    with told_in_its_words("video"):
        brought = await bringing.bring(parts, request, film)
        reel_id, jobs = brought.reel.id, None
        try:
            wish = read(fields, wishes.alone(brought))
            sameness = {**wish.sameness, "sources": [sha256]}
            jobs = await made(parts, request, wish, sameness, brought.reel)
        finally:
            if jobs is None or reel_id not in jobs.first.spec["sources"]:
                await run_in_threadpool(parts.store.discard, reel_name(reel_id))
        return answer(jobs)


def finished(parts: Parts, video_id: str, principal: Principal) -> tuple[Job, Clip]:
    """One's own finished video. Raises NotFound, for somebody else's too; NotReady."""
    with parts.database.read() as db:
        job = parts.queue.find(db, video_id, principal.tester_id)
        if job.state != "finished":
            raise NotReady(STATUS[job.state])
        return job, parts.queue.clip(db, video_id, principal.tester_id)


def named(given: object) -> str:
    """The id of the video that the body means: it is `video`, or its `id`. Raises BadSpec."""
    video_id = given.get("id") if isinstance(given, dict) and len(given) == 1 else given
    if not isinstance(video_id, str) or not ID.fullmatch(video_id):
        raise BadSpec(
            'Name one of your finished videos, {"id": …}, or send a film as a file.', field="video"
        )
    return video_id


def recognised(parts: Parts, sha256: str, owner_id: str) -> str | None:
    """One's own video, byte for byte as it was fetched here."""
    mine = select(Clip.id).where(Clip.owner_id == owner_id, Clip.sha256 == sha256)
    with parts.database.read() as db:
        return db.scalar(mine.limit(1))


async def with_picture(parts: Parts, request: Request, wish: Wish, content: bytes) -> Wish:
    """`wish` with the picture kept: one at a time, as reading one is heavy."""
    owner_id = request.state.principal.tester_id
    with parts.desk.turn(owner_id):
        picture = await to_thread.run_sync(keep, parts, owner_id, content, limiter=parts.desk.one)
    return wish.beginning_with(picture.id)


async def made(
    parts: Parts,
    request: Request,
    wish: Wish,
    sameness: dict[str, object],
    reel: Reel | None = None,
) -> Made:
    keys = header_values(request.scope, "idempotency-key")
    if len(keys) > 1:
        raise BadRequest("Send one Idempotency-Key, or none.")

    def act() -> Made:
        principal = request.state.principal
        return make(parts, principal, forms(wish), now_ms(), *keys, wish=sameness, reel=reel)

    return await run_in_threadpool(act)


def answer(jobs: Made) -> JSONResponse:
    first = video(jobs.first) | {"variations": [job.id for job in jobs.jobs]}
    return JSONResponse(first, headers=rate_headers(jobs.quotas))
