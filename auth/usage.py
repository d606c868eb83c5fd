"""What a tester has used and what is left."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.budget import is_today
from auth.limits import Limits
from auth.records import DayBudget, Meter


@dataclass(frozen=True)
class Allowance:
    """Today's remainder (UTC). `held`: clips waiting or being drawn; held GPU time is not left."""

    clips_left: int
    gpu_ms_left: int
    held: int
    limits: Limits


def allowance(db: Session, tester_id: str, limits: Limits, now_ms: int) -> Allowance:
    day = db.execute(
        select(DayBudget.clips, DayBudget.held_gpu_ms + DayBudget.spent_gpu_ms).where(
            is_today(tester_id, now_ms)
        )
    ).first()
    clips, gpu_ms = day or (0, 0)
    held = db.scalar(select(Meter.held).where(Meter.tester_id == tester_id))
    return Allowance(
        clips_left=max(0, limits.clips_per_day - clips),
        gpu_ms_left=max(0, limits.gpu_ms_per_day - gpu_ms),
        held=held or 0,
        limits=limits,
    )
