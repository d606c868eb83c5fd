"""The switch, as people see it: pages are told while they are open, admins turn it backstage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from auth import audit, switch
from errors import BadSpec
from studio.clock import now_ms
from studio.events import PING, PING_S, event
from studio.leases import Lease
from studio.parts import Parts
from studio.requests import actor_of, read_form, read_text


def notice_facts(db: Session, token_id: str) -> dict[str, Any] | None:
    """What stops the holder of this token, or None."""
    found = switch.notice(db, token_id)
    if found is None:
        return None
    return {"scope": found.scope, "message": found.message, "since": found.since_ms}


async def open_notices(parts: Parts, request: Request) -> StreamingResponse:
    """A stream of `notice` events: what stops this person, or null; at once and at each change."""
    return StreamingResponse(
        follow(parts, request.state.lease),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def follow(parts: Parts, lease: Lease) -> AsyncIterator[str]:
    def read() -> dict[str, Any] | None:
        with parts.database.read() as db:
            return notice_facts(db, lease.principal.token_id)

    news = asyncio.Event()
    lease.stir = news.set
    told: Any = ...
    while not lease.over.is_set():
        news.clear()
        found = await run_in_threadpool(read)
        yield event("notice", {"notice": found}) if found != told else PING
        told = found
        with suppress(TimeoutError):
            async with asyncio.timeout(PING_S):
                await news.wait()


async def turn_switch(parts: Parts, request: Request) -> Response:
    """Stop `subject` with a `message`, or let it go on with `stopped: false`.

    Raises BadSpec without a message, NotFound for nobody.
    """
    form = await read_form(request)
    key, stopped = read_text(form, "subject"), form.get("stopped")
    if not isinstance(stopped, bool):
        raise BadSpec("stopped is true or false.", field="stopped")
    message = read_text(form, "message") if stopped else ""

    def turn() -> bool:
        with parts.database.begin() as db:
            now = now_ms()
            turned = switch.stop(db, key, message, now) if stopped else switch.resume(db, key)
            if turned:
                audit.record(
                    db,
                    actor=actor_of(request),
                    action="switch.stop" if stopped else "switch.resume",
                    subject=key,
                    reason=message,
                    now_ms=now,
                )
            return turned

    turned = await run_in_threadpool(turn)
    parts.leases.look_again()
    return JSONResponse({"subject": key, "stopped": stopped, "turned": turned})


def stops_facts(db: Session) -> list[dict[str, Any]]:
    """Everything that is stopped, for admins."""
    return [
        {"subject": row.key, "name": name, "message": row.stop_message, "since": row.stopped_at}
        for row, name in switch.everything_stopped(db)
    ]
