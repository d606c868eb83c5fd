"""The day's allowance: clips and GPU time, held at admission, settled or released at the end.

Locks are taken in one order by everybody, so that none wait for each other: token, job,
reservation, meter, day. Move a job's own row first, then settle or release it.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, select, update
from sqlalchemy.orm import Session

from auth.limits import leave_place
from auth.records import DayBudget, Reservation
from auth.rows import changed, insert_new
from auth.words import count, lasting
from errors import BudgetExhausted, Conflict, NotFound, TooMany

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Admission:
    """The gate's yes to one job, and the GPU time it holds until the job ends."""

    job_id: str
    tester_id: str
    token_id: str
    gpu_ms: int


def day_of(now_ms: int) -> int:
    """Whole days (UTC) since the epoch."""
    return now_ms // DAY_MS


def to_midnight_s(now_ms: int) -> int:
    """Whole seconds after which the next day (UTC) has begun."""
    return -(-(DAY_MS - now_ms % DAY_MS) // 1000)


def is_today(tester_id: str, now_ms: int) -> ColumnElement[bool]:
    """The condition that picks the tester's row of the day."""
    return and_(DayBudget.tester_id == tester_id, DayBudget.day == day_of(now_ms))


def find_hold(db: Session, job_id: str, tester_id: str) -> Admission | None:
    """The admission that job already has, if any.

    Raises NotFound when it is another tester's, Conflict when it has ended.
    """
    hold = db.get(Reservation, job_id, populate_existing=True)
    if hold is None:
        return None
    if hold.tester_id != tester_id:
        raise NotFound
    if hold.state != "held":
        raise Conflict("This clip has ended already. Ask for a new one.")
    return Admission(hold.job_id, hold.tester_id, hold.token_id, hold.held_gpu_ms)


def take_clip(db: Session, tester_id: str, clips_per_day: int, now_ms: int) -> None:
    """Take one of today's clips. Raises TooMany."""
    insert_new(
        db,
        DayBudget,
        tester_id=tester_id,
        day=day_of(now_ms),
        clips=0,
        held_gpu_ms=0,
        spent_gpu_ms=0,
    )
    some_left = update(DayBudget).where(
        is_today(tester_id, now_ms), DayBudget.clips < clips_per_day
    )
    if changed(db, some_left.values(clips=DayBudget.clips + 1)):
        return
    wait_s = to_midnight_s(now_ms)
    raise TooMany(
        f"Your {count(clips_per_day, 'clip')} of today are used up. "
        f"Come back after midnight UTC, in {lasting(wait_s)}.",
        limit="clips_per_day",
        retry_after_s=wait_s,
    )


def hold_gpu(db: Session, tester_id: str, gpu_ms: int, gpu_ms_per_day: int, now_ms: int) -> None:
    """Hold `gpu_ms` of today's GPU time.

    Raises BudgetExhausted, which carries `short_by_ms`.
    """
    if gpu_ms < 0:
        raise ValueError(f"a price is never negative: {gpu_ms}")
    taken_ms = DayBudget.held_gpu_ms + DayBudget.spent_gpu_ms
    enough = update(DayBudget).where(
        is_today(tester_id, now_ms), taken_ms + gpu_ms <= gpu_ms_per_day
    )
    if changed(db, enough.values(held_gpu_ms=DayBudget.held_gpu_ms + gpu_ms)):
        return
    taken_today = select(taken_ms).where(is_today(tester_id, now_ms))
    left_ms = gpu_ms_per_day - db.execute(taken_today).scalar_one()
    wait_s = to_midnight_s(now_ms)
    needs = f"This clip needs {gpu_ms / 1000:.1f} s of drawing time and you have"
    raise BudgetExhausted(
        f"{needs} {gpu_ms_per_day / 1000:.1f} s in a whole day. Make it shorter or smaller."
        if gpu_ms > gpu_ms_per_day
        else f"{needs} {max(0, left_ms) / 1000:.1f} s left today. Make it shorter or smaller, "
        f"or ask again after midnight UTC, in {lasting(wait_s)}.",
        limit="gpu_ms_per_day",
        retry_after_s=wait_s,
        short_by_ms=gpu_ms - left_ms,
    )


def reserve(db: Session, admission: Admission, now_ms: int) -> None:
    """Write down what the admission holds; `settle` or `release` ends it, once."""
    db.add(
        Reservation(
            job_id=admission.job_id,
            tester_id=admission.tester_id,
            token_id=admission.token_id,
            day=day_of(now_ms),
            state="held",
            held_gpu_ms=admission.gpu_ms,
            created_at=now_ms,
        )
    )
    db.flush()


def settle(db: Session, job_id: str, spent_gpu_ms: int, now_ms: int) -> None:
    """Charge what the finished job spent, at most what it held, to the day it was admitted.

    The first `settle` or `release` of a job counts; any other changes nothing. No commit.
    """
    end_hold(db, job_id, "settled", max(0, spent_gpu_ms), now_ms)


def release(db: Session, job_id: str, now_ms: int) -> None:
    """Give back the GPU time and the clip of a job that failed or was stopped.

    The first `settle` or `release` of a job counts; any other changes nothing. No commit.
    """
    end_hold(db, job_id, "released", 0, now_ms)


def end_hold(db: Session, job_id: str, state: str, spent_gpu_ms: int, now_ms: int) -> None:
    held_ms = Reservation.held_gpu_ms
    ended = db.execute(
        update(Reservation)
        .where(Reservation.job_id == job_id, Reservation.state == "held")
        .values(
            state=state,
            spent_gpu_ms=case((held_ms < spent_gpu_ms, held_ms), else_=spent_gpu_ms),
            ended_at=now_ms,
        )
        .returning(
            Reservation.tester_id,
            Reservation.day,
            Reservation.held_gpu_ms,
            Reservation.spent_gpu_ms,
        ),
        execution_options={"synchronize_session": False},
    ).first()
    if ended is None:
        return
    leave_place(db, ended.tester_id)
    changed(
        db,
        update(DayBudget)
        .where(DayBudget.tester_id == ended.tester_id, DayBudget.day == ended.day)
        .values(
            clips=DayBudget.clips - (1 if state == "released" else 0),
            held_gpu_ms=DayBudget.held_gpu_ms - ended.held_gpu_ms,
            spent_gpu_ms=DayBudget.spent_gpu_ms + ended.spent_gpu_ms,
        ),
    )
