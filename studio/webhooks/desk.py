"""A tester's endpoints: list, add, remove, test, rotate. In the shape clients speak."""

import secrets
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth import audit
from auth.records import Tester
from errors import BadRequest, BadSpec, NotFound, TooMany
from sora_core.form import line
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts
from studio.requests import actor_of, read_form
from studio.videos.fields import Fields, refuse_unknown
from studio.videos.listing import listed
from studio.webhooks.reaching import NotReached, checked_url, post, require_public
from studio.webhooks.records import EVENT_TYPES, WebhookDelivery, WebhookEndpoint
from studio.webhooks.signing import Seal, event, new_secret, signed

EACH_MAX = 5
OVERLAP_MS = 24 * 3_600_000
NAME_MAX_CHARS = 80
TEST_EVERY_MS = 10_000
OVERLAP = "keep_old_secret_active_for_24_hours"


async def show_page(_parts: Parts, _request: Request) -> Response:
    return await send_page("webhooks")


async def add(parts: Parts, request: Request) -> Response:
    """The new endpoint with its signing secret, which is never shown again. Raises BadSpec."""
    fields = await read_form(request)
    refuse_unknown(fields, ("name", "url", "event_types"))
    owner_id, secret = request.state.principal.tester_id, new_secret()
    loopback = parts.settings.webhooks_loopback
    url = checked_url(fields.get("url"), loopback=loopback)
    endpoint = WebhookEndpoint(
        id=f"we_{secrets.token_hex(16)}",
        owner_id=owner_id,
        name=line(fields.get("name") or "webhook", "name", NAME_MAX_CHARS, required=True),
        url=url,
        event_types=" ".join(event_types(fields)),
        sealed_secret=Seal(parts.settings).close(secret),
        seen_until=now_ms(),
        created_at=now_ms(),
    )
    await require_public(url, loopback=loopback)

    def keep() -> None:
        with parts.database.begin() as db:
            refuse_too_many(db, owner_id)
            db.add(endpoint)
            note(db, request, "webhook.add", endpoint.id)

    await run_in_threadpool(keep)
    return JSONResponse(about(endpoint) | {"signing_secret": secret})


async def list_own(parts: Parts, request: Request) -> Response:
    def read() -> list[dict[str, Any]]:
        query = select(WebhookEndpoint).where(is_own(request))
        with parts.database.read() as db:
            newest = query.order_by(WebhookEndpoint.created_at.desc(), WebhookEndpoint.id)
            return [about(endpoint) for endpoint in db.scalars(newest)]

    return JSONResponse(listed(await run_in_threadpool(read), has_more=False))


async def show(parts: Parts, request: Request, endpoint_id: str) -> Response:
    """Raises NotFound, for somebody else's too."""
    return JSONResponse(about(await run_in_threadpool(find, parts, request, endpoint_id)))


async def remove(parts: Parts, request: Request, endpoint_id: str) -> Response:
    """What was on its way to it is not sent any more. Raises NotFound."""

    def act() -> None:
        with parts.database.begin() as db:
            endpoint = db.scalar(select(WebhookEndpoint).where(is_own(request, endpoint_id)))
            if endpoint is None:
                raise NotFound
            mine = WebhookDelivery.endpoint_id == endpoint_id
            db.execute(delete(WebhookDelivery).where(mine))
            db.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))
            note(db, request, "webhook.remove", endpoint_id)

    await run_in_threadpool(act)
    deleted = {"id": endpoint_id, "object": "webhook_endpoint.deleted", "deleted": True}
    return JSONResponse(deleted)


async def send_test(parts: Parts, request: Request, endpoint_id: str) -> Response:
    """Send a sample now, and say what came back. Raises NotFound, TooMany, BadRequest."""
    fields = await read_form(request)
    [event_type] = event_types({"event_types": [fields.get("event_type")]})
    endpoint = await run_in_threadpool(find, parts, request, endpoint_id)
    await run_in_threadpool(take_turn, parts, endpoint_id)
    secrets_now = Seal(parts.settings).secrets_of(endpoint, now_ms())
    if not secrets_now:
        raise BadRequest("The secret of this endpoint can no longer be read: add it anew.")
    event_id = f"evt_{secrets.token_hex(16)}"
    body = event(event_id, event_type, "0" * 32, now_ms())
    headers = signed(event_id, body, secrets_now, now_ms())
    try:
        status = await post(endpoint.url, headers, body, loopback=parts.settings.webhooks_loopback)
    except NotReached as error:
        raise BadRequest(f"The endpoint was not reached: {error}.") from error
    return JSONResponse(
        {
            "object": "webhook_endpoint.test",
            "webhook_endpoint_id": endpoint_id,
            "event_type": event_type,
            "status_code": status,
            "success": True,
        }
    )


