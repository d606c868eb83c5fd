"""Cohorts: groups of testers that come in, are limited, and are stopped together."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth import audit, names
from auth.records import Cohort, Tester
from auth.rows import changed, insert_new
from auth.subjects import find_all
from errors import Conflict, NotFound


def add(db: Session, name: str, *, by: str, now_ms: int) -> Cohort:
    """Add a cohort. Does not commit. Raises BadSpec for the name, Conflict for a taken one."""
    name = names.plain_name(name, "A cohort's name")
    cohort_id = uuid.uuid4().hex
    alike = (
        known for known in db.scalars(select(Cohort.name)) if names.look(known) == names.look(name)
    )
    twin = next(alike, None)
    if twin or not insert_new(db, Cohort, id=cohort_id, name=name, created_at=now_ms):
        raise Conflict(f"There is a cohort named {twin or name} already. Choose another name.")
    audit.record(db, actor=by, action="cohort.add", subject=f"cohort:{cohort_id}", now_ms=now_ms)
    return db.get_one(Cohort, cohort_id)


def find(db: Session, name: str) -> Cohort:
    """The cohort of that name. Raises NotFound."""
    cohort = db.scalar(select(Cohort).where(Cohort.name == name.strip()))
    if cohort is None:
        raise NotFound
    return cohort


@dataclass(frozen=True)
class Group:
    """A cohort, how many testers it has, and whether it is stopped (auth/switch.py)."""

    cohort: Cohort
    testers: int
    stopped: bool


def list(db: Session) -> Sequence[Group]:
    """Every cohort, by name."""
    rows = db.execute(
        select(Cohort, func.count(Tester.id))
        .outerjoin(Tester, Tester.cohort_id == Cohort.id)
        .group_by(Cohort.id)
        .order_by(Cohort.name)
    ).all()
    subjects = find_all(db, [f"cohort:{cohort.id}" for cohort, _ in rows])
    stopped = {key for key, subject in subjects.items() if subject.stopped_at is not None}
    return [Group(cohort, testers, f"cohort:{cohort.id}" in stopped) for cohort, testers in rows]


def move(db: Session, tester_id: str, cohort: Cohort | None, *, by: str, now_ms: int) -> None:
    """Put a tester into a cohort, or with None into none. Does not commit. Raises NotFound."""
    cohort_id = cohort.id if cohort else None
    if not changed(db, update(Tester).where(Tester.id == tester_id).values(cohort_id=cohort_id)):
        raise NotFound
    audit.record(
        db,
        actor=by,
        action="tester.move",
        subject=f"tester:{tester_id}",
        details={"cohort": cohort_id},
        now_ms=now_ms,
    )
