"""What a tester's endpoints were told last, and what became of it."""

from typing import Any

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio.parts import Parts
from studio.videos.listing import listed
from studio.webhooks.desk import find
from studio.webhooks.records import WebhookDelivery

SHOWN = 50


async def list_latest(parts: Parts, request: Request, endpoint_id: str) -> Response:
    """The newest first. Raises NotFound, for somebody else's endpoint too."""
    await run_in_threadpool(find, parts, request, endpoint_id)
    mine = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    newest = mine.order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id)

    def read() -> list[dict[str, Any]]:
        with parts.database.read() as db:
            return [sent(row) for row in db.scalars(newest.limit(SHOWN))]

    return JSONResponse(listed(await run_in_threadpool(read), has_more=False))


def sent(row: WebhookDelivery) -> dict[str, Any]:
    """One delivery. Times in seconds; `next_at` is null once it is over."""
    return {
        "id": row.id,
        "object": "webhook_delivery",
        "event_type": row.event_type,
        "video_id": row.job_id,
        "state": row.state,
        "attempts": row.attempts,
        "status_code": row.last_status,
        "created_at": row.created_at // 1000,
        "ended_at": row.ended_at and row.ended_at // 1000,
        "next_at": row.next_at // 1000 if row.state == "waiting" else None,
    }