async def rotate_secret(parts: Parts, request: Request, endpoint_id: str) -> Response:
    """The endpoint with a new signing secret, which is never shown again. Raises NotFound, BadSpec.

    With `keep_old_secret_active_for_24_hours` messages are signed with both until then, so that a
    server may learn the new one in its own time; else the old one ends at once.
    """
    fields = await read_form(request)
    refuse_unknown(fields, (OVERLAP,))
    overlap = fields.get(OVERLAP, False)
    if not isinstance(overlap, bool):
        raise BadSpec(f"{OVERLAP} is true or false.", field=OVERLAP)
    secret, now = new_secret(), now_ms()
    renewed = {
        "sealed_secret": Seal(parts.settings).close(secret),
        "previous_secret": WebhookEndpoint.sealed_secret if overlap else None,
        "previous_until": now + OVERLAP_MS if overlap else None,
        "updated_at": now,
    }

    def rotate() -> dict[str, Any]:
        with parts.database.begin() as db:
            rotating = update(WebhookEndpoint).where(is_own(request, endpoint_id))
            endpoint = db.scalar(rotating.values(**renewed).returning(WebhookEndpoint))
            if endpoint is None:
                raise NotFound
            note(db, request, "webhook.rotate", endpoint_id)
            return about(endpoint)

    return JSONResponse(await run_in_threadpool(rotate) | {"signing_secret": secret})


def take_turn(parts: Parts, endpoint_id: str) -> None:
    """Raises TooMany: tests are for trying things out, not for knocking at somebody's door."""
    now = now_ms()
    rested = or_(
        WebhookEndpoint.tested_at.is_(None), WebhookEndpoint.tested_at <= now - TEST_EVERY_MS
    )
    turn = update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, rested)
    with parts.database.begin() as db:
        if db.scalar(turn.values(tested_at=now).returning(WebhookEndpoint.id)) is None:
            raise TooMany(
                "This endpoint was tested a moment ago. Test it again in ten seconds.",
                limit="webhook_tests",
                retry_after_s=TEST_EVERY_MS // 1000,
            )


def event_types(fields: Fields) -> list[str]:
    """Raises BadSpec."""
    wanted = fields.get("event_types")
    if not isinstance(wanted, list) or not wanted or any(one not in EVENT_TYPES for one in wanted):
        raise BadSpec(f"Choose among {', '.join(EVENT_TYPES)}.", field="event_types")
    return [one for one in EVENT_TYPES if one in wanted]


def refuse_too_many(db: Session, owner_id: str) -> None:
    # One after the other: of two at once neither would see the other's.
    db.execute(select(Tester.id).where(Tester.id == owner_id).with_for_update())
    mine = select(func.count()).where(WebhookEndpoint.owner_id == owner_id)
    if (db.scalar(mine) or 0) >= EACH_MAX:
        raise TooMany(
            f"You have {EACH_MAX} webhook endpoints, which is as many as one gets. Remove one.",
            limit="webhook_endpoints",
            retry_after_s=None,
        )


def find(parts: Parts, request: Request, endpoint_id: str) -> WebhookEndpoint:
    with parts.database.read() as db:
        endpoint = db.scalar(select(WebhookEndpoint).where(is_own(request, endpoint_id)))
    if endpoint is None:
        raise NotFound
    return endpoint


def is_own(request: Request, endpoint_id: str | None = None) -> Any:
    mine = WebhookEndpoint.owner_id == request.state.principal.tester_id
    return mine if endpoint_id is None else mine & (WebhookEndpoint.id == endpoint_id)


def note(db: Session, request: Request, action: str, endpoint_id: str) -> None:
    subject = f"webhook:{endpoint_id}"
    audit.record(db, actor=actor_of(request), action=action, subject=subject, now_ms=now_ms())


def about(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "name": endpoint.name,
        "url": endpoint.url,
        "event_types": endpoint.event_types.split(),
        "created_at": endpoint.created_at // 1000,
        "updated_at": (endpoint.updated_at or endpoint.created_at) // 1000,
    }
