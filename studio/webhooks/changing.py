"""An endpoint changed by its tester: its name, its address, what it hears of."""

from typing import Any

from sqlalchemy import update
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import BadSpec, NotFound
from sora_core.form import line
from studio.clock import now_ms
from studio.parts import Parts
from studio.requests import read_form
from studio.videos.fields import Fields, refuse_unknown
from studio.webhooks.desk import NAME_MAX_CHARS, about, event_types, is_own, note
from studio.webhooks.reaching import checked_url, require_public
from studio.webhooks.records import WebhookEndpoint


async def change(parts: Parts, request: Request, endpoint_id: str) -> Response:
    """The endpoint with what the fields name changed; its secret stays.

    What is on its way is sent to the new address. Raises BadSpec, NotFound.
    """
    fields = await read_form(request)
    changes = read_changes(parts, fields)
    if "url" in changes:
        await require_public(changes["url"], loopback=parts.settings.webhooks_loopback)

    def act() -> dict[str, Any]:
        with parts.database.begin() as db:
            changing = update(WebhookEndpoint).where(is_own(request, endpoint_id))
            changed = changing.values(**changes, updated_at=now_ms())
            endpoint = db.scalar(changed.returning(WebhookEndpoint))
            if endpoint is None:
                raise NotFound
            note(db, request, "webhook.change", endpoint_id)
            return about(endpoint)

    return JSONResponse(await run_in_threadpool(act))


def read_changes(parts: Parts, fields: Fields) -> dict[str, str]:
    """Column → new value, of what was named. Raises BadSpec, also where nothing was."""
    refuse_unknown(fields, ("name", "url", "event_types"))
    changes = {}
    if "name" in fields:
        changes["name"] = line(fields["name"], "name", NAME_MAX_CHARS, required=True)
    if "url" in fields:
        changes["url"] = checked_url(fields["url"], loopback=parts.settings.webhooks_loopback)
    if "event_types" in fields:
        changes["event_types"] = " ".join(event_types(fields))
    if not changes:
        raise BadSpec("Name what changes: name, url or event_types.", field="name")
    return changes
