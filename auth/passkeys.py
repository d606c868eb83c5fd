"""Passkeys: what a tester touches so that it is seen to be a person, and the one who was invited.

The first is added within minutes of signing in, further ones, and removals, after a touch of
one that is there: who sits down at a browser somebody else left open adds none of their own.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from auth import audit, challenges, sign_ins, step_up
from auth.challenges import ENROL, TOUCH
from auth.devices import Signal, one_line
from auth.records import Tester
from auth.relying_party import Answer, RelyingParty, challenge_of
from auth.rows import changed, insert_new
from auth.step_up import StepUp
from auth.touching import Passkey, Touch
from database import Database
from errors import BadSpec, Conflict, NotFound, NotGranted, TouchInvalid

MOST = 10
SHAPE = re.compile(r"[A-Za-z0-9_-]{1,1364}")


def list(db: Session, tester_id: str) -> Sequence[Passkey]:
    """Those of a tester that were not removed, the oldest first."""
    mine = select(Passkey).where(Passkey.tester_id == tester_id, Passkey.removed_at.is_(None))
    return db.scalars(mine.order_by(Passkey.enrolled_at, Passkey.id)).all()


def ask_for_new(
    db: Session, party: RelyingParty, sign_in_id: str, now_ms: int
) -> Mapping[str, Any]:
    """What to hand to `navigator.credentials.create()` in the browser of this sign-in.

    Raises NotGranted for a first passkey in a sign-in that is not fresh, StepUpRequired for a
    further one without a touch just now, Conflict where there are MOST. Does not commit.
    """
    sign_in, _ = sign_ins.get(db, sign_in_id, now_ms=now_ms)
    known = list(db, sign_in.tester_id)
    if known:
        step_up.require_touch_here(db, sign_in.tester_id, sign_in_id, now_ms)
    elif now_ms >= (sign_in.fresh_until or 0):
        raise NotGranted(
            "Your first passkey is added within ten minutes of signing in. Sign out, sign in again "
            "with your token or a link of an admin's, and add it then."
        )
    if len(known) >= MOST:
        raise Conflict(f"You have {MOST} passkeys. Remove one first.")
    tester = db.get_one(Tester, sign_in.tester_id)
    challenge = challenges.issue(db, tester.id, sign_in_id, ENROL, now_ms)
    return party.creation_options(tester.id, tester.name, challenge, ids(known))


def enrol(
    database: Database,
    party: RelyingParty,
    rule: StepUp,
    sign_in_id: str,
    answer: Answer,
    label: str,
    now_ms: int,
) -> tuple[Passkey, Touch]:
    """Keep the credential that an authenticator made, under `label`; making it was a touch, too.

    The challenge was the permission: it is gone from now on, also where the answer is refused.
    Raises TouchInvalid, Conflict for a credential that is known, TokenInvalid where the sign-in
    ended meanwhile.
    """
    challenge = take_challenge(database, sign_in_id, answer, ENROL, now_ms)
    made = party.check_new(answer, challenge)
    passkey_id = uuid.uuid4().hex
    with database.begin() as db:
        tester_id = sign_ins.get(db, sign_in_id, now_ms=now_ms)[0].tester_id
        new = insert_new(
            db,
            Passkey,
            id=passkey_id,
            tester_id=tester_id,
            credential_id=made.id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            label=one_line(label) or "A passkey",
            enrolled_at=now_ms,
        )
        if not new:
            raise Conflict("This passkey was added before. Use it, or make another.")
        opened = rule.give(db, tester_id, passkey_id, sign_in_id, now_ms)
        note(db, tester_id, "passkey.enrol", passkey_id, now_ms)
        return db.get_one(Passkey, passkey_id), opened


def ask_for_touch(
    db: Session, party: RelyingParty, tester_id: str, sign_in_id: str, now_ms: int
) -> Mapping[str, Any]:
    """What to hand to `navigator.credentials.get()` in the browser of this sign-in.

    Raises NotFound for a tester without passkeys. Does not commit.
    """
    known = list(db, tester_id)
    if not known:
        raise NotFound
    challenge = challenges.issue(db, tester_id, sign_in_id, TOUCH, now_ms)
    return party.request_options(challenge, ids(known))


def touch(
    database: Database,
    party: RelyingParty,
    rule: StepUp,
    sign_in_id: str,
    answer: Answer,
    now_ms: int,
) -> Touch:
    """What an authenticator's answer opens. Its challenge is gone from now on, whatever it is.

    The signature counter moves by one guarded UPDATE, after the signature was found right: one
    that has not risen was signed by a copy of the key, and the audit log keeps that.
    Raises TouchInvalid; TokenInvalid where the sign-in ended meanwhile.
    """
    challenge = take_challenge(database, sign_in_id, answer, TOUCH, now_ms)
    with database.read() as db:
        passkey = find(db, sign_in_id, answer, now_ms)
    count = party.check_touch(answer, challenge, passkey.public_key)
    with database.begin() as db:
        find(db, sign_in_id, answer, now_ms)
        no_counter = (Passkey.sign_count == 0) & (count == 0)
        risen = update(Passkey).where(
            Passkey.id == passkey.id, or_(Passkey.sign_count < count, no_counter)
        )
        if not changed(db, risen.values(sign_count=count, last_used_at=now_ms)):
            raise TouchInvalid(
                "This passkey has counted back, as a copy of it would. Use another one, or ask an "
                "admin to reset yours.",
                fault="counter",
                signal=Signal("passkey.copied", passkey.tester_id, f"passkey:{passkey.id}"),
            )
        opened = rule.give(db, passkey.tester_id, passkey.id, sign_in_id, now_ms)
        note(db, passkey.tester_id, "passkey.touch", passkey.id, now_ms)
        return opened


def take_challenge(
    database: Database, sign_in_id: str, answer: Answer, purpose: str, now_ms: int
) -> str:
    """The challenge an answer is to, used up now. Raises TouchInvalid."""
    challenge = challenge_of(answer)
    with database.begin() as db:
        challenges.take(db, challenge, sign_in_id, purpose, now_ms)
    return challenge


def find(db: Session, sign_in_id: str, answer: Answer, now_ms: int) -> Passkey:
    """The passkey that answers, of the tester whose sign-in this is; locked, so that it stays.

    Raises TouchInvalid for anybody else's, TokenInvalid where the sign-in has ended.
    """
    sign_in, _ = sign_ins.get(db, sign_in_id, now_ms=now_ms)
    name = answer.get("id")
    standing = select(Passkey).where(
        Passkey.credential_id == (name if is_name(name) else ""),
        Passkey.tester_id == sign_in.tester_id,
        Passkey.removed_at.is_(None),
    )
    passkey = db.scalar(standing.with_for_update())
    if passkey is None:
        raise TouchInvalid("This passkey is not one of yours. Use one that is.", fault="passkey")
    return passkey


def rename(db: Session, tester_id: str, passkey_id: str, label: str, now_ms: int) -> None:
    """Does not commit. Raises NotFound, for somebody else's too, BadSpec without a name."""
    label = one_line(label)
    if not label:
        raise BadSpec("Give it a name.", field="label")
    change(db, tester_id, passkey_id, label=label)
    note(db, tester_id, "passkey.rename", passkey_id, now_ms)


