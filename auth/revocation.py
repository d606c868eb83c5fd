"""Revocation: after it has committed, the token admits nothing and its sign-ins are dead."""

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth import subjects
from auth.meters import meters_of
from auth.records import Reservation, SignIn, Subject, Token
from auth.rows import changed, insert_new
from errors import NotFound

REASON_MAX_CHARS = 400


@dataclass(frozen=True)
class Revoked:
    """What a revocation stopped. `clips`: those under way, which the worker stops at a step."""

    first: bool
    sign_ins: int
    clips: int


def revoke(db: Session, token_id: str, reason: str, now_ms: int) -> Revoked:
    """Revoke a token and end its sign-ins; a second time changes nothing. Does not commit.

    Waits for admissions under way with this token, so that whoever stops its jobs next in the
    same transaction sees every one. Raises NotFound.
    """
    key = f"token:{token_id}"
    subjects.lock_to_change(db, key)
    first = changed(
        db,
        update(Token)
        .where(Token.id == token_id, Token.revoked_at.is_(None))
        .values(revoked_at=now_ms, revoke_reason=one_line(reason)),
    )
    if not first and db.get(Token, token_id) is None:
        raise NotFound
    if first:
        insert_new(db, Subject, key=key, epoch=0)
        changed(db, update(Subject).where(Subject.key == key).values(epoch=Subject.epoch + 1))
        meters_of(db).announce(db, key)
    sign_ins = changed(
        db,
        update(SignIn)
        .where(SignIn.token_id == token_id, SignIn.ended_at.is_(None), SignIn.expires_at > now_ms)
        .values(ended_at=now_ms),
    )
    clips = db.scalar(
        select(func.count()).where(Reservation.token_id == token_id, Reservation.state == "held")
    )
    return Revoked(bool(first), sign_ins, clips or 0)


def one_line(reason: str) -> str:
    """The reason as a list can show it: no control characters, no line breaks."""
    printable = "".join(char if char.isprintable() else " " for char in reason)
    return " ".join(printable.split())[:REASON_MAX_CHARS]
