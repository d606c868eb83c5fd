"""A job's card, live: server-sent events from our own rows and the worker's looks.

`job`   the whole card, from the database: first, whenever it changes, and at the end
`look`  a step just drawn: step, steps, left_ms, preview
`gone`  the sign-in ended while we watched: code and sentence
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from auth.gate import Principal
from auth.records import Token
from errors import NotFound
from jobs.live import LiveEvent, Subscription
from jobs.records import LIVE
from observe import metrics
from studio.cards import one_card
from studio.clock import now_ms
from studio.leases import Lease
from studio.parts import Parts

# The hub may lose a look, and says nothing of a place in line: the row is read this often anyway,
# and where very many streams are open a little less so.
REREAD_S = 1.5
PING = ": ping\n\n"


async def open_events(parts: Parts, request: Request, job_id: str) -> StreamingResponse:
    """Raises NotFound, for somebody else's job too."""
    await run_in_threadpool(read_card, parts, job_id, request.state.principal)
    return StreamingResponse(
        follow(parts, job_id, request.state.lease),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def follow(parts: Parts, job_id: str, lease: Lease) -> AsyncIterator[str]:
    """Events until the job ends or the lease does."""
    with parts.hub.subscribe(job_id) as watcher:
        lease.on_end = watcher.arrived.set
        shown: dict[str, Any] | None = None
        while True:
            try:
                card = await run_in_threadpool(read_card, parts, job_id, lease.principal)
            except NotFound:
                break  # deleted while we watched
            yield event("job", card) if card != shown else PING
            shown = card
            if card["state"] not in LIVE or lease.over.is_set():
                break
            async for look in looks(watcher, lease, parts.leases.pace_s(REREAD_S)):
                yield event("look", seen(look))
    why = await run_in_threadpool(farewell, parts, lease)
    if why is not None:
        yield event("gone", why)


async def looks(watcher: Subscription, lease: Lease, reread_s: float) -> AsyncIterator[LiveEvent]:
    """What the worker tells until the row is due again, or the lease is over."""
    clock = asyncio.get_running_loop().time
    due_s = clock() + reread_s
    while (left_s := due_s - clock()) > 0:
        look = await watcher.next(left_s)
        if look is None or look.ended or lease.over.is_set():
            return
        yield look


def read_card(parts: Parts, job_id: str, principal: Principal) -> dict[str, Any]:
    with parts.database.read() as db:
        return one_card(db, parts.queue, job_id, principal.tester_id)


def seen(look: LiveEvent) -> dict[str, Any]:
    return {
        "state": look.state,
        "step": look.step,
        "steps": look.steps,
        "left_ms": look.left_ms,
        "preview": look.preview,
    }


def farewell(parts: Parts, lease: Lease) -> dict[str, str] | None:
    """Why the sign-in ended, for the person who was signed in; None where it stands."""
    with parts.database.read() as db:
        token = db.get(Token, lease.principal.token_id)
    if token is not None and token.revoked_at is not None:
        metrics.REVOCATION_SECONDS.observe(max(0, now_ms() - token.revoked_at) / 1000)
        return {
            "code": "revoked",
            "sentence": "Your access was revoked by an admin.",
            "reason": token.revoke_reason or "",
        }
    if lease.over.is_set() and not lease.shutting_down:
        return {"code": "signed_out", "sentence": "You are signed out. Sign in to go on."}
    return None


def event(name: str, facts: dict[str, Any]) -> str:
    """One server-sent event; JSON holds no line break, so nothing in it can start another."""
    return f"event: {name}\ndata: {json.dumps(facts)}\n\n"
