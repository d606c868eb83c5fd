"""Budgets of one request: a pot for each limit on clips or GPU time, and what is left in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.orm import Session

from auth.limits import DAY_MS, Bound
from auth.quotas import WHOSE, Quota
from auth.records import Budget, Reservation
from auth.rows import insert_new
from auth.subjects import Chain, reservations_of
from auth.words import count, lasting
from errors import BudgetExhausted, TooMany

TOTAL = 0  # in place of a day: all the time there is


@dataclass(frozen=True)
class Pot:
    """One budget of one subject: of a day, or of all time. None: not limited."""

    subject: str
    day: int
    clips: int | None
    gpu_ms: int | None

    @property
    def name(self) -> str:
        return f"{self.subject}/{self.day}"


def day_of(now_ms: int) -> int:
    """Whole days (UTC) since the epoch."""
    return now_ms // DAY_MS


def to_midnight_s(now_ms: int) -> int:
    """Whole seconds after which the next day (UTC) has begun."""
    return -(-(DAY_MS - now_ms % DAY_MS) // 1000)


def pots_of(bounds: Sequence[Bound], chain: Chain, now_ms: int) -> list[Pot]:
    """The budgets a call is taken from, in the order of their locks. A tester always has a day."""
    pots = []
    for bound in bounds:
        limits, day = bound.limits, day_of(now_ms)
        if limits.gpu_ms_total is not None:
            pots.append(Pot(bound.subject, TOTAL, None, limits.gpu_ms_total))
        of_day = limits.clips_per_day, limits.gpu_ms_per_day
        if of_day != (None, None) or bound.subject == chain.tester:
            pots.append(Pot(bound.subject, day, *of_day))
    return sorted(pots, key=lambda pot: (pot.subject, pot.day))


def lock_budgets(db: Session, pots: Sequence[Pot]) -> dict[tuple[str, int], Budget]:
    """The rows of these pots, each locked until the end of the transaction, in order.

    A row that is missing is made first, with what its subject has used before: made later, the
    rows would be locked out of order.
    """
    keys = [(pot.subject, pot.day) for pot in pots]
    mine = tuple_(Budget.subject, Budget.day).in_(keys)
    there = {
        (subject, day)
        for subject, day in db.execute(select(Budget.subject, Budget.day).where(mine))
    }
    for subject, day in keys:
        if (subject, day) not in there:
            used = used_before(db, subject, day)
            insert_new(db, Budget, subject=subject, day=day, **used)
    query = select(Budget).where(mine).order_by(Budget.subject, Budget.day)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return {(row.subject, row.day): row for row in db.scalars(locked)}


def used_before(db: Session, subject: str, day: int) -> dict[str, int]:
    """What the subject's reservations come to: a limit that is set today counts all of today."""
    held, spent = Reservation.held_gpu_ms, Reservation.spent_gpu_ms
    is_held, is_released = Reservation.state == "held", Reservation.state == "released"
    query = select(
        func.coalesce(func.sum(case((is_released, 0), else_=1)), 0),
        func.coalesce(func.sum(case((is_held, held), else_=0)), 0),
        func.coalesce(func.sum(spent), 0),
    ).where(reservations_of(subject))
    if day != TOTAL:
        query = query.where(Reservation.day == day)
    clips, held_ms, spent_ms = db.execute(query).one()
    return {"clips": clips, "held_gpu_ms": int(held_ms), "spent_gpu_ms": int(spent_ms)}


def left_in(pot: Pot, row: Budget, clips: int, gpu_ms: int, now_ms: int) -> list[Quota]:
    """What a pot has left once `clips` and `gpu_ms` more are taken from it."""
    reset_s, found = None if pot.day == TOTAL else to_midnight_s(now_ms), []
    if pot.clips is not None:
        left = max(0, pot.clips - row.clips - clips)
        found.append(Quota("clips_per_day", pot.subject, pot.clips, left, reset_s))
    if pot.gpu_ms is not None:
        name = "gpu_ms_total" if pot.day == TOTAL else "gpu_ms_per_day"
        left = max(0, pot.gpu_ms - row.held_gpu_ms - row.spent_gpu_ms - gpu_ms)
        found.append(Quota(name, pot.subject, pot.gpu_ms, left, reset_s))
    return found


def refuse_exhausted(pot: Pot, row: Budget, gpu_ms: int, now_ms: int) -> None:
    taken_ms = row.held_gpu_ms + row.spent_gpu_ms
    if pot.clips is not None and row.clips >= pot.clips:
        raise no_clips_left(pot, row, now_ms)
    if pot.gpu_ms is not None and taken_ms + gpu_ms > pot.gpu_ms:
        raise no_time_left(pot, row, gpu_ms, now_ms)


def no_clips_left(pot: Pot, row: Budget, now_ms: int) -> TooMany:
    wait_s = to_midnight_s(now_ms)
    return TooMany(
        f"{whose(pot)} may make {count(pot.clips or 0, 'clip')} a day, and that is used up. "
        f"Come back after midnight UTC, in {lasting(wait_s)}.",
        limit="clips_per_day",
        # Without a single one a day, no midnight brings any.
        retry_after_s=wait_s if pot.clips else None,
        quota=left_in(pot, row, 0, 0, now_ms)[0],
    )


def no_time_left(pot: Pot, row: Budget, gpu_ms: int, now_ms: int) -> BudgetExhausted:
    allowed_ms = pot.gpu_ms or 0
    left_ms = allowed_ms - row.held_gpu_ms - row.spent_gpu_ms
    wait_s: int | None = to_midnight_s(now_ms)
    needs = f"This clip needs {gpu_ms / 1000:.1f} s of drawing time."
    if pot.day == TOTAL:
        wait_s = None
        rest = f"{max(0, left_ms) / 1000:.1f} s in all. Ask an admin for more."
    elif gpu_ms > allowed_ms:
        wait_s = None
        rest = f"{allowed_ms / 1000:.1f} s in a whole day. Make it shorter or smaller."
    else:
        rest = (
            f"{max(0, left_ms) / 1000:.1f} s left today. Make it shorter or smaller, or ask "
            f"again after midnight UTC, in {lasting(wait_s or 0)}."
        )
    quota = left_in(pot, row, 0, 0, now_ms)[-1]
    return BudgetExhausted(
        f"{needs} {whose(pot)} may use {rest}",
        limit=quota.name,
        retry_after_s=wait_s,
        quota=quota,
        short_by_ms=gpu_ms - left_ms,
    )


def whose(pot: Pot) -> str:
    return WHOSE[pot.subject.partition(":")[0]]
