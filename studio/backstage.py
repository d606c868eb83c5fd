"""For admins: who is in the programme, which tokens are out, what is being drawn."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth import audit, passkeys, reviewers, revocation, step_up, testers, tokens
from auth.budget import release
from auth.records import Tester, Token
from errors import BadSpec, NotFound
from jobs.live import LiveEvent
from jobs.records import LIVE, Job
from studio import invitations, revoking
from studio.clock import now_ms
from studio.markup import send_page
from studio.notices import stops_facts
from studio.parts import Parts
from studio.requests import actor_of, read_form, read_text
from studio.transactions import write_json

DAY_MS = 86_400_000
ENDED_SHOWN = 8


async def show_backstage(_parts: Parts, _request: Request) -> Response:
    return await send_page("backstage")


async def show_room(parts: Parts, _request: Request) -> Response:
    """Everything the page shows. Of a job: whose, and how far; never the prompt."""
    return JSONResponse(await run_in_threadpool(read_room, parts, now_ms()))


def read_room(parts: Parts, now: int) -> dict[str, Any]:
    with parts.database.read() as db:
        everybody = testers.list(db)
        names = {tester.id: tester.name for tester in everybody}
        passkeys_of = step_up.count_all_passkeys(db)
        return {
            "now": now,
            "stops": stops_facts(db),
            "step_up": parts.gate.step_up.needed,
            "touch_clips": parts.gate.step_up.clips,
            "touch_hours": parts.gate.step_up.lasting_ms // step_up.HOUR_MS,
            "testers": [
                tester_facts(tester, passkeys_of.get(tester.id, 0)) for tester in everybody
            ],
            "tokens": [token_facts(token, now) for token, _ in tokens.list(db)],
            "jobs": [job_facts(job, names) for job in newest_jobs(db)],
            **invitations.room_facts(db, now),
        }


def newest_jobs(db: Session) -> Sequence[Job]:
    """Live ones first, then the newest that ended."""
    live = db.scalars(select(Job).where(Job.state.in_(LIVE)).order_by(Job.id.desc())).all()
    ended = select(Job).where(Job.state.not_in(LIVE)).order_by(Job.id.desc()).limit(ENDED_SHOWN)
    return [*live, *db.scalars(ended)]


def tester_facts(tester: Tester, passkeys: int) -> dict[str, Any]:
    return {
        "id": tester.id,
        "name": tester.name,
        "role": tester.role,
        "cohort_id": tester.cohort_id,
        "step_up": tester.step_up,
        "touch_clips": tester.touch_clips,
        "touch_hours": tester.touch_hours,
        "reviewer": tester.reviewer_since is not None,
        "passkeys": passkeys,
        "created_at": tester.created_at,
    }


def token_facts(token: Token, now: int) -> dict[str, Any]:
    return {
        "id": token.id,
        "tester_id": token.tester_id,
        "kind": token.kind,
        "scopes": token.scopes.split(),
        "status": tokens.why_dead(token, now) or "live",
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "revoke_reason": token.revoke_reason,
    }


def job_facts(job: Job, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": job.id,
        "who": names.get(job.owner_id, "unknown"),
        "state": job.state,
        "stop_reason": job.stop_reason,
        "step": job.step,
        "steps": job.steps,
        "created_at": job.created_at,
        "ended_at": job.ended_at,
    }


async def add_tester(parts: Parts, request: Request) -> Response:
    """Raises BadSpec for the name or the role, Conflict where the name is taken."""
    form = await read_form(request)
    name, role = read_text(form, "name"), form.get("role", testers.TESTER)
    if role not in (testers.TESTER, testers.ADMIN):
        raise BadSpec("The role is tester or admin.", field="role")

    def add() -> dict[str, Any]:
        with parts.database.begin() as db:
            tester = testers.add(db, name, role=role, now_ms=now_ms())
            tell(db, request, "tester.add", f"tester:{tester.id}", {"role": role})
            return tester_facts(tester, 0)

    return JSONResponse(await run_in_threadpool(add), 201)


async def set_step_up(parts: Parts, request: Request, tester_id: str) -> Response:
    """Whether this tester must touch a passkey (`needed`), and what that opens (`clips`, `hours`).

    What is left out stays; null: as their cohort. Raises BadSpec, NotFound.
    """
    form = await read_form(request)
    changes = {name: form[name] for name in step_up.COLUMNS if name in form}
    if not changes:
        raise BadSpec("Say what to change: needed, clips or hours.", field="needed")

    def change() -> dict[str, Any]:
        with parts.database.begin() as db:
            tester = find_tester(db, tester_id)
            step_up.set_rule(db, tester, changes, by=actor_of(request), now_ms=now_ms())
            return tester_facts(tester, step_up.count_passkeys(db, tester_id))

    return JSONResponse(await run_in_threadpool(change))


async def set_reviewer(parts: Parts, request: Request, tester_id: str) -> Response:
    """Whether this tester decides on others' clips: `reviewer`. Raises BadSpec, NotFound."""
    granted = (await read_form(request)).get("reviewer")
    if not isinstance(granted, bool):
        raise BadSpec("reviewer is true or false.", field="reviewer")

    def change(db: Session) -> dict[str, Any]:
        tester = find_tester(db, tester_id)
        reviewers.set_reviewer(db, tester, granted, by=actor_of(request), now_ms=now_ms())
        return tester_facts(tester, step_up.count_passkeys(db, tester_id))

    return await write_json(parts, change)


