"""A tester's own sessions: where they are signed in, and an end to it elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth import sessions
from auth.gate import Principal
from errors import NotGranted
from studio.clock import now_ms
from studio.parts import Parts
from studio.requests import actor_of
from studio.transactions import read_json


async def list_sessions(parts: Parts, request: Request) -> Response:
    """The asker's, the newest first, `here` at the one that asks."""
    principal = request.state.principal

    def look(db: Session) -> dict[str, Any]:
        now = now_ms()
        return {
            "now": now,
            "sessions": [
                {
                    "id": one.name,
                    "label": one.device.label,
                    "here": one.sign_in.id == principal.sign_in_id,
                    "signed_in_at": one.sign_in.created_at,
                    "last_used_at": one.device.last_used_at,
                    "ends_at": one.sign_in.expires_at,
                }
                for one in sessions.list(db, principal.tester_id, now)
            ],
        }

    return await read_json(parts, look)


async def end_session(parts: Parts, request: Request, name: str) -> Response:
    """End one, and its streams. Raises NotFound, for others' too, NotGranted for a script."""
    by = actor_of(request)

    def act(db: Session, principal: Principal) -> Sequence[str]:
        return sessions.end_one(db, principal.tester_id, name, by=by, now_ms=now_ms())

    return await end(parts, request, act)


async def end_others(parts: Parts, request: Request) -> Response:
    """End all but the one that asks, and their streams. Raises NotGranted for a script."""
    by = actor_of(request)

    def act(db: Session, principal: Principal) -> Sequence[str]:
        but = principal.sign_in_id
        return sessions.end_others(db, principal.tester_id, but, by=by, now_ms=now_ms())

    return await end(parts, request, act)


async def end(
    parts: Parts, request: Request, act: Callable[[Session, Principal], Sequence[str]]
) -> Response:
    """200 and how many ended."""
    principal = request.state.principal
    if principal.sign_in_id is None:
        raise NotGranted(
            "A script ends no sessions. Do it in the studio, on the page Your devices."
        )

    def run() -> Sequence[str]:
        with parts.database.begin() as db:
            return act(db, principal)

    ended = await run_in_threadpool(run)
    for sign_in_id in ended:
        parts.leases.end_sign_in(sign_in_id)
    return JSONResponse({"ended": len(ended)})
