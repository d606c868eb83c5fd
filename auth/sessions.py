"""A tester's sessions as they see them: the browsers that are signed in, ended one by one or all.

To end one is to revoke it: whoever does waits for admissions under way, after that its cookie is
dead everywhere, and no clip begins with it. Clips that it began go on; they are their tester's.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import audit, sign_ins
from auth.binding import Device
from auth.records import SignIn, Token
from auth.rows import changed
from auth.subjects import lock_to_change
from errors import NotFound


@dataclass(frozen=True)
class Open:
    """A sign-in that stands, and the device it is bound to.

    name  what people call it, 32 hex digits: its id is made from the cookie, and is told nobody
    """

    name: str
    sign_in: SignIn
    device: Device


def list(db: Session, tester_id: str, now_ms: int) -> Sequence[Open]:
    """Those of a tester that stand now, the newest first."""
    mine = (
        select(SignIn, Token, Device)
        .join(Token, Token.id == SignIn.token_id)
        .join(Device, Device.id == SignIn.device_id)
        .where(SignIn.tester_id == tester_id, SignIn.ended_at.is_(None))
        .order_by(SignIn.created_at.desc(), SignIn.id)
        .execution_options(populate_existing=True)
    )
    return [
        Open(name_of(sign_in.id), sign_in, device)
        for sign_in, token, device in db.execute(mine)
        if sign_ins.stands(sign_in, token, now_ms)
    ]


def name_of(sign_in_id: str) -> str:
    return hashlib.sha256(f"greenroom session {sign_in_id}".encode()).hexdigest()[:32]


def end_one(db: Session, tester_id: str, name: str, *, by: str, now_ms: int) -> Sequence[str]:
    """End one of the tester's sessions; the id of its sign-in, alone in a list. Does not commit.

    by  the audit log's actor
    Raises NotFound for one that stands no more, and for somebody else's.
    """
    ended = end(db, tester_id, lambda one: one.name == name, by=by, now_ms=now_ms)
    if not ended:
        raise NotFound
    return ended


def end_others(
    db: Session, tester_id: str, but: str | None, *, by: str, now_ms: int
) -> Sequence[str]:
    """End all of them but the sign-in `but`; the ids of those that ended. Does not commit."""
    return end(db, tester_id, lambda one: one.sign_in.id != but, by=by, now_ms=now_ms)


def end(
    db: Session, tester_id: str, which: Callable[[Open], bool], *, by: str, now_ms: int
) -> Sequence[str]:
    lock_to_change(db, f"tester:{tester_id}")
    ended = []
    for one in filter(which, list(db, tester_id, now_ms)):
        standing = update(SignIn).where(SignIn.id == one.sign_in.id, SignIn.ended_at.is_(None))
        if changed(db, standing.values(ended_at=now_ms)):
            ended.append(one.sign_in.id)
            audit.record(
                db,
                actor=by,
                action="sign_in.end",
                subject=f"token:{one.sign_in.token_id}",
                details={"device": one.device.id},
                now_ms=now_ms,
            )
    return ended