def remove(db: Session, tester_id: str, passkey_id: str, sign_in_id: str, now_ms: int) -> None:
    """It opens nothing more, nor does a touch of it. Does not commit.

    Raises StepUpRequired without a touch just now, NotFound, for somebody else's too.
    """
    step_up.require_touch_here(db, tester_id, sign_in_id, now_ms)
    change(db, tester_id, passkey_id, removed_at=now_ms)
    challenges.forget(db, tester_id)
    step_up.forget_touches(db, Touch.passkey_id == passkey_id)
    note(db, tester_id, "passkey.remove", passkey_id, now_ms)


def reset(db: Session, tester_id: str, *, by: str, now_ms: int) -> int:
    """Remove every passkey of a tester, who lost them; how many. Does not commit.

    They add a first one anew, in a fresh sign-in. `by`: the audit log's actor.
    """
    mine = update(Passkey).where(Passkey.tester_id == tester_id, Passkey.removed_at.is_(None))
    removed = changed(db, mine.values(removed_at=now_ms))
    challenges.forget(db, tester_id)
    step_up.forget_touches(db, Touch.tester_id == tester_id)
    audit.record(
        db,
        actor=by,
        action="passkey.reset",
        subject=f"tester:{tester_id}",
        details={"removed": removed},
        now_ms=now_ms,
    )
    return removed


def change(db: Session, tester_id: str, passkey_id: str, **values: Any) -> None:
    """Raises NotFound for one that is not the tester's, or was removed."""
    standing = update(Passkey).where(
        Passkey.id == passkey_id, Passkey.tester_id == tester_id, Passkey.removed_at.is_(None)
    )
    if not changed(db, standing.values(**values)):
        raise NotFound


def note(db: Session, tester_id: str, action: str, passkey_id: str, now_ms: int) -> None:
    audit.record(
        db,
        actor=f"tester:{tester_id}",
        action=action,
        subject=f"passkey:{passkey_id}",
        now_ms=now_ms,
    )


def is_name(text: object) -> bool:
    """Whether it can name a credential: base64url, as databases store any of it."""
    return isinstance(text, str) and SHAPE.fullmatch(text) is not None


def ids(known: Sequence[Passkey]) -> Sequence[str]:
    return [passkey.credential_id for passkey in known]
