"""What a tester has used and what is left."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.limits import Limits
from auth.pots import TOTAL, day_of, used_before
from auth.records import Budget, Reservation


@dataclass(frozen=True)
class Allowance:
    """Today's remainder (UTC). `held`: clips waiting or being drawn; held GPU time is not left."""

    clips_left: int
    gpu_ms_left: int
    held: int
    limits: Limits


def allowance(db: Session, tester_id: str, limits: Limits, now_ms: int) -> Allowance:
    """What the tester's own limits leave. Those of a token or a cohort may leave less."""
    subject, today = f"tester:{tester_id}", day_of(now_ms)
    rows = db.scalars(
        select(Budget).where(Budget.subject == subject, Budget.day.in_((TOTAL, today)))
    ).all()
    used = {row.day: row.held_gpu_ms + row.spent_gpu_ms for row in rows}
    clips = next((row.clips for row in rows if row.day == today), 0)
    gpu_ms_left = max(0, (limits.gpu_ms_per_day or 0) - used.get(today, 0))
    if limits.gpu_ms_total is not None:
        if TOTAL not in used:
            before = used_before(db, subject, TOTAL)
            used[TOTAL] = before["held_gpu_ms"] + before["spent_gpu_ms"]
        gpu_ms_left = max(0, min(gpu_ms_left, limits.gpu_ms_total - used[TOTAL]))
    held = db.scalar(
        select(func.count()).where(Reservation.tester_id == tester_id, Reservation.state == "held")
    )
    return Allowance(
        clips_left=max(0, (limits.clips_per_day or 0) - clips),
        gpu_ms_left=gpu_ms_left,
        held=held or 0,
        limits=limits,
    )
