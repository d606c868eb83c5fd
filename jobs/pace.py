"""How fast clips are drawn here, measured: what they took of their price."""

from collections.abc import Iterable
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.records import Job

LATEST = 40
#: Of fewer clips the middle one says little: the first one waits for the model to be loaded.
LEAST = 3


def paces(db: Session, variants: Iterable[str]) -> dict[str, float | None]:
    """Variant → milliseconds that clips took for each millisecond of their price, the middle one.

    Of its own among the latest finished clips; where those are few, of all; None where all are.
    """
    took = select(Job.spec, Job.gpu_ms, Job.started_at, Job.ended_at)
    latest = took.where(Job.state == "finished").order_by(Job.id.desc()).limit(LATEST)
    shares = [
        (spec.get("variant"), (ended_at - started_at) / gpu_ms)
        for spec, gpu_ms, started_at, ended_at in db.execute(latest)
        if started_at is not None
    ]
    everybody = [share for _, share in shares]
    own = {name: [share for variant, share in shares if variant == name] for name in variants}
    return {name: middle(few) or middle(everybody) for name, few in own.items()}


def middle(shares: list[float]) -> float | None:
    return round(median(shares), 3) if len(shares) >= LEAST else None
