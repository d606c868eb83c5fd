"""Whom a decision is about: everybody, a cohort, a tester, a token; and the lock of each."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from auth.records import Cohort, Reservation, Subject, Tester, Token
from errors import NotFound

EVERYBODY = "everybody"


@dataclass(frozen=True)
class Chain:
    """The subjects of one request, each within the one before."""

    tester_id: str
    token_id: str
    cohort_id: str | None = None

    @property
    def token(self) -> str:
        return f"token:{self.token_id}"

    @property
    def tester(self) -> str:
        return f"tester:{self.tester_id}"

    @property
    def keys(self) -> tuple[str, ...]:
        """From the widest to the narrowest; locks are taken in this order."""
        cohort = (f"cohort:{self.cohort_id}",) if self.cohort_id else ()
        return (EVERYBODY, *cohort, self.tester, self.token)


def find_all(db: Session, keys: Iterable[str]) -> Mapping[str, Subject]:
    """The rows there are for these subjects, as the database has them now."""
    rows = select(Subject).where(Subject.key.in_(tuple(keys)))
    found = db.scalars(rows.execution_options(populate_existing=True))
    return {row.key: row for row in found}


def name_of(db: Session, key: str) -> str:
    """What people call a subject. Raises NotFound for a key that names nobody."""
    kind, _, id_ = key.partition(":")
    if key == EVERYBODY:
        return EVERYBODY
    if kind == "token" and (token := db.get(Token, id_)) is not None:
        return f"token {token.id}"
    if kind == "tester" and (tester := db.get(Tester, id_)) is not None:
        return tester.name
    if kind == "cohort" and (cohort := db.get(Cohort, id_)) is not None:
        return f"cohort {cohort.name}"
    raise NotFound


def reservations_of(key: str) -> ColumnElement[bool]:
    """The condition that picks a subject's reservations."""
    kind, _, id_ = key.partition(":")
    if key == EVERYBODY:
        return true()
    columns = {
        "cohort": Reservation.cohort_id,
        "tester": Reservation.tester_id,
        "token": Reservation.token_id,
    }
    return columns[kind] == id_


def lock_to_act(db: Session, keys: Iterable[str], job_id: str | None = None) -> None:
    """Let whoever stops one of these subjects wait for this transaction, or wait for them.

    Those who act share the lock of a subject, and have that of their job alone. On Postgres these
    are advisory locks, which queue: sharers who keep coming cannot keep a stop waiting. On
    SQLite the transaction has the one write lock from its start.
    """
    if db.get_bind().dialect.name == "sqlite":
        return
    locks = [func.pg_advisory_xact_lock_shared(lock_id(key)) for key in keys]
    if job_id is not None:
        locks.append(func.pg_advisory_xact_lock(lock_id(f"job:{job_id}")))
    db.execute(select(*locks))


def lock_to_change(db: Session, key: str) -> None:
    """Wait for the admissions and publications of this subject under way; the next ones wait."""
    if db.get_bind().dialect.name != "sqlite":
        db.execute(select(func.pg_advisory_xact_lock(lock_id(key))))


def lock_id(key: str) -> int:
    """64 bits, signed."""
    digest = hashlib.blake2b(f"greenroom {key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
