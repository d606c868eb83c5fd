"""The audit log is written with what it tells of, or neither happens; and it cannot be changed."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from auth import audit, checkpoints, testers, tokens
from auth.audit import Search
from auth.gate import Gate
from auth.records import AuditCheckpoint, AuditEntry, AuditHead, Tester
from auth.verification import verify
from database import Database
from errors import Unavailable
from tests.auth.conftest import NOON
from tests.auth.test_races import CALLERS, all_at_once

SECRET = "a secret of at least thirty-two characters"
KEY = checkpoints.public_text(checkpoints.signing_key(SECRET))


def write(database: Database, rows: int, action: str = "token.issue") -> None:
    with database.begin() as db:
        for number in range(rows):
            audit.record(
                db, actor="operator", action=action, subject=f"token:{number}", now_ms=NOON + number
            )


def read_all(database: Database, **asked: Any) -> list[AuditEntry]:
    with database.read() as db:
        return list(audit.entries(db, Search(**asked), 1000))


def test_record_chains_rows_in_the_order_they_were_told(database: Database) -> None:
    write(database, 2)
    write(database, 1, "token.revoke")
    third, second, first = read_all(database)
    assert [row.seq for row in (first, second, third)] == [1, 2, 3]
    assert first.prev_hash == "0" * 64
    assert (second.prev_hash, third.prev_hash) == (first.hash, second.hash)
    with database.read() as db:
        head = db.get_one(AuditHead, 1)
    assert (head.seq, head.hash) == (3, third.hash)


def test_record_keeps_every_field_and_spells_details_one_way(database: Database) -> None:
    details = {"b": ["ü", 1, None], "a": {"y": True, "x": 2}}
    with database.begin() as db:
        audit.record(
            db,
            actor="tester:a",
            action="token.revoke",
            subject="token:b",
            reason="  pasted\nin\x00public ",
            details=details,
            now_ms=NOON,
        )
    [row] = read_all(database)
    assert (row.at_ms, row.actor, row.action, row.subject) == (
        NOON,
        "tester:a",
        "token.revoke",
        "token:b",
    )
    assert row.reason == "pasted in public"
    assert row.details == '{"a":{"x":2,"y":true},"b":["\\u00fc",1,null]}'
    assert json.loads(row.details) == details


def test_hash_differs_wherever_a_field_does_and_where_text_moves_between_fields() -> None:
    row = {
        "prev_hash": "0" * 64,
        "seq": 1,
        "at_ms": 2,
        "actor": "ab",
        "action": "c.d",
        "subject": "e",
        "reason": "f",
        "details": "{}",
    }
    others: list[dict[str, object]] = [
        {"prev_hash": "1" * 64},
        {"seq": 2},
        {"at_ms": 3},
        {"actor": "a"},
        {"action": "c.e"},
        {"subject": "f"},
        {"reason": ""},
        {"details": '{"a":1}'},
        {"subject": "", "reason": "ef"},
        {"subject": 'e","f', "reason": ""},
    ]
    hashes = {audit.hash_of({**row, **other}) for other in [{}, *others]}
    assert len(hashes) == 1 + len(others)
    assert (
        audit.hash_of(row) == "18e61aaa21b20d9f7393f6033d1beaabe5549d5d1d64632434f5bb3cda3dac0b"
    )  # as any other program must find it


@pytest.mark.parametrize(
    "details",
    [
        {"share": 0.5},
        {"when": b"bytes"},
        {"deep": [{"x": {1, 2}}]},
        {1: "x"},
        {"deep": {2: "x"}},
        {"long": "x" * 4000},
    ],
)
def test_record_refuses_details_without_one_spelling(database: Database, details: Any) -> None:
    with database.begin() as db, pytest.raises(ValueError, match=r"spelling|text|longer"):
        audit.record(db, actor="a", action="b.c", subject="d", details=details, now_ms=NOON)


@pytest.mark.parametrize("action", ["revoke", "Token.revoke", "token.", "token.revoke.x", ""])
def test_record_refuses_an_action_that_is_no_noun_and_verb(database: Database, action: str) -> None:
    with database.begin() as db, pytest.raises(ValueError, match="noun"):
        audit.record(db, actor="a", action=action, subject="d", now_ms=NOON)


@pytest.mark.parametrize("field", ["actor", "subject", "reason", "details"])
def test_record_refuses_a_token_in_any_field(database: Database, gate: Gate, field: str) -> None:
    with database.begin() as db:
        ada = testers.add(db, "Ada", now_ms=NOON)
        minted = tokens.mint(db, gate.keys, ada.id, lifetime_ms=1000, now_ms=NOON)
        words: dict[str, Any] = {"actor": "a", "subject": "b", field: f"see {minted.text}"}
        if field == "details":
            words["details"] = {"token": minted.text}
        with pytest.raises(ValueError, match="token has no place"):
            audit.record(db, action="b.c", now_ms=NOON, **words)


def test_record_writes_nothing_when_the_transaction_fails(database: Database) -> None:
    def fail() -> None:
        with database.begin() as db:
            audit.record(db, actor="a", action="b.c", subject="d", now_ms=NOON)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert read_all(database) == []


def test_record_forgets_what_was_rolled_back_before_the_session_goes_on(
    database: Database,
) -> None:
    with Session(database.engine) as db:
        testers.add(db, "Ada", now_ms=NOON)
        audit.record(db, actor="a", action="b.undone", subject="d", now_ms=NOON)
        db.rollback()
        audit.record(db, actor="a", action="b.done", subject="d", now_ms=NOON)
        db.commit()
    assert [row.action for row in read_all(database)] == ["b.done"]


def test_record_is_refused_in_a_savepoint_and_outlives_one(database: Database) -> None:
    with database.begin() as db:
        audit.record(db, actor="a", action="b.before", subject="d", now_ms=NOON)
        with db.begin_nested(), pytest.raises(RuntimeError, match="savepoint"):
            audit.record(db, actor="a", action="b.inside", subject="d", now_ms=NOON)
        with db.begin_nested() as savepoint:
            savepoint.rollback()
    assert [row.action for row in read_all(database)] == ["b.before"]


def test_action_is_undone_when_its_row_cannot_be_written(database: Database) -> None:
    """A log whose end was tampered with takes no more rows; then nothing may happen unseen."""
    write(database, 1)
    forget_triggers(database)
    with database.begin() as db:
        db.execute(text("UPDATE audit_head SET seq = 0"))

    def add() -> None:
        with database.begin() as db:
            testers.add(db, "Ada", now_ms=NOON)
            audit.record(db, actor="a", action="tester.add", subject="d", now_ms=NOON)

    with pytest.raises(Unavailable, match="audit log"):
        add()
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Tester)) == 0


def test_fifty_at_once_write_fifty_rows_in_one_whole_chain(database: Database) -> None:
    audit.sign_with(database, SECRET)

    def tell(number: int) -> None:
        with database.begin() as db:
            audit.record(db, actor="a", action="b.c", subject=f"d:{number}", now_ms=NOON)

    assert all_at_once(tell) == {"ok": CALLERS}
    rows = read_all(database)
    assert {row.subject for row in rows} == {f"d:{number}" for number in range(CALLERS)}
    assert len({row.prev_hash for row in rows}) == CALLERS
    with database.read() as db:
        verdict = verify(db, [KEY])
    assert (verdict.rows, verdict.bad_seq, verdict.signed_seq) == (CALLERS, None, 32)


def test_two_who_lock_in_another_order_than_they_tell_do_not_wait_for_each_other(
    database: Database,
) -> None:
    """The head is locked last of all, wherever in its transaction `record` was called."""
    with database.begin() as db:
        people = [testers.add(db, name, now_ms=NOON).id for name in ("Ada", "Ben")]

    def tell_then_lock(number: int) -> None:
        with database.begin() as db:
            audit.record(db, actor="a", action="b.c", subject="d", now_ms=NOON)
            rename = text("UPDATE testers SET created_at = created_at + 1 WHERE id = :id")
            db.execute(rename, {"id": people[0]})

    def lock_then_tell(number: int) -> None:
        with database.begin() as db:
            rename = text("UPDATE testers SET created_at = created_at + 1 WHERE id = :id")
            db.execute(rename, {"id": people[0]})
            audit.record(db, actor="a", action="b.c", subject="d", now_ms=NOON)

    outcome = all_at_once(lambda n: (tell_then_lock if n % 2 else lock_then_tell)(n), 20)
    assert outcome == {"ok": 20}
    assert len(read_all(database)) == 20


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET reason = 'x' WHERE seq = 2",
        "DELETE FROM audit_entries WHERE seq = 2",
        "UPDATE audit_checkpoints SET seq = 1",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_head SET seq = 1",
        "UPDATE audit_head SET checkpoint_seq = 0",
        "DELETE FROM audit_head",
    ],
)
def test_database_forbids_changing_what_was_written(database: Database, statement: str) -> None:
    audit.sign_with(database, SECRET)
    write(database, 40)
    with pytest.raises(SQLAlchemyError, match="only grows"), database.begin() as db:
        db.execute(text(statement))
    with database.read() as db:
        assert verify(db, [KEY]).bad_seq is None


def test_database_forbids_each_other_way_to_empty_or_replace_it(database: Database) -> None:
    write(database, 3)
    if database.is_sqlite:
        columns = "SELECT seq, at_ms, actor, action, subject, 'x', details, prev_hash, hash"
        statements = [
            f"INSERT OR REPLACE INTO audit_entries {columns} FROM audit_entries WHERE seq = 2",
            f"INSERT OR REPLACE INTO audit_head VALUES (1, 0, '{'0' * 64}', 0)",
        ]
    else:
        statements = [f"TRUNCATE {t}" for t in ("audit_entries", "audit_head", "audit_checkpoints")]
    for statement in statements:
        with pytest.raises(SQLAlchemyError, match="only grows"), database.begin() as db:
            db.execute(text(statement))
    assert [row.reason for row in read_all(database)] == ["", "", ""]


def forget_triggers(database: Database) -> None:
    """What somebody with the database's own rights does first."""
    with database.begin() as db:
        if not database.is_sqlite:
            for table in ("audit_entries", "audit_head", "audit_checkpoints"):
                db.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            return
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit%'"
        for name in db.scalars(text(names)).all():
            db.execute(text(f"DROP TRIGGER {name}"))


