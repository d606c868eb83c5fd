"""Refused prompts, for whoever wrote them and for the admins who read their appeals."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from auth.records import Tester
from programme.moderation import refusals
from programme.moderation.records import Refusal
from sora_core.spec import ClipSpec
from studio.clock import now_ms
from studio.parts import Parts
from studio.requests import read_form, read_text
from studio.transactions import read_json, write_json

MONTH_MS = 30 * 86_400_000


def asked_text(spec: ClipSpec) -> str:
    """What a clip would show: its prompts. What it is to leave out is not looked at."""
    return "\n".join(dict.fromkeys([spec.prompt, *spec.storyboard]))


def refusal_facts(refusal: Refusal) -> dict[str, Any]:
    return {
        "id": refusal.id,
        "rule": refusal.rule_id,
        "reason": refusal.reason,
        "text": refusal.text,
        "state": refusal.state,
        "plea": refusal.plea,
        "words": refusal.words,
        "by": "an admin" if refusal.decided_at else None,
        "created_at": refusal.created_at,
        "decided_at": refusal.decided_at,
    }


async def list_own(parts: Parts, request: Request) -> Response:
    """One's own refused prompts, the newest first."""

    def look(db: Session) -> dict[str, Any]:
        found = refusals.of_tester(db, request.state.principal.tester_id)
        return {"now": now_ms(), "refusals": [refusal_facts(refusal) for refusal in found]}

    return await read_json(parts, look)


async def appeal(parts: Parts, request: Request, refusal_id: str) -> Response:
    """Ask a person. Raises what `refusals.appeal` raises."""
    plea = read_text(await read_form(request), "plea")
    me = request.state.principal.tester_id

    def act(db: Session) -> dict[str, Any]:
        return refusal_facts(refusals.appeal(db, refusal_id, me, plea, now_ms()))

    return await write_json(parts, act)


async def list_appealed(parts: Parts, _request: Request) -> Response:
    """What admins have to look at, and how often each rule was met within a month."""

    def look(db: Session) -> dict[str, Any]:
        now = now_ms()
        rows = [
            {**refusal_facts(refusal), "who": name_of(db, refusal.tester_id)}
            for refusal in refusals.appealed(db)
        ]
        return {"now": now, "refusals": rows, "counts": refusals.counts(db, now - MONTH_MS)}

    return await read_json(parts, look)


async def decide(parts: Parts, request: Request, refusal_id: str) -> Response:
    """Uphold a refusal or let the prompt pass. Raises what `refusals.decide` raises."""
    form = await read_form(request)
    verdict, words = read_text(form, "verdict"), read_text(form, "words")
    by = request.state.principal.tester_id

    def act(db: Session) -> dict[str, Any]:
        return refusal_facts(
            refusals.decide(db, refusal_id, verdict, words, by=by, now_ms=now_ms())
        )

    return await write_json(parts, act)


def name_of(db: Session, tester_id: str) -> str:
    tester = db.get(Tester, tester_id)
    return tester.name if tester else "somebody who left"


ROUTES: tuple[tuple[str, Callable[..., Awaitable[Response]], str], ...] = (
    ("/refusals", list_own, "GET"),
    ("/refusals/{refusal_id}/appeal", appeal, "POST"),
    ("/backstage/refusals", list_appealed, "GET"),
    ("/backstage/refusals/{refusal_id}/decide", decide, "POST"),
)
