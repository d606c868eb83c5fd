"""Videos as they are: one, a page of them, and the models they are drawn by."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import BadSpec, NotFound
from jobs.records import Job
from programme.review_desk import reviews_of
from sora_core.catalog import MODELS
from sora_core.form import choice, whole
from sora_core.spec import SECONDS_MAX, SIZES
from studio.clock import now_ms
from studio.parts import Parts
from studio.videos.expiry import expiries
from studio.videos.objects import video

PAGE, PAGE_MAX = 20, 100
ID = re.compile(r"[0-9a-f]{32}")
# How long to wait before asking again, for clients that heed it.
POLL_MS = {"queued": 2000, "running": 1000}
# When the first weights of any of them were published; the catalog keeps no dates.
PUBLISHED_S = 1_795_305_600


async def retrieve(parts: Parts, request: Request, video_id: str) -> Response:
    """Raises NotFound, for somebody else's too."""
    owner_id = request.state.principal.tester_id

    def find() -> tuple[str, list[dict[str, Any]]]:
        with parts.database.read() as db:
            job = parts.queue.find(db, video_id, owner_id)
            return job.state, videos(db, parts, owner_id, [job])

    state, [found] = await run_in_threadpool(find)
    wait_ms = POLL_MS.get(state)
    headers = {"openai-poll-after-ms": str(wait_ms)} if wait_ms else None
    return JSONResponse(found, headers=headers)


async def list_all(parts: Parts, request: Request) -> Response:
    """One's own, newest first unless `order=asc`; `after` an id, which need not exist any more.

    Raises BadSpec for a query that says something else.
    """
    asked = dict(request.query_params)
    if len(asked) != len(request.query_params.multi_items()):
        raise BadSpec("This is there twice. Send it once.", field="query")
    limit = whole(asked, "limit", 0, PAGE_MAX, PAGE)
    order = choice(asked, "order", ("asc", "desc")) or "desc"
    after = asked.get("after")
    if after is not None and not ID.fullmatch(after):
        raise BadSpec("This is no video's id.", field="after")

    def read() -> list[dict[str, Any]]:
        with parts.database.read() as db:
            owner_id = request.state.principal.tester_id
            jobs = db.scalars(page(owner_id, limit + 1, order, after)).all()
            return videos(db, parts, owner_id, jobs)

    found = await run_in_threadpool(read)
    data = found[:limit]
    return JSONResponse(listed(data, has_more=len(found) > limit))


def videos(db: Session, parts: Parts, owner_id: str, jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Jobs of one artist with all that is known of them."""
    reviews = reviews_of(db, [job.id for job in jobs])
    ends = expiries(db, parts, owner_id, jobs, now_ms())
    return [video(job, reviews.get(job.id, ()), ends.get(job.id)) for job in jobs]


def page(owner_id: str, limit: int, order: str, after: str | None) -> Any:
    """Ids sort by time, so the id is the place to go on from."""
    query = select(Job).where(Job.owner_id == owner_id).limit(limit)
    if after is not None:
        query = query.where(Job.id > after if order == "asc" else Job.id < after)
    return query.order_by(Job.id if order == "asc" else Job.id.desc())


def listed(data: Sequence[dict[str, Any]], *, has_more: bool) -> dict[str, Any]:
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": has_more,
    }


async def list_models(_parts: Parts, _request: Request) -> Response:
    return JSONResponse(listed([about(name) for name in MODELS], has_more=False))


async def show_model(_parts: Parts, _request: Request, name: str) -> Response:
    """Raises NotFound."""
    if name not in MODELS:
        raise NotFound
    return JSONResponse(about(name))


def about(name: str) -> dict[str, Any]:
    model = MODELS[name]
    return {
        "id": name,
        "object": "model",
        "created": PUBLISHED_S,
        "owned_by": "greenroom",
        "title": model.title,
        "licence": model.licence,
        "styles": model.styles,
        "variants": list(model.variants),
        "sizes": [f"{width}x{height}" for pairs in SIZES.values() for width, height in pairs],
        "seconds_max": SECONDS_MAX,
    }