def test_checkpoint_is_signed_every_so_many_rows(database: Database) -> None:
    audit.sign_with(database, SECRET)
    for _ in range(5):
        write(database, 20)
    with database.read() as db:
        signed = db.scalars(select(AuditCheckpoint.seq).order_by(AuditCheckpoint.seq)).all()
    assert signed == [40, 80]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"actor": "tester:a"}, [4, 1]),
        ({"subject": "token:2"}, [3]),
        ({"action": "token.issue"}, [2, 1]),
        ({"action": "token"}, [3, 2, 1]),
        ({"action": "toke_"}, []),
        ({"since_ms": NOON + 3}, [5, 4, 3]),
        ({"until_ms": NOON + 3}, [2, 1]),
        ({"before_seq": 3}, [2, 1]),
        ({"actor": "operator", "action": "token"}, [3, 2]),
    ],
)
def test_entries_are_found_by_each_filter(
    database: Database, asked: dict[str, Any], found: list[int]
) -> None:
    told = (
        ("tester:a", "token.issue", "token:1"),
        ("operator", "token.issue", "token:1"),
        ("operator", "token.revoke", "token:2"),
        ("tester:a", "tester.add", "tester:b"),
        ("tester:b", "sign_in.open", "tester:b"),
    )
    for number, (actor, action, subject) in enumerate(told, 1):
        with database.begin() as db:
            audit.record(db, actor=actor, action=action, subject=subject, now_ms=NOON + number)
    assert [row.seq for row in read_all(database, **asked)] == found
    with database.read() as db:
        assert [row.seq for row in audit.entries(db, Search(**asked), 1)] == found[:1]
