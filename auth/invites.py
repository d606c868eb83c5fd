"""Invites: a place in the programme for whoever holds the link, once, within a day."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import audit, names, terms, testers, tokens
from auth.joining import Invite
from auth.keys import Keys
from auth.records import Tester
from auth.rows import changed
from auth.terms import Terms
from errors import BadRequest, Conflict, InviteInvalid, NotFound, TokenInvalid

LONGEST_MS = tokens.DAY_MS


@dataclass(frozen=True)
class MintedInvite:
    """A new invite. `text` is the only copy there will ever be."""

    id: str
    name: str | None
    email: str | None
    text: str = field(repr=False)
    expires_at: int


def make(
    db: Session,
    keys: Keys,
    *,
    by: str,
    name: str | None = None,
    email: str | None = None,
    cohort_id: str | None = None,
    lifetime_ms: int = LONGEST_MS,
    now_ms: int,
) -> MintedInvite:
    """Make an invite, for anybody or for this name and address. Does not commit.

    by      the audit log's actor
    Raises BadRequest for a lifetime that is not positive or longer than a day, BadSpec for a name
    or an address that cannot stand in a list, Conflict for one that is here or invited already.
    """
    if not 0 < lifetime_ms <= LONGEST_MS:
        raise BadRequest("An invite is good for at most 24 hours.")
    name = names.plain_name(name) if name else None
    email = names.plain_email(email) if email else None
    if reason := taken(db, name, email, now_ms):
        raise Conflict(reason)
    public_id, secret, text = tokens.new_text(tokens.INVITE)
    expires_at = now_ms + lifetime_ms
    db.add(
        Invite(
            id=public_id,
            secret_hash=keys.hash_new(secret),
            pepper_version=keys.current,
            name=name,
            email=email,
            cohort_id=cohort_id,
            created_at=now_ms,
            expires_at=expires_at,
        )
    )
    db.flush()
    audit.record(db, actor=by, action="invite.make", subject=f"invite:{public_id}", now_ms=now_ms)
    return MintedInvite(public_id, name, email, text, expires_at)


def taken(db: Session, name: str | None, email: str | None, now_ms: int) -> str | None:
    """Why nobody can be invited by this name and address, if so."""
    if name and (twin := testers.looks_like(db, name)):
        return f"{twin} is in the programme already."
    if email and db.scalar(select(Tester.id).where(Tester.email == email)):
        return f"{email} is in the programme already."
    waiting = select(Invite.name, Invite.email).where(
        Invite.used_at.is_(None), Invite.revoked_at.is_(None), Invite.expires_at > now_ms
    )
    for their_name, their_email in db.execute(waiting):
        if email and email == their_email:
            return f"{email} is invited already."
        if name and their_name and names.look(name) == names.look(their_name):
            return f"{their_name} is invited already."
    return None


def find(db: Session, keys: Keys, text: str, now_ms: int) -> Invite:
    """The invite whose text this is, if it can be redeemed.

    Unknown, forged, used, revoked and expired raise the same InviteInvalid for the same work.
    """
    try:
        given = tokens.parse(text)
    except TokenInvalid:
        raise InviteInvalid from None
    invite = db.get(Invite, given.id, populate_existing=True)
    same = tokens.has_secret(keys, invite, given.secret)
    if invite is None or not same or given.kind != tokens.INVITE or why_dead(invite, now_ms):
        raise InviteInvalid
    return invite


def why_dead(invite: Invite, now_ms: int) -> str | None:
    """Why an invite opens nothing more: `used`, `revoked` or `expired`, the first that holds."""
    if invite.used_at is not None:
        return "used"
    if invite.revoked_at is not None:
        return "revoked"
    return "expired" if now_ms >= invite.expires_at else None


def redeem(
    db: Session,
    keys: Keys,
    text: str,
    *,
    name: str | None,
    in_force: Terms,
    seen_sha256: str,
    now_ms: int,
) -> Tester:
    """Make a tester of whoever holds this invite and accepts the terms. Does not commit.

    All or nothing in the caller's transaction: a name that is taken leaves the invite good. Of
    parallel callers one wins, the others get InviteInvalid. `name` counts where the invite has
    none. Raises InviteInvalid, BadSpec for the name, Conflict for a taken one and for terms that
    have changed since they were shown.
    """
    invite = find(db, keys, text, now_ms)
    unused = update(Invite).where(
        Invite.id == invite.id, Invite.used_at.is_(None), Invite.revoked_at.is_(None)
    )
    if not changed(db, unused.values(used_at=now_ms)):
        raise InviteInvalid
    tester = testers.add(
        db,
        invite.name or name or "",
        email=invite.email,
        cohort_id=invite.cohort_id,
        now_ms=now_ms,
    )
    changed(db, update(Invite).where(Invite.id == invite.id).values(tester_id=tester.id))
    terms.accept(db, in_force, tester.id, seen_sha256, now_ms)
    audit.record(
        db,
        actor=f"tester:{tester.id}",
        action="invite.redeem",
        subject=f"invite:{invite.id}",
        details={"terms": in_force.version, "terms_sha256": in_force.sha256},
        now_ms=now_ms,
    )
    return tester


def revoke(db: Session, invite_id: str, *, by: str, now_ms: int) -> None:
    """End an invite that nobody redeemed. Does not commit. Raises NotFound, Conflict."""
    open_one = update(Invite).where(
        Invite.id == invite_id, Invite.used_at.is_(None), Invite.revoked_at.is_(None)
    )
    if not changed(db, open_one.values(revoked_at=now_ms)):
        if db.get(Invite, invite_id) is None:
            raise NotFound
        raise Conflict("This invite was redeemed or revoked already.")
    audit.record(db, actor=by, action="invite.revoke", subject=f"invite:{invite_id}", now_ms=now_ms)


def end_held(db: Session, keys: Keys, text: str, now_ms: int) -> None:
    """End the invite whose text this is, if it is one that is open. Does not commit."""
    try:
        invite = find(db, keys, text, now_ms)
    except InviteInvalid:
        return
    revoke(db, invite.id, by="holder", now_ms=now_ms)


def list(db: Session) -> Sequence[Invite]:
    """Every invite, newest first."""
    return db.scalars(select(Invite).order_by(Invite.created_at.desc(), Invite.id)).all()
