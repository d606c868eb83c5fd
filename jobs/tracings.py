"""Films that turned up and are traced to whose they are: written down as they are asked about."""

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from jobs.marks import Found
from jobs.records import Mark, Tracing

LATEST = 30


def begin(db: Session, *, size: int, sha256: str, now_ms: int) -> Tracing:
    """Of a film of `size` bytes. Does not commit."""
    tracing = Tracing(id=uuid4().hex, bytes=size, sha256=sha256, asked_at=now_ms)
    db.add(tracing)
    db.flush()
    return tracing


def note_found(db: Session, tracing_id: str, found: Found, now_ms: int) -> None:
    told = {
        "number": found.mark.number if found.mark else None,
        "z": found.z,
        "like_z": found.like_z,
        "chance": found.chance,
        "compared": found.compared,
        "other_keys": found.other_keys,
        "hints": [(mark.number, share) for mark, share in found.hints],
    }
    db.execute(unended(tracing_id).values(ended_at=now_ms, **told))


def note_problem(db: Session, tracing_id: str, sentence: str, now_ms: int) -> None:
    db.execute(unended(tracing_id).values(ended_at=now_ms, problem=sentence))


def unended(tracing_id: str) -> Update:
    return update(Tracing).where(Tracing.id == tracing_id, Tracing.ended_at.is_(None))


def latest(db: Session) -> Sequence[Tracing]:
    """The newest LATEST, newest first."""
    newest = select(Tracing).order_by(Tracing.asked_at.desc(), Tracing.id.desc())
    return db.scalars(newest.limit(LATEST)).all()


def marks_in(db: Session, tracings: Sequence[Tracing]) -> dict[int, Mark]:
    """Every mark that these name, or hint at, by its number."""
    numbers = {tracing.number for tracing in tracings if tracing.number is not None}
    numbers |= {number for tracing in tracings for number, _ in tracing.hints or ()}
    return {mark.number: mark for mark in db.scalars(select(Mark).where(Mark.number.in_(numbers)))}
