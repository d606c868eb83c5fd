"""What may be used up: clips and GPU time of a day and in total, held, then settled or released.

Durable, in the database alone. Locks are taken in one order by everybody, so that none wait for
each other: subject, job, reservation, budget, meter. Move a job's own row first, then settle or
release it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import case, select, tuple_, update
from sqlalchemy.orm import Session

from auth.meters import meters_of
from auth.pots import Pot, day_of, left_in, lock_budgets, refuse_exhausted
from auth.quotas import Quota
from auth.records import Budget, Reservation
from auth.subjects import Chain
from errors import Conflict, NotFound


@dataclass(frozen=True)
class Admission:
    """The gate's yes to one job, and the GPU time it holds until the job ends.

    `quotas`: what each limit has left after it. Empty for a job that was admitted before.
    """

    job_id: str
    tester_id: str
    token_id: str
    gpu_ms: int
    quotas: tuple[Quota, ...] = ()


Budgeted = tuple[str, int]  # subject and day


@dataclass(frozen=True)
class Ending:
    """What holds that ended together had taken from one budget, and what was spent of it."""

    clips: int = 0
    held_gpu_ms: int = 0
    spent_gpu_ms: int = 0

    def __add__(self, other: "Ending") -> "Ending":
        return Ending(
            self.clips + other.clips,
            self.held_gpu_ms + other.held_gpu_ms,
            self.spent_gpu_ms + other.spent_gpu_ms,
        )


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


def reserve(
    db: Session, job_id: str, chain: Chain, pots: Sequence[Pot], gpu_ms: int, now_ms: int
) -> list[Quota]:
    """Take one clip and hold `gpu_ms` of every pot, or raise; what each has left after that.

    `settle` or `release` ends it, once. Does not commit.
    Raises TooMany for the clips, BudgetExhausted for the time, which carries `short_by_ms`.
    """
    if gpu_ms < 0:
        raise ValueError(f"a price is never negative: {gpu_ms}")
    rows = lock_budgets(db, pots)
    for pot in pots:
        refuse_exhausted(pot, rows[pot.subject, pot.day], gpu_ms, now_ms)
    db.execute(
        update(Budget)
        .where(tuple_(Budget.subject, Budget.day).in_([(p.subject, p.day) for p in pots]))
        .values(clips=Budget.clips + 1, held_gpu_ms=Budget.held_gpu_ms + gpu_ms),
        execution_options={"synchronize_session": False},
    )
    db.add(
        Reservation(
            job_id=job_id,
            tester_id=chain.tester_id,
            token_id=chain.token_id,
            cohort_id=chain.cohort_id,
            day=day_of(now_ms),
            charged=" ".join(pot.name for pot in pots),
            state="held",
            held_gpu_ms=gpu_ms,
            created_at=now_ms,
        )
    )
    db.flush()
    return [
        quota
        for pot in pots
        for quota in left_in(pot, rows[pot.subject, pot.day], 1, gpu_ms, now_ms)
    ]


def settle(db: Session, job_id: str, spent_gpu_ms: int, now_ms: int) -> None:
    """Charge what the finished job spent, at most what it held, to the day it was admitted.

    The first `settle` or `release` of a job counts; any other changes nothing. No commit.
    """
    end_holds(db, [job_id], "settled", max(0, spent_gpu_ms), now_ms)


def release(db: Session, job_id: str, now_ms: int) -> None:
    """Give back the GPU time and the clip of a job that failed or was stopped.

    The first `settle` or `release` of a job counts; any other changes nothing. No commit.
    """
    release_all(db, [job_id], now_ms)


def release_all(db: Session, job_ids: Sequence[str], now_ms: int) -> None:
    """`release` of each, in as few statements as one takes. Lock all their jobs' rows first."""
    end_holds(db, job_ids, "released", 0, now_ms)


def end_holds(
    db: Session, job_ids: Sequence[str], state: str, spent_gpu_ms: int, now_ms: int
) -> None:
    if not job_ids:
        return
    held_ms = Reservation.held_gpu_ms
    ended = db.execute(
        update(Reservation)
        .where(Reservation.job_id.in_(job_ids), Reservation.state == "held")
        .values(
            state=state,
            spent_gpu_ms=case((held_ms < spent_gpu_ms, held_ms), else_=spent_gpu_ms),
            ended_at=now_ms,
        )
        .returning(
            Reservation.job_id,
            Reservation.tester_id,
            Reservation.token_id,
            Reservation.cohort_id,
            Reservation.charged,
            Reservation.held_gpu_ms,
            Reservation.spent_gpu_ms,
        ),
        execution_options={"synchronize_session": False},
    ).all()
    if not ended:
        return
    ends: dict[Budgeted, Ending] = defaultdict(Ending)
    for row in ended:
        for name in row.charged.split():
            subject, _, day = name.rpartition("/")
            ends[subject, int(day)] += Ending(1, row.held_gpu_ms, row.spent_gpu_ms)
    write_off(db, ends, clips_back=state == "released")
    meters_of(db).leave(
        db, {row.job_id: Chain(row.tester_id, row.token_id, row.cohort_id) for row in ended}
    )


def write_off(db: Session, ends: Mapping[Budgeted, Ending], *, clips_back: bool) -> None:
    """Take what ended out of the budgets that held it, all of them locked first, in order."""
    budget = tuple_(Budget.subject, Budget.day)
    in_order = select(Budget.day).where(budget.in_(ends)).order_by(Budget.subject, Budget.day)
    db.execute(in_order.with_for_update())
    for ending in set(ends.values()):  # mostly one: who is charged together is paid back together
        alike = [key for key, found in ends.items() if found == ending]
        db.execute(
            update(Budget)
            .where(budget.in_(alike))
            .values(
                clips=Budget.clips - (ending.clips if clips_back else 0),
                held_gpu_ms=Budget.held_gpu_ms - ending.held_gpu_ms,
                spent_gpu_ms=Budget.spent_gpu_ms + ending.spent_gpu_ms,
            ),
            execution_options={"synchronize_session": False},
        )
