"""For admins: invites, the waitlist, and cohorts."""

from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from auth import cohorts, invites, waitlist
from auth.invites import MintedInvite
from auth.joining import Invite, WaitlistEntry
from auth.records import Cohort
from errors import NotFound
from studio.clock import now_ms
from studio.parts import Parts
from studio.requests import actor_of, read_form, read_text
from studio.transactions import write_json

INVITES_SHOWN = 100


def room_facts(db: Session, now: int) -> dict[str, Any]:
    """What backstage shows of those who are coming. No secret is among it."""
    groups = cohorts.list(db)
    names = {group.cohort.id: group.cohort.name for group in groups}
    return {
        "invites": [
            invite_facts(invite, names, now) for invite in invites.list(db)[:INVITES_SHOWN]
        ],
        "waitlist": [entry_facts(entry, state) for entry, state in waitlist.list(db, now)],
        "cohorts": [cohort_facts(group.cohort, group.testers, group.stopped) for group in groups],
    }


def invite_facts(invite: Invite, cohort_names: dict[str, str], now: int) -> dict[str, Any]:
    return {
        "id": invite.id,
        "name": invite.name,
        "email": invite.email,
        "cohort": cohort_names.get(invite.cohort_id or ""),
        "status": invites.why_dead(invite, now) or "open",
        "created_at": invite.created_at,
        "expires_at": invite.expires_at,
    }


def entry_facts(entry: WaitlistEntry, state: str) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "email": entry.email,
        "about": entry.about,
        "status": state,
        "created_at": entry.created_at,
    }


def cohort_facts(cohort: Cohort, testers: int = 0, stopped: bool = False) -> dict[str, Any]:
    return {
        "id": cohort.id,
        "name": cohort.name,
        "testers": testers,
        "stopped": stopped,
        "created_at": cohort.created_at,
    }


def invite_link(parts: Parts, made: MintedInvite) -> dict[str, Any]:
    """The one sight of an invite's secret. Browsers send nothing that stands behind the #."""
    return {
        "id": made.id,
        "name": made.name,
        "link": f"{parts.settings.public_url}/invite#invite={made.text}",
        "expires_at": made.expires_at,
    }


async def make_invite(parts: Parts, request: Request) -> Response:
    """Invite somebody; `name`, `email` and `cohort` may be left out. Raises BadSpec, Conflict."""
    form = await read_form(request)
    name, email, cohort_name = (
        read_text(form, field).strip() if form.get(field) else None
        for field in ("name", "email", "cohort")
    )

    def make(db: Session) -> dict[str, Any]:
        cohort = cohorts.find(db, cohort_name) if cohort_name else None
        made = invites.make(
            db,
            parts.gate.keys,
            by=actor_of(request),
            name=name,
            email=email,
            cohort_id=cohort.id if cohort else None,
            lifetime_ms=parts.settings.invite_ms,
            now_ms=now_ms(),
        )
        return invite_link(parts, made)

    return await write_json(parts, make, 201)


async def revoke_invite(parts: Parts, request: Request, invite_id: str) -> Response:
    """Raises NotFound, Conflict for one that was redeemed."""

    def revoke(db: Session) -> dict[str, Any]:
        invites.revoke(db, invite_id, by=actor_of(request), now_ms=now_ms())
        return {"id": invite_id, "status": "revoked"}

    return await write_json(parts, revoke)


async def invite_waiting(parts: Parts, request: Request, entry_id: str) -> Response:
    """Invite somebody from the waitlist. Raises NotFound, Conflict."""

    def invite(db: Session) -> dict[str, Any]:
        made = waitlist.invite(
            db,
            parts.gate.keys,
            entry_id,
            by=actor_of(request),
            lifetime_ms=parts.settings.invite_ms,
            now_ms=now_ms(),
        )
        return invite_link(parts, made)

    return await write_json(parts, invite, 201)


async def remove_waiting(parts: Parts, request: Request, entry_id: str) -> Response:
    """Raises NotFound."""

    def remove(db: Session) -> dict[str, Any]:
        waitlist.remove(db, entry_id, by=actor_of(request), now_ms=now_ms())
        return {"id": entry_id}

    return await write_json(parts, remove)


async def add_cohort(parts: Parts, request: Request) -> Response:
    """Raises BadSpec, Conflict."""
    name = read_text(await read_form(request), "name")

    def add(db: Session) -> dict[str, Any]:
        return cohort_facts(cohorts.add(db, name, by=actor_of(request), now_ms=now_ms()))

    return await write_json(parts, add, 201)


async def move_tester(parts: Parts, request: Request, tester_id: str) -> Response:
    """Put a tester into the cohort of this `id`, or with null into none. Raises NotFound."""
    form = await read_form(request)
    cohort_id = read_text(form, "cohort_id") if form.get("cohort_id") is not None else None

    def move(db: Session) -> dict[str, Any]:
        cohort = db.get(Cohort, cohort_id) if cohort_id else None
        if cohort_id and cohort is None:
            raise NotFound
        cohorts.move(db, tester_id, cohort, by=actor_of(request), now_ms=now_ms())
        return {"id": tester_id, "cohort_id": cohort_id}

    return await write_json(parts, move)
