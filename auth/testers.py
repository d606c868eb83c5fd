"""The people in the programme."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import names
from auth.records import Cohort, Tester
from auth.rows import insert_new
from errors import Conflict, NotFound

TESTER, ADMIN = "tester", "admin"
NAME_MAX_CHARS = names.NAME_MAX_CHARS


def add(
    db: Session,
    name: str,
    *,
    role: str = TESTER,
    email: str | None = None,
    cohort_id: str | None = None,
    now_ms: int,
) -> Tester:
    """Add a tester, or an admin with `role=ADMIN`.

    Raises BadSpec for a name or an address that cannot stand in a list, Conflict for one that is
    taken, and for a name that looks like another's.
    """
    name = names.plain_name(name)
    email = names.plain_email(email) if email else None
    if twin := looks_like(db, name):
        raise Conflict(f"There is a tester named {twin} already. Choose another name.")
    tester_id = uuid.uuid4().hex
    if not insert_new(
        db,
        Tester,
        id=tester_id,
        name=name,
        role=role,
        email=email,
        cohort_id=cohort_id,
        created_at=now_ms,
    ):
        raise Conflict(f"There is a tester named {name} or with this address already.")
    return db.get_one(Tester, tester_id)


def looks_like(db: Session, name: str) -> str | None:
    """The name of a tester that can be taken for this one."""
    return db.scalar(select(Tester.name).where(Tester.look == names.look(name)).limit(1))


def rename(db: Session, tester_id: str, name: str) -> None:
    """Give a tester another name, whoever else may have it. Does not commit."""
    own = update(Tester).where(Tester.id == tester_id)
    db.execute(own.values(name=name, look=names.look(name)))


def find(db: Session, name: str) -> Tester:
    """The tester of that name. Raises NotFound."""
    tester = db.scalar(select(Tester).where(Tester.name == name.strip()))
    if tester is None:
        raise NotFound
    return tester


def with_cohort(db: Session, tester_id: str) -> tuple[Tester, Cohort | None]:
    """The tester and the cohort they are in, as the database has them now."""
    row = db.execute(
        select(Tester, Cohort)
        .outerjoin(Cohort, Cohort.id == Tester.cohort_id)
        .where(Tester.id == tester_id)
        .execution_options(populate_existing=True)
    ).one()
    return row[0], row[1]


def list(db: Session) -> Sequence[Tester]:
    """Every tester, by name."""
    return db.scalars(select(Tester).order_by(Tester.name)).all()
