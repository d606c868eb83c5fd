"""Devices: the keys a tester signs with, one a browser or a script, each of one tester for ever.

A token lets one device in. From then on it opens nothing for another, so that it is worth nothing
to whoever finds it later; a further device is let in by a link, made on the first or by an admin.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from auth import audit, tokens
from auth.binding import Device
from auth.proofs import Proof
from auth.records import SignIn, Token
from auth.rows import changed, insert_new
from auth.subjects import lock_to_change
from errors import NotFound, TokenInvalid, WrongDevice

LABEL_MAX_CHARS = 60
LAST_USED_EVERY_MS = 60_000
# An API token bound to no key at its issue belongs to the first that signs with it by then.
CLAIM_WITHIN_MS = 24 * 3_600_000


@dataclass(frozen=True)
class Signal:
    """What only a copied credential or a shared key does; the audit log keeps it."""

    action: str
    tester_id: str
    subject: str


def let_in(db: Session, token: Token, jkt: str, label: str, now_ms: int) -> Device:
    """The device with this key, enrolled by a token or a link, or at home here already.

    Raises WrongDevice where the token let another device in before, or where the key is
    somebody else's. Does not commit.
    """
    if token.kind == tokens.LINK or claim(db, token, jkt):
        return enrol(db, token, jkt, label, now_ms)
    device = find(db, jkt)
    if device is None or device.tester_id != token.tester_id or device.revoked_at is not None:
        raise WrongDevice(
            "This token is at home on another device. Make a sign-in link there, on its page "
            "Devices, or ask whoever invited you for one.",
            signal=Signal("token.wrong_device", token.tester_id, f"token:{token.id}"),
        )
    note_use(db, jkt, now_ms)
    return device


def claim(db: Session, token: Token, jkt: str) -> bool:
    """Bind a token that is bound to no key. Whether it was: of parallel keys one wins."""
    free = update(Token).where(Token.id == token.id, Token.jkt.is_(None))
    return bool(changed(db, free.values(jkt=jkt)))


def enrol(db: Session, token: Token, jkt: str, label: str, now_ms: int) -> Device:
    """Add the key to the token's tester. One that they removed before is theirs again.

    The audit log keeps that it came in, and by which token. Raises WrongDevice for the key of
    another tester: two people do not share one.
    """
    new = insert_new(
        db,
        Device,
        id=uuid.uuid4().hex,
        tester_id=token.tester_id,
        jkt=jkt,
        label=one_line(label) or "A device",
        enrolled_at=now_ms,
        last_used_at=now_ms,
    )
    own = update(Device).where(Device.jkt == jkt, Device.tester_id == token.tester_id)
    again = changed(db, own.where(Device.revoked_at.is_not(None)).values(revoked_at=None))
    if not changed(db, own.values(last_used_at=now_ms)):
        raise WrongDevice(
            "This device belongs to another tester. Use another browser or another profile of "
            "this one; a script needs a key of its own.",
            signal=Signal("device.shared", token.tester_id, f"token:{token.id}"),
        )
    device = db.scalars(select(Device).where(Device.jkt == jkt)).one()
    if new or again:
        audit.record(
            db,
            actor=f"tester:{token.tester_id}",
            action="device.enrol",
            subject=f"device:{device.id}",
            details={"by": f"token:{token.id}"},
            now_ms=now_ms,
        )
    return device


def check_browser(db: Session, sign_in: SignIn, proof: Proof | None) -> Device:
    """The device of a sign-in. Raises WrongDevice where another key signed the request."""
    device = db.get_one(Device, sign_in.device_id)
    if proof is not None and proof.jkt != device.jkt:
        raise WrongDevice(
            "Your sign-in belongs to another device. Sign in again on this one.",
            signal=Signal("sign_in.wrong_device", sign_in.tester_id, f"device:{device.id}"),
        )
    return device


def check_script(db: Session, token: Token, proof: Proof | None, now_ms: int) -> None:
    """Nothing, where the token that a script shows fits the key that signed the request.

    Raises TokenInvalid for a token that signs people in, and for one that nobody claimed in time;
    WrongDevice for another key, and for none where none is granted.
    """
    if token.kind in (tokens.ACCESS, tokens.LINK):
        raise TokenInvalid
    if proof is None and token.bearer_granted:
        return
    if proof is not None and token.jkt is None and not token.bearer_granted:
        if now_ms >= token.created_at + CLAIM_WITHIN_MS:
            raise TokenInvalid
        return
    if proof is None or proof.jkt != token.jkt or not may_act(db, proof.jkt):
        action = "token.no_proof" if proof is None else "token.wrong_device"
        raise WrongDevice(
            "This token works with its own key only.",
            signal=Signal(action, token.tester_id, f"token:{token.id}"),
        )


def may_act(db: Session, jkt: str) -> bool:
    device = find(db, jkt)
    return device is not None and device.revoked_at is None


def find(db: Session, jkt: str) -> Device | None:
    statement = select(Device).where(Device.jkt == jkt)
    return db.scalar(statement.execution_options(populate_existing=True))


def list(db: Session, tester_id: str) -> Sequence[Device]:
    """The tester's devices that may act, the one used last first."""
    own = select(Device).where(Device.tester_id == tester_id, Device.revoked_at.is_(None))
    return db.scalars(own.order_by(Device.last_used_at.desc(), Device.id)).all()


def remove(db: Session, tester_id: str, device_id: str, now_ms: int) -> Sequence[str]:
    """End a device of the tester, with its sign-ins and whatever tokens it signs for.

    The ids of the sign-ins. Waits for admissions under way, as a revocation does. Raises
    NotFound, for somebody else's device too. Does not commit.
    """
    lock_to_change(db, f"tester:{tester_id}")
    own = update(Device).where(
        Device.id == device_id, Device.tester_id == tester_id, Device.revoked_at.is_(None)
    )
    if not changed(db, own.values(revoked_at=now_ms)):
        raise NotFound
    open_here = (SignIn.device_id == device_id, SignIn.ended_at.is_(None))
    ended = db.scalars(select(SignIn.id).where(*open_here)).all()
    changed(db, update(SignIn).where(*open_here).values(ended_at=now_ms))
    return ended


def note_use(db: Session, jkt: str, now_ms: int) -> None:
    """Remember the minute a device was last used. At most one write a minute."""
    long_ago = or_(
        Device.last_used_at.is_(None), Device.last_used_at <= now_ms - LAST_USED_EVERY_MS
    )
    changed(db, update(Device).where(Device.jkt == jkt, long_ago).values(last_used_at=now_ms))


def one_line(label: str) -> str:
    """What a browser calls itself, as a list can show it."""
    printable = "".join(char if char.isprintable() else " " for char in label)
    return " ".join(printable.split())[:LABEL_MAX_CHARS]
