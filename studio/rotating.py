"""A script changes its own token for a new one, with the key it signs with."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth import audit, rotation, subjects, tokens
from auth.gate import Principal
from auth.limits import Limits
from auth.records import Subject, Token
from errors import NotGranted
from studio.clock import now_ms
from studio.parts import Parts


async def rotate_own(parts: Parts, request: Request) -> Response:
    """201 and the new token, shown this once; the old one goes on for a day at most.

    It has the same key and scopes, and ends when the old one would have: so nothing lasts longer
    than an admin said. Raises NotGranted, Conflict for a token that was replaced already.
    """
    made = await run_in_threadpool(rotate, parts, request.state.principal, now_ms())
    return JSONResponse(made, 201)


def rotate(parts: Parts, principal: Principal, now: int) -> dict[str, Any]:
    if principal.kind != tokens.API or principal.bearer:
        raise NotGranted(
            "Only a script's token that signs with a key of its own changes itself. Ask an admin."
        )
    key = f"token:{principal.token_id}"
    with parts.database.begin() as db:
        subjects.lock_to_act(db, [key])
        row = db.get(Subject, key)
        if row is not None and (row.stopped_at is not None or Limits.own(row) != Limits()):
            raise NotGranted("An admin stopped or limited this very token. Ask them for a new one.")
        old = db.get_one(Token, principal.token_id)
        left_ms = (old.expires_at or now + rotation.OVERLAP_MS) - now
        new = rotation.rotate(db, parts.gate.keys, old.id, lifetime_ms=left_ms, now_ms=now)
        audit.record(
            db,
            actor=f"tester:{principal.tester_id}",
            action="token.rotate",
            subject=f"token:{new.id}",
            details={"kind": new.kind, "replaces": old.id},
            now_ms=now,
        )
        db.refresh(old)
        return {
            "id": new.id,
            "token": new.text,
            "expires_at": new.expires_at,
            "replaces": old.id,
            "old_expires_at": old.expires_at,
        }
