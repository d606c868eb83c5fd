"""The audit log: who did what to whom, when and why, in a chain that shows every change.

Each row carries the SHA-256 of itself and of the row before it. `record` may be called anywhere in
a transaction; the rows are written as its last act before the commit, so that the one lock they
need, the chain's head, is held for a moment and after every other lock. If they cannot be
written, the commit fails, and what they tell of did not happen.

Rows name things by kind and id (`tester:…`, `token:…`, `operator` at the command line), never a
token, a prompt or a person's name.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, event, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from auth import checkpoints
from auth.records import AuditEntry, AuditHead
from auth.rows import changed
from database import Database
from errors import Unavailable

OPERATOR, SYSTEM = "operator", "system"
ACTOR_MAX_CHARS, ACTION_MAX_CHARS, SUBJECT_MAX_CHARS = 80, 64, 120
REASON_MAX_CHARS, DETAILS_MAX_CHARS = 400, 4000
ACTION_SHAPE = re.compile(r"[a-z_]+\.[a-z_]+")
TOKEN_LIKE = re.compile(r"grm_[a-z]+_[0-9A-Za-z]{12}_[0-9A-Za-z]{16}")
NO_DETAILS: Mapping[str, Any] = MappingProxyType({})
WAITING, SIGNING_KEY = "audit entries waiting for the commit", "audit signing key"


@dataclass(frozen=True)
class Draft:
    """A row before it has its place in the chain. `details` is canonical JSON."""

    at_ms: int
    actor: str
    action: str
    subject: str
    reason: str
    details: str


def record(
    db: Session,
    *,
    actor: str,
    action: str,
    subject: str,
    reason: str = "",
    details: Mapping[str, Any] = NO_DETAILS,
    now_ms: int,
) -> None:
    """Write one row with the caller's transaction, or let its commit fail with Unavailable.

    actor    `tester:ID`, OPERATOR (the command line) or SYSTEM
    action   `noun.verb`, such as `token.revoke`
    subject  what it was done to: `token:ID`, `tester:ID`, `job:ID` …
    details  strings, whole numbers, booleans, None, and lists and mappings of them

    Raises ValueError for an action of another shape, for details that are something else or too
    long, and for anything that looks like a token: faults of the caller, not of a person.
    """
    if not ACTION_SHAPE.fullmatch(action) or len(action) > ACTION_MAX_CHARS:
        raise ValueError(f"not a noun.verb: {action}")
    draft = Draft(
        at_ms=now_ms,
        actor=plain(actor, ACTOR_MAX_CHARS),
        action=action,
        subject=plain(subject, SUBJECT_MAX_CHARS),
        reason=plain(reason, REASON_MAX_CHARS),
        details=canonical(details),
    )
    if TOKEN_LIKE.search(" ".join((draft.actor, draft.subject, draft.reason, draft.details))):
        raise ValueError("a token has no place in the audit log")
    if db.in_nested_transaction():
        raise RuntimeError(
            "a savepoint can be undone alone, and the row would stay: record outside"
        )
    if WAITING not in db.info:
        event.listen(db, "before_commit", write_waiting)
        event.listen(db, "after_soft_rollback", forget_waiting)
    db.info.setdefault(WAITING, []).append(draft)


def sign_with(database: Database, secret: str) -> None:
    """Let transactions of `database` sign a checkpoint whenever one is due."""
    database.session_info[SIGNING_KEY] = checkpoints.signing_key(secret)


def write_waiting(db: Session) -> None:
    if db.in_nested_transaction() or not db.info[WAITING]:
        return
    drafts, db.info[WAITING] = db.info[WAITING], []
    try:
        db.flush()  # so that every other lock is taken before the head's
        append(db, drafts)
    except SQLAlchemyError as error:
        raise Unavailable(
            "Greenroom cannot write its audit log, and does nothing that is not in it. "
            "Try again in a moment.",
            retry_after_s=5,
        ) from error


def forget_waiting(db: Session, previous: Any) -> None:
    if not previous.nested:
        db.info[WAITING] = []


def append(db: Session, drafts: Sequence[Draft]) -> None:
    """Add rows at the end of the chain, one transaction at a time; a checkpoint where due."""
    head = db.execute(select(AuditHead).with_for_update().execution_options(populate_existing=True))
    old = head.scalar_one()
    seq, last_hash, rows = old.seq, old.hash, []
    for draft in drafts:
        seq += 1
        row = {"seq": seq, **vars(draft), "prev_hash": last_hash}
        last_hash = row["hash"] = hash_of(row)
        rows.append(row)
    db.execute(insert(AuditEntry), rows)
    move = update(AuditHead).where(AuditHead.seq == old.seq, AuditHead.hash == old.hash)
    if not changed(db, move.values(seq=seq, hash=last_hash)):
        raise SQLAlchemyError("the chain's head moved under its lock")
    key = db.info.get(SIGNING_KEY)
    if key is not None and seq - old.checkpoint_seq >= checkpoints.EVERY_ROWS:
        checkpoints.sign(db, key, now_ms=drafts[-1].at_ms)


def hash_of(row: Mapping[str, Any]) -> str:
    """64 hex digits: SHA-256 of a row's fields as one JSON list, so that no two rows read alike."""
    fields = ("prev_hash", "seq", "at_ms", "actor", "action", "subject", "reason", "details")
    text = json.dumps(["greenroom audit 1", *(row[name] for name in fields)], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(details: Mapping[str, Any]) -> str:
    """JSON in one spelling: keys sorted, ASCII, no spaces, and no fractions, which have several."""
    check_spellable(dict(details))
    text = json.dumps(dict(details), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    if len(text) > DETAILS_MAX_CHARS:
        raise ValueError(f"details longer than {DETAILS_MAX_CHARS} characters")
    return text


def check_spellable(value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise ValueError(f"a name that is no text: {name!r}")
            check_spellable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            check_spellable(inner)
    elif value is not None and not isinstance(value, str | int):
        raise ValueError(f"{type(value).__name__} has no one spelling")


def plain(text: str, most: int) -> str:
    """On one line, without control characters, at most `most` characters."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:most]


@dataclass(frozen=True)
class Search:
    """Which rows to show; None asks nothing. `action` also finds all verbs of a noun (`token`)."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    before_seq: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        asked = (
            (self.actor, AuditEntry.actor == self.actor),
            (self.subject, AuditEntry.subject == self.subject),
            (self.since_ms, AuditEntry.at_ms >= (self.since_ms or 0)),
            (self.until_ms, AuditEntry.at_ms < (self.until_ms or 0)),
            (self.before_seq, AuditEntry.seq < (self.before_seq or 0)),
        )
        wanted: list[ColumnElement[bool]] = [test for value, test in asked if value is not None]
        if self.action is not None:
            noun = AuditEntry.action.startswith(f"{self.action}.", autoescape=True)
            wanted.append((AuditEntry.action == self.action) | noun)
        return wanted


def entries(db: Session, search: Search, limit: int) -> Sequence[AuditEntry]:
    """The newest `limit` rows that were searched for, newest first."""
    newest = select(AuditEntry).where(*search.conditions()).order_by(AuditEntry.seq.desc())
    return db.scalars(newest.limit(limit)).all()
