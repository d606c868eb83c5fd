"""The waitlist: who would like a place, and how they get one."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from auth import audit, invites, names
from auth.invites import MintedInvite
from auth.joining import Invite, WaitlistEntry
from auth.keys import Keys
from auth.records import Tester
from auth.rows import changed, insert_new
from errors import BadSpec, Conflict, NotFound

ABOUT_MAX_CHARS = 400
ENTRIES_MAX = 10_000


def join(db: Session, name: str, email: str, about: str, now_ms: int) -> None:
    """Put somebody on the list. Does not commit.

    Whoever is on it, or in the programme, already changes nothing and gets the same answer.
    Raises BadSpec naming the field, Conflict when the list is full.
    """
    name, email, about = names.plain_name(name), names.plain_email(email), plain_about(about)
    if (db.scalar(select(func.count()).select_from(WaitlistEntry)) or 0) >= ENTRIES_MAX:
        raise Conflict("The waitlist is full. Come back another day.")
    if db.scalar(select(Tester.id).where(Tester.email == email)):
        return
    insert_new(
        db,
        WaitlistEntry,
        id=uuid.uuid4().hex,
        name=name,
        email=email,
        about=about,
        created_at=now_ms,
    )


def plain_about(text: str) -> str:
    """One line of text, perhaps empty. Raises BadSpec."""
    about = " ".join(text.split())
    if len(about) > ABOUT_MAX_CHARS or not about.isprintable():
        raise BadSpec(
            f"Say it in at most {ABOUT_MAX_CHARS} characters that can be printed.", field="about"
        )
    return about


def invite(
    db: Session,
    keys: Keys,
    entry_id: str,
    *,
    by: str,
    cohort_id: str | None = None,
    lifetime_ms: int = invites.LONGEST_MS,
    now_ms: int,
) -> MintedInvite:
    """Invite somebody from the list, again where their invite ran out. Does not commit.

    One guarded UPDATE: of parallel callers one wins. Raises NotFound, Conflict for somebody who
    is invited or here already.
    """
    entry = db.get(WaitlistEntry, entry_id, populate_existing=True)
    if entry is None:
        raise NotFound
    before = entry.invite_id
    made = invites.make(
        db,
        keys,
        by=by,
        name=entry.name,
        email=entry.email,
        cohort_id=cohort_id,
        lifetime_ms=lifetime_ms,
        now_ms=now_ms,
    )
    unchanged = (
        WaitlistEntry.invite_id.is_(None) if before is None else WaitlistEntry.invite_id == before
    )
    seen = update(WaitlistEntry).where(WaitlistEntry.id == entry_id, unchanged)
    if not changed(db, seen.values(invite_id=made.id, invited_at=now_ms)):
        raise Conflict("Somebody else is inviting them just now. Look at the list again.")
    return made


def remove(db: Session, entry_id: str, *, by: str, now_ms: int) -> None:
    """Forget somebody on the list; an invite they hold stays good. Does not commit.

    Raises NotFound.
    """
    gone = db.execute(delete(WaitlistEntry).where(WaitlistEntry.id == entry_id))
    if not getattr(gone, "rowcount", 0):
        raise NotFound
    audit.record(
        db, actor=by, action="waitlist.remove", subject=f"waitlist:{entry_id}", now_ms=now_ms
    )


def list(db: Session, now_ms: int) -> Sequence[tuple[WaitlistEntry, str]]:
    """Everybody on the list who has not come in, longest waiting first, with their state:
    `waiting`, `invited`, or `lapsed` when their invite ran out or was revoked."""
    rows = db.execute(
        select(WaitlistEntry, Invite)
        .outerjoin(Invite, Invite.id == WaitlistEntry.invite_id)
        .where(or_(Invite.id.is_(None), Invite.used_at.is_(None)))
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
    )
    return [(entry, state_of(found, now_ms)) for entry, found in rows]


def state_of(found: Invite | None, now_ms: int) -> str:
    if found is None:
        return "waiting"
    return "lapsed" if invites.why_dead(found, now_ms) else "invited"