async def reset_passkeys(parts: Parts, request: Request, tester_id: str) -> Response:
    """Remove every passkey of a tester who lost them. Raises NotFound."""

    def reset() -> int:
        with parts.database.begin() as db:
            find_tester(db, tester_id)
            return passkeys.reset(db, tester_id, by=actor_of(request), now_ms=now_ms())

    return JSONResponse({"removed": await run_in_threadpool(reset)})


def find_tester(db: Session, tester_id: str) -> Tester:
    """Raises NotFound."""
    tester = db.get(Tester, tester_id)
    if tester is None:
        raise NotFound
    return tester


async def issue_token(parts: Parts, request: Request, tester_id: str) -> Response:
    """A new access token; its text is in this answer and nowhere else. Raises NotFound, BadSpec."""
    days = (await read_form(request)).get("days", 30)
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 3650:
        raise BadSpec("The days must be a whole number from 1 to 3,650.", field="days")

    def issue() -> dict[str, Any]:
        with parts.database.begin() as db:
            find_tester(db, tester_id)
            minted = tokens.mint(
                db, parts.gate.keys, tester_id, lifetime_ms=days * DAY_MS, now_ms=now_ms()
            )
            told = {"tester": tester_id, "kind": minted.kind, "expires_at": minted.expires_at}
            tell(db, request, "token.issue", f"token:{minted.id}", told)
        return {"id": minted.id, "token": minted.text, "expires_at": minted.expires_at}

    return JSONResponse(await run_in_threadpool(issue), 201)


async def revoke_token(parts: Parts, request: Request, token_id: str) -> Response:
    """Revoke a token, stop what it admitted, and end every stream it opened, at once.

    The reason is shown to the tester. Raises BadSpec without one, NotFound.
    """
    reason = read_text(await read_form(request), "reason").strip()
    if not 0 < len(reason) <= revocation.REASON_MAX_CHARS:
        raise BadSpec(
            f"Give a reason of 1 to {revocation.REASON_MAX_CHARS} characters; the tester reads it.",
            field="reason",
        )

    await revoking.revoke(parts, lambda _db: token_id, reason, actor_of(request))
    return JSONResponse({"id": token_id, "status": "revoked"})


async def cancel_job(parts: Parts, request: Request, job_id: str) -> Response:
    """Stop anybody's job. Raises NotFound."""

    def cancel() -> LiveEvent:
        with parts.database.begin() as db:
            job = db.get(Job, job_id)
            if job is None:
                raise NotFound
            parts.queue.stop(db, job_id, "by_admin", now_ms(), release)
            tell(db, request, "job.cancel", f"job:{job_id}", {"owner": job.owner_id})
            db.refresh(job)
            return LiveEvent.of(job)

    parts.hub.publish(await run_in_threadpool(cancel))
    return JSONResponse({"id": job_id}, 202)


def tell(db: Session, request: Request, action: str, subject: str, told: dict[str, Any]) -> None:
    """Write into the audit log what the admin of this request does."""
    audit.record(
        db,
        actor=actor_of(request),
        action=action,
        subject=subject,
        details=told,
        now_ms=now_ms(),
    )
