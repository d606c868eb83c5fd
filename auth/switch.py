"""The switch: stop a token, a tester, a cohort or everybody, and let them go on again.

A stop is undone by `resume`; a revocation (auth/revocation.py) is for ever. Who is stopped still
signs in, sees their clips, and reads why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import subjects
from auth.meters import meters_of
from auth.records import Subject, Tester, Token
from auth.rows import changed, insert_new
from auth.subjects import Chain
from errors import BadSpec, Suspended

MESSAGE_MAX_CHARS = 400


@dataclass(frozen=True)
class Notice:
    """Why somebody makes no clips. `scope`: everybody, cohort, tester or token."""

    scope: str
    message: str
    since_ms: int


def stop(db: Session, key: str, message: str, now_ms: int) -> bool:
    """Let a subject make no more clips; whether it could until now. Does not commit.

    Waits for admissions under way, so that none slips between. Jobs under way are stopped by
    their worker, which asks `why_stop` at every step, and refunded.
    Raises NotFound for nobody, BadSpec without a message: its testers read it.
    """
    subjects.name_of(db, key)
    message = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    if not 0 < len(message) <= MESSAGE_MAX_CHARS:
        raise BadSpec(
            f"Give a message of 1 to {MESSAGE_MAX_CHARS} characters; testers read it.",
            field="message",
        )
    return turn(db, key, Subject.stopped_at.is_(None), stopped_at=now_ms, stop_message=message)


def resume(db: Session, key: str) -> bool:
    """Let a subject make clips again; whether it was stopped. Does not commit.

    What a revocation ended stays ended. Raises NotFound for nobody.
    """
    subjects.name_of(db, key)
    return turn(db, key, Subject.stopped_at.is_not(None), stopped_at=None, stop_message=None)


def turn(db: Session, key: str, guard: object, **values: object) -> bool:
    """Change a subject's row where `guard` holds, under its lock, and tell every process."""
    subjects.lock_to_change(db, key)
    insert_new(db, Subject, key=key, epoch=0)
    turned = update(Subject).where(Subject.key == key, guard)  # type: ignore[arg-type]
    if not changed(db, turned.values(epoch=Subject.epoch + 1, **values)):
        return False
    db.expire_all()
    meters_of(db).announce(db, key)
    return True


def refuse_stopped(chain: Chain, rows: Mapping[str, Subject]) -> None:
    """Raises Suspended, for the widest stop that holds."""
    found = notice_in(chain, rows)
    if found is not None:
        raise Suspended(scope=found.scope, message=found.message)


def notice_in(chain: Chain, rows: Mapping[str, Subject]) -> Notice | None:
    for key in chain.keys:
        row = rows.get(key)
        if row is not None and row.stopped_at is not None:
            return Notice(key.partition(":")[0], row.stop_message or "", row.stopped_at)
    return None


def notice(db: Session, token_id: str) -> Notice | None:
    """What the holder of a token is told while something stops them."""
    chain = chain_of(db, token_id)
    return notice_in(chain, subjects.find_all(db, chain.keys)) if chain else None


def why_stop(db: Session, token_id: str, lasting: bool) -> str | None:
    """Why work this token admitted must stop: `revoked`, `suspended`, or None.

    With `lasting` the answer holds until this transaction ends: a stop that comes now waits.
    Expiry keeps new work out only. A token nobody knows: `revoked`.
    """
    chain = chain_of(db, token_id)
    if chain is None:
        return "revoked"
    if lasting:
        subjects.lock_to_act(db, chain.keys)
    if db.scalar(select(Token.revoked_at).where(Token.id == token_id)) is not None:
        return "revoked"
    return "suspended" if notice_in(chain, subjects.find_all(db, chain.keys)) else None


def chain_of(db: Session, token_id: str) -> Chain | None:
    found = db.execute(
        select(Tester.id, Token.id, Tester.cohort_id).join(Token).where(Token.id == token_id)
    ).first()
    return Chain(*found) if found else None


def everything_stopped(db: Session) -> list[tuple[Subject, str]]:
    """Every subject that is stopped, with its name; the longest first."""
    rows = db.scalars(
        select(Subject).where(Subject.stopped_at.is_not(None)).order_by(Subject.stopped_at)
    )
    return [(row, subjects.name_of(db, row.key)) for row in rows]


def stops(db: Session) -> Sequence[tuple[str, int | None, str | None]]:
    """Key, moment and message of everything that is stopped: another list, another state."""
    columns = select(Subject.key, Subject.stopped_at, Subject.stop_message)
    rows = db.execute(columns.where(Subject.stopped_at.is_not(None)).order_by(Subject.key))
    return [(row.key, row.stopped_at, row.stop_message) for row in rows]
