"""How long clips are kept: as long as the policy says that each artist has."""

from collections.abc import Sequence

from sqlalchemy import CompoundSelect, select
from sqlalchemy.orm import Session

from auth import testers
from jobs.records import LIVE, Job
from programme import policy
from programme.records_clips import Publication, Share
from programme.showing import not_expired

DAY_MS = 86_400_000


def on_view(now_ms: int) -> CompoundSelect[str]:
    """Ids of clips that others can see: in the gallery, or by a link that has not ended.

    Their artist showed them on purpose, so they stay, whatever their time is.
    """
    hanging = select(Publication.clip_id).where(Publication.ended_at.is_(None))
    linked = select(Share.clip_id).where(Share.ended_at.is_(None), not_expired(now_ms))
    return hanging.union(linked)


def overdue(db: Session, now_ms: int) -> Sequence[tuple[str, str]]:
    """Jobs whose time is over, with their owners; none whose clip is on view."""
    shown = on_view(now_ms)
    found: list[tuple[str, str]] = []
    for tester in testers.list(db):
        days = policy.standing(db, tester.id).holds.policy.keep_days
        if days is not None:
            old = select(Job.id, Job.owner_id).where(
                Job.owner_id == tester.id,
                Job.state.not_in(LIVE),
                Job.ended_at < now_ms - days * DAY_MS,
                Job.id.not_in(shown),
            )
            found += db.execute(old.order_by(Job.id)).tuples()
    return found
