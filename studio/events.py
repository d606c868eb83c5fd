"""A job's card, live: server-sent events from our own rows and the worker's looks.

`job`   the whole card, from the database: first, whenever it changes, and at the end
`look`  a step just drawn: step, steps, left_ms, preview
`gone`  the sign-in ended while we watched: code and sentence
"""

import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from auth.gate import Principal
from auth.records import Token
from jobs.live import LiveEvent
from jobs.records import LIVE
from observe import metrics
from studio.cards import one_card
from studio.clock import now_ms
from studio.leases import Lease
from studio.parts import Parts

PING_S = 15.0  # how often a stream with nothing to say shows that it is there
PING = ": ping\n\n"


async def open_events(parts: Parts, request: Request, job_id: str) -> StreamingResponse:
    """Raises NotFound, for somebody else's job too."""
    card = await run_in_threadpool(read_card, parts, job_id, request.state.principal)
    return StreamingResponse(
        follow(parts, card, request.state.lease),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def follow(parts: Parts, card: dict[str, Any], lease: Lease) -> AsyncIterator[str]:
    """Events until the job ends or the lease does."""
    with (
        parts.hub.subscribe(card["id"]) as watcher,
        parts.board.watch(card, watcher.stir) as row,
    ):
        lease.stir = watcher.stir
        yield event("job", card)
        while card["state"] in LIVE and not lease.over.is_set():
            look = await watcher.next(PING_S)
            if row.card is None:
                break  # deleted while we watched
            if look is not None and look.ended:
                parts.board.ask(look.job_id)
            elif look is not None:
                yield event("look", seen(look))
            if row.card != card:
                card = row.card
                yield event("job", card)
            elif look is None:
                yield PING
    why = await run_in_threadpool(farewell, parts, lease)
    if why is not None:
        yield event("gone", why)


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
