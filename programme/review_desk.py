"""What reviewers see before them, and what artists see of the line they stand in."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from auth.records import Tester
from jobs.records import Clip, Job
from programme.records_clips import Review
from programme.reviews import APPEAL, APPROVED, REJECTED, WAITING, WITHDRAWN

LATEST_DECISIONS = 50
SHOWN = 100
STATES = (WAITING, APPROVED, REJECTED)


@dataclass(frozen=True)
class Wait:
    """How long a review takes: what was promised, and what it is.

    waiting    clips in the line
    oldest_ms  since when the first of them waits, as an age; None where none does
    median_ms  of the latest decisions, LATEST_DECISIONS at most; None before the first
    """

    promised_ms: int
    waiting: int
    oldest_ms: int | None
    median_ms: int | None


def present_wait(db: Session, promised_ms: int, now_ms: int) -> Wait:
    count, oldest = db.execute(
        select(func.count(), func.min(Review.submitted_at))
        .join(Clip, Clip.id == Review.clip_id)
        .where(Review.state == WAITING)
    ).one()
    latest = db.execute(
        select(Review.submitted_at, Review.decided_at)
        .where(Review.decided_at.is_not(None), Review.state.in_((APPROVED, REJECTED)))
        .order_by(Review.decided_at.desc())
        .limit(LATEST_DECISIONS)
    )
    took = [decided - submitted for submitted, decided in latest if decided is not None]
    return Wait(
        promised_ms=promised_ms,
        waiting=count,
        oldest_ms=None if oldest is None else max(0, now_ms - oldest),
        median_ms=round(statistics.median(took)) if took else None,
    )


def place(db: Session, review: Review) -> int:
    """Where a waiting review stands in the line: 1 is looked at next. 0 once it is decided."""
    if review.state != WAITING:
        return 0
    ahead = (
        select(func.count())
        .select_from(Review)
        .join(Clip, Clip.id == Review.clip_id)
        .where(Review.state == WAITING, Review.submitted_at < review.submitted_at)
    )
    return 1 + (db.scalar(ahead) or 0)


def reviews_of(db: Session, clip_ids: Sequence[str]) -> dict[str, list[Review]]:
    """The rounds of each clip that has any, the first round first."""
    rows = db.scalars(
        select(Review).where(Review.clip_id.in_(clip_ids)).order_by(Review.clip_id, Review.round)
    )
    found: dict[str, list[Review]] = {}
    for review in rows:
        found.setdefault(review.clip_id, []).append(review)
    return found


def artists(db: Session) -> Sequence[tuple[str, str]]:
    """Whoever asked for a review, by name: id and name. Others are no business of a reviewer."""
    asked = select(Review.owner_id).where(Review.state != WITHDRAWN)
    theirs = select(Tester.id, Tester.name).where(Tester.id.in_(asked)).order_by(Tester.name)
    return db.execute(theirs).tuples().all()


@dataclass(frozen=True)
class Case:
    """One review with what is needed to decide it."""

    review: Review
    job: Job
    clip: Clip
    artist: str


def cases(
    db: Session,
    *,
    state: str = WAITING,
    appeals_only: bool = False,
    artist_id: str | None = None,
    limit: int = SHOWN,
) -> Sequence[Case]:
    """Reviews in `state` whose clips are there: waiting ones oldest first, decided ones newest
    first."""
    wanted: list[ColumnElement[bool]] = [Review.state == state]
    if appeals_only:
        wanted.append(Review.round == APPEAL)
    if artist_id is not None:
        wanted.append(Review.owner_id == artist_id)
    order = Review.submitted_at if state == WAITING else Review.decided_at.desc()
    rows = db.execute(
        select(Review, Job, Clip, Tester.name)
        .join(Clip, Clip.id == Review.clip_id)
        .join(Job, Job.id == Review.clip_id)
        .outerjoin(Tester, Tester.id == Review.owner_id)
        .where(*wanted)
        .order_by(order, Review.clip_id)
        .limit(limit)
    )
    return [
        Case(review, job, clip, name or "somebody who left") for review, job, clip, name in rows
    ]
