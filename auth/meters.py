"""Rates and places: counted by the database, or by Redis where many web processes share one.

`meters_of(db)` is whichever this process was wired with (`wire`). Both decide alike; one list of
tests runs on both.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from auth.limits import Bound
from auth.quotas import Meters, Quota, quotas, refuse_spent
from auth.records import Meter, Reservation
from auth.rows import insert_new
from auth.subjects import Chain, reservations_of
from database import Database

METERS = "what counts rates and places"
Counted = Sequence[tuple[Bound, Meters]]


class MeterStore(Protocol):
    """Where rates and places are counted. None of these commits."""

    def take(
        self, db: Session, job_id: str, bounds: Sequence[Bound], now_ms: int
    ) -> Sequence[Quota]:
        """Count one call and take one place for `job_id` of every subject, or of none.

        Returns what is left after it. Undone when `db` does not commit.
        Raises TooMany, StoreUnavailable.
        """

    def leave(self, db: Session, jobs: Mapping[str, Chain]) -> None:
        """Give the places of these jobs back once `db` has committed. Never raises."""

    def announce(self, db: Session, key: str) -> None:
        """Tell every process, once `db` has committed, that a subject's row changed.

        Never raises: who is not told finds it in the row.
        """

    def restore(self, db: Session) -> None:
        """Bring what is counted outside the database up to what the database says.

        Raises StoreUnavailable.
        """


def wire(database: Database, store: MeterStore) -> None:
    """Let every transaction of `database` count in `store`."""
    database.session_info[METERS] = store


def meters_of(db: Session) -> MeterStore:
    store: MeterStore = db.info.get(METERS) or SQL
    return store


class SqlMeters:
    """Counts in the caller's transaction, under a lock on each subject's row."""

    def take(
        self, db: Session, job_id: str, bounds: Sequence[Bound], now_ms: int
    ) -> Sequence[Quota]:
        limited = [bound for bound in bounds if is_metered(bound)]
        rows = lock_rows(db, [bound.subject for bound in limited])
        found = []
        for bound in limited:
            row = rows[bound.subject]
            found.append((bound, Meters(row.minute_ms, row.day_ms, count_held(db, bound, job_id))))
        refuse_spent(left_of(found, now_ms))
        after = with_one_more(found, now_ms)
        for bound, meters in after:
            write_down(db, bound.subject, meters)
        return left_of(after, now_ms)

    def leave(self, db: Session, jobs: Mapping[str, Chain]) -> None:
        """Nothing to do: a reservation that is not held holds no place."""

    def announce(self, db: Session, key: str) -> None:
        """Nobody to tell: each process reads the rows."""

    def restore(self, db: Session) -> None:
        """Nothing is counted elsewhere."""


SQL = SqlMeters()


def left_of(counted: Counted, now_ms: int) -> list[Quota]:
    return [quota for bound, meters in counted for quota in quotas(bound, meters, now_ms)]


def with_one_more(counted: Counted, now_ms: int) -> Counted:
    return [(bound, meters.with_one_more(bound.limits, now_ms)) for bound, meters in counted]


def is_metered(bound: Bound) -> bool:
    limits = bound.limits
    return any((limits.rate_per_minute, limits.rate_per_day, limits.concurrent))


def lock_rows(db: Session, subjects: Sequence[str]) -> dict[str, Meter]:
    """The meters of these subjects, each locked until the end of the transaction, in order.

    One that is missing is made first: made later, they would be locked out of order.
    """
    mine = Meter.subject.in_(subjects)
    there = set(db.scalars(select(Meter.subject).where(mine)))
    for subject in sorted(set(subjects) - there):
        insert_new(db, Meter, subject=subject, minute_ms=0, day_ms=0)
    query = select(Meter).where(mine).order_by(Meter.subject).with_for_update()
    rows = db.scalars(query.execution_options(populate_existing=True))
    return {row.subject: row for row in rows}


def count_held(db: Session, bound: Bound, but_for: str) -> int:
    """The subject's clips waiting or being drawn: those whose reservation is held."""
    if bound.limits.concurrent is None:
        return 0
    held = select(func.count()).where(Reservation.state == "held", Reservation.job_id != but_for)
    return db.scalar(held.where(reservations_of(bound.subject))) or 0


def write_down(db: Session, subject: str, meters: Meters) -> None:
    db.execute(
        update(Meter)
        .where(Meter.subject == subject)
        .values(minute_ms=meters.minute_ms, day_ms=meters.day_ms),
        execution_options={"synchronize_session": False},
    )


def when_committed(db: Session, act: Callable[[], None]) -> None:
    event.listen(db, "after_commit", lambda _db: act(), once=True)


def unless_committed(db: Session, act: Callable[[], None]) -> None:
    """Do `act` when the transaction ends in any other way than by a commit."""
    committed = False

    def note(_db: Session) -> None:
        nonlocal committed
        committed = True

    def finish(_db: Session, ended: object) -> None:
        nonlocal committed
        if getattr(ended, "parent", None) is None and not committed:
            committed = True  # a session may begin anew: what this one left is undone once
            act()

    event.listen(db, "after_commit", note)
    event.listen(db, "after_transaction_end", finish)
