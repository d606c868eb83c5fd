"""The people in the programme."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.records import Tester
from auth.rows import insert_new
from errors import BadSpec, Conflict, NotFound

TESTER, ADMIN = "tester", "admin"
NAME_MAX_CHARS = 80


def add(db: Session, name: str, *, role: str = TESTER, now_ms: int) -> Tester:
    """Add a tester, or an admin with `role=ADMIN`.

    Raises BadSpec for a name that cannot stand in a list, Conflict for one that is taken.
    """
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX_CHARS or not name.isprintable():
        raise BadSpec(
            f"A name has 1 to {NAME_MAX_CHARS} characters that can be printed.", field="name"
        )
    tester_id = uuid.uuid4().hex
    if not insert_new(db, Tester, id=tester_id, name=name, role=role, created_at=now_ms):
        raise Conflict(f"There is a tester named {name} already. Choose another name.")
    return db.get_one(Tester, tester_id)


def find(db: Session, name: str) -> Tester:
    """The tester of that name. Raises NotFound."""
    tester = db.scalar(select(Tester).where(Tester.name == name.strip()))
    if tester is None:
        raise NotFound
    return tester


def list(db: Session) -> Sequence[Tester]:
    """Every tester, by name."""
    return db.scalars(select(Tester).order_by(Tester.name)).all()
