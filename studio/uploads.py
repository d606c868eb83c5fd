"""Pictures an artist brings: written anew, kept in the store, shown to their owner only."""

from anyio import to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jobs.pictures import drop_unused, file_name, find_picture, new_picture_id
from jobs.records import Picture
from sora_core.pictures import clean_picture
from sora_core.store import told
from studio.clock import now_ms
from studio.media import send_file
from studio.parts import Parts


async def bring_picture(parts: Parts, request: Request) -> Response:
    """201 and the picture's id, from the bytes of a PNG, JPEG or WebP as the body.

    Raises BadSpec, TooMany, StoreFailed; nothing is kept then.
    """
    owner_id, content = request.state.principal.tester_id, await request.body()
    with parts.desk.turn(owner_id):
        picture = await to_thread.run_sync(keep, parts, owner_id, content, limiter=parts.desk.one)
    facts = {
        "id": picture.id,
        "url": f"/pictures/{picture.id}.jpg",
        "width": picture.width,
        "height": picture.height,
    }
    return JSONResponse(facts, 201, {"location": str(facts["url"])})


def keep(parts: Parts, owner_id: str, content: bytes) -> Picture:
    """File first, then its row: a row never names a missing file."""
    clean, picture_id = clean_picture(content), new_picture_id()
    name = file_name(picture_id)
    picture = Picture(
        id=picture_id,
        owner_id=owner_id,
        key=parts.store.key(name),
        bytes=len(clean.jpeg),
        width=clean.width,
        height=clean.height,
        created_at=now_ms(),
    )
    try:
        draft = parts.store.draft(name)
        with told("The picture could not be kept"):
            draft.write_bytes(clean.jpeg)
        parts.store.keep(draft, picture.key)
        with parts.database.begin() as db:
            db.add(picture)
            db.flush()
            dropped = drop_unused(db, owner_id)
    except BaseException:
        parts.store.discard(name)
        raise
    for old in dropped:
        parts.store.discard(old)
    return picture


async def show_picture(parts: Parts, request: Request, picture_id: str) -> Response:
    """Raises NotFound, for somebody else's picture too; admins are no exception."""

    def find() -> str:
        with parts.database.read() as db:
            return find_picture(db, picture_id, request.state.principal.tester_id).key

    return await send_file(parts, await run_in_threadpool(find), "image/jpeg")
