"""What went wrong, written by an admin for everybody to read."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.rows import changed
from errors import BadSpec, NotFound
from programme.records_incidents import Incident
from programme.words import plain_words

TITLE_MAX_CHARS, WORDS_MAX_CHARS = 120, 4000


def write(db: Session, day: str, title: str, words: str, *, by: str, now_ms: int) -> Incident:
    """Publish an incident. Does not commit. `by`: the audit log's actor.

    Raises BadSpec naming the field.
    """
    incident = Incident(
        id=uuid.uuid4().hex,
        day=past_day(day, now_ms),
        title=plain_words(title, "title", least=1, most=TITLE_MAX_CHARS, lines=False),
        words=plain_words(words, "words", least=1, most=WORDS_MAX_CHARS),
        written_at=now_ms,
    )
    db.add(incident)
    tell(db, "incident.write", incident.id, by, now_ms)
    return incident


def withdraw(db: Session, incident_id: str, *, by: str, now_ms: int) -> None:
    """Take a note back; the audit log keeps that it was there. Does not commit. Raises NotFound."""
    public = update(Incident).where(Incident.id == incident_id, Incident.withdrawn_at.is_(None))
    if not changed(db, public.values(withdrawn_at=now_ms)):
        raise NotFound
    tell(db, "incident.withdraw", incident_id, by, now_ms)


def published(db: Session) -> Sequence[Incident]:
    """The newest first."""
    public = select(Incident).where(Incident.withdrawn_at.is_(None))
    return db.scalars(public.order_by(Incident.day.desc(), Incident.written_at.desc())).all()


def past_day(text: str, now_ms: int) -> str:
    """Raises BadSpec for what is no day, or a day to come."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day > datetime.fromtimestamp(now_ms / 1000, UTC).date():
        raise BadSpec("The day is a date like 2026-11-22, today at the latest.", field="day")
    return day.isoformat()


def tell(db: Session, action: str, incident_id: str, by: str, now_ms: int) -> None:
    audit.record(db, actor=by, action=action, subject=f"incident:{incident_id}", now_ms=now_ms)
