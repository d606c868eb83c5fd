"""How often and how many at once: the rate and the concurrency of one tester."""

from dataclasses import dataclass, replace

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from auth.records import Meter, Tester
from auth.rows import changed, insert_new
from auth.words import count, lasting
from errors import TooMany
from settings import Settings

MINUTE_MS = 60_000
# When a clip will end is not the gate's to know: a moment after which it is worth asking again.
ASK_AGAIN_S = 10


@dataclass(frozen=True)
class Limits:
    rate_per_minute: int
    concurrent: int
    clips_per_day: int
    gpu_ms_per_day: int

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limits":
        return cls(
            settings.rate_per_minute,
            settings.concurrent,
            settings.clips_per_day,
            settings.gpu_ms_per_day,
        )

    def of(self, tester: Tester) -> "Limits":
        """These limits with the tester's own in their place where set."""
        own = {name: getattr(tester, name) for name in self.__dataclass_fields__}
        return replace(self, **{name: value for name, value in own.items() if value is not None})


def lock_meter(db: Session, tester_id: str) -> None:
    """Wait until no other admission of this tester is under way, and keep the next one waiting."""
    insert_new(db, Meter, tester_id=tester_id, arrival_ms=0, held=0)
    db.execute(select(Meter.held).where(Meter.tester_id == tester_id).with_for_update())


def pass_rate(db: Session, tester_id: str, rate_per_minute: int, now_ms: int) -> None:
    """Count one call against the rate: `rate_per_minute` at once, then one each `every_ms`.

    GCRA, the leaky bucket as a meter (ITU-T I.371): `arrival_ms` is when the calls so far would
    have come at an even pace; a call passes while that is less than a minute ahead.
    Raises TooMany; after its `retry_after_s` the call passes.
    """
    every_ms = -(-MINUTE_MS // rate_per_minute)
    latest_ms = now_ms + (rate_per_minute - 1) * every_ms
    from_ms = case((Meter.arrival_ms > now_ms, Meter.arrival_ms), else_=now_ms)
    early_enough = update(Meter).where(Meter.tester_id == tester_id, Meter.arrival_ms <= latest_ms)
    if changed(db, early_enough.values(arrival_ms=from_ms + every_ms)):
        return
    arrival_ms = db.execute(
        select(Meter.arrival_ms).where(Meter.tester_id == tester_id)
    ).scalar_one()
    wait_s = -(-(arrival_ms - latest_ms) // 1000)
    raise TooMany(
        f"You asked for clips faster than {rate_per_minute} a minute. "
        f"Ask again in {lasting(wait_s)}.",
        limit="rate_per_minute",
        retry_after_s=wait_s,
    )


def take_place(db: Session, tester_id: str, concurrent: int) -> None:
    """Take one of the tester's `concurrent` places. Raises TooMany."""
    free = update(Meter).where(Meter.tester_id == tester_id, Meter.held < concurrent)
    if changed(db, free.values(held=Meter.held + 1)):
        return
    raise TooMany(
        f"You may have {count(concurrent, 'clip')} waiting or being drawn at once, no more. "
        "Wait until one ends, or cancel one.",
        limit="concurrent",
        retry_after_s=ASK_AGAIN_S,
    )


def leave_place(db: Session, tester_id: str) -> None:
    changed(db, update(Meter).where(Meter.tester_id == tester_id).values(held=Meter.held - 1))
