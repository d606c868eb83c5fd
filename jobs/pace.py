"""How fast clips are drawn here, measured: what they took of their price."""

from collections import defaultdict
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.records import Job

LATEST = 40


def paces(db: Session) -> dict[str, float]:
    """Variant → milliseconds that clips took for each millisecond of their price, the middle one.

    Of the latest finished clips; a variant that none of them has is not in it.
    """
    took = select(Job.spec, Job.gpu_ms, Job.started_at, Job.ended_at)
    latest = took.where(Job.state == "finished").order_by(Job.id.desc()).limit(LATEST)
    shares: dict[str, list[float]] = defaultdict(list)
    for spec, gpu_ms, started_at, ended_at in db.execute(latest):
        if started_at is not None and gpu_ms:
            shares[spec.get("variant", "quality")].append((ended_at - started_at) / gpu_ms)
    return {variant: round(median(parts), 3) for variant, parts in shares.items()}
