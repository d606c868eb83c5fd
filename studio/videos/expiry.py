"""When finished clips are erased for their age: by the house, or by their artist's policy."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.records import Job
from programme import policy, retention
from studio.parts import Parts


def expiries(
    db: Session, parts: Parts, owner_id: str, jobs: Sequence[Job], now_ms: int
) -> dict[str, int]:
    """Of one artist's jobs, id → when its film goes, in ms; none that stays, or is on view."""
    days = policy.standing(db, owner_id).holds.policy.keep_days
    terms = [parts.settings.keep_ms, None if days is None else days * retention.DAY_MS]
    kept_ms = min((term for term in terms if term is not None), default=None)
    if kept_ms is None:
        return {}
    mine = select(Job.id).where(Job.id.in_([job.id for job in jobs]))
    shown = set(db.scalars(mine.where(Job.id.in_(retention.on_view(now_ms)))))
    return {
        job.id: job.ended_at + kept_ms
        for job in jobs
        if job.state == "finished" and job.ended_at is not None and job.id not in shown
    }
