"""Refused prompts and pictures, for whoever asked and for the reviewers who read their appeals."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from auth.records import Tester
from programme.moderation import refusals
from programme.moderation.records import Refusal
from sora_core.spec import ClipSpec
from studio.clock import now_ms
from studio.media import send_file
from studio.parts import Parts
from studio.requests import read_form, read_text
from studio.transactions import read_json, write_json

MONTH_MS = 30 * 86_400_000


def asked_text(spec: ClipSpec) -> str:
    """What a clip would show: its prompts. What it is to leave out is not looked at."""
    return "\n".join(dict.fromkeys([spec.prompt, *spec.storyboard]))


def refusal_facts(refusal: Refusal, picture: str | None = None) -> dict[str, Any]:
    """`picture`: where whoever asks sees the one it is about, if it is about one that is kept."""
    return {
        "id": refusal.id,
        "rule": refusal.rule_id,
        "reason": refusal.reason,
        "kind": refusal.kind,
        "text": refusal.text,
        "picture": picture,
        "state": refusal.state,
        "plea": refusal.plea,
        "words": refusal.words,
        "by": "a reviewer" if refusal.decided_at else None,
        "created_at": refusal.created_at,
        "decided_at": refusal.decided_at,
    }


async def list_own(parts: Parts, request: Request) -> Response:
    """What was refused to whoever asks, the newest first."""

    def look(db: Session) -> dict[str, Any]:
        found = refusals.of_tester(db, request.state.principal.tester_id)
        kept = refusals.pictures_of(db, found)
        rows = [
            refusal_facts(
                row, f"/pictures/{row.picture_id}.jpg" if row.picture_id in kept else None
            )
            for row in found
        ]
        return {"now": now_ms(), "refusals": rows}

    return await read_json(parts, look)


async def appeal(parts: Parts, request: Request, refusal_id: str) -> Response:
    """Ask a person. Raises what `refusals.appeal` raises."""
    plea = read_text(await read_form(request), "plea")
    me = request.state.principal.tester_id

    def act(db: Session) -> dict[str, Any]:
        return refusal_facts(refusals.appeal(db, refusal_id, me, plea, now_ms()))

    return await write_json(parts, act)


async def list_appealed(parts: Parts, request: Request) -> Response:
    """What reviewers have to look at, and how often each rule was met within a month.

    `own`: whether it is the asker's, who cannot decide it.
    """
    me = request.state.principal.tester_id

    def look(db: Session) -> dict[str, Any]:
        now, found = now_ms(), refusals.appealed(db)
        kept = refusals.pictures_of(db, found)
        rows = [
            {
                **refusal_facts(
                    row, f"/backstage/refusals/{row.id}.jpg" if row.picture_id in kept else None
                ),
                "who": name_of(db, row.tester_id),
                "own": row.tester_id == me,
            }
            for row in found
        ]
        return {"now": now, "refusals": rows, "counts": refusals.counts(db, now - MONTH_MS)}

    return await read_json(parts, look)


async def send_appealed(parts: Parts, _request: Request, refusal_id: str) -> Response:
    """The picture of an appeal. Raises NotFound for every other: to appeal is to show it."""

    def find() -> str:
        with parts.database.read() as db:
            return refusals.require_appealed_picture(db, refusal_id)

    return await send_file(parts, await run_in_threadpool(find), "image/jpeg")


async def decide(parts: Parts, request: Request, refusal_id: str) -> Response:
    """Uphold a refusal or let it pass. Raises what `refusals.decide` raises."""
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
    ("/backstage/refusals/{refusal_id}.jpg", send_appealed, "GET"),
    ("/backstage/refusals/{refusal_id}/decide", decide, "POST"),
)
