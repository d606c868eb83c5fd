"""A log that was edited, cut, reordered or hashed anew is found out by its first bad row."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from auth import audit, checkpoints
from auth.checkpoints import Checkpoint
from auth.records import AuditEntry, AuditHead
from auth.verification import Verdict, verify
from database import Database
from errors import BadRequest
from tests.auth.conftest import NOON
from tests.auth.test_audit import KEY, SECRET, forget_triggers, write

OTHER = checkpoints.signing_key("another secret of thirty-two characters!")


@pytest.fixture
def log(database: Database) -> Database:
    """40 rows, the first 32 and then all 40 signed; nothing stands in a forger's way any more."""
    audit.sign_with(database, SECRET)
    for _ in range(40):
        write(database, 1)
    with database.begin() as db:
        checkpoints.sign(db, checkpoints.signing_key(SECRET), now_ms=NOON)
    forget_triggers(database)
    return database


def check(log: Database, *kept: str, keys: tuple[str, ...] = (KEY,)) -> Verdict:
    with log.read() as db:
        return verify(db, keys, [Checkpoint.parse(line) for line in kept])


def tamper(log: Database, *statements: str) -> None:
    with log.begin() as db:
        for statement in statements:
            db.execute(text(statement))


def hash_anew(db: Session, from_seq: int) -> None:
    """The whole chain from a row on, and its head, as a forger would leave them."""
    last = db.scalar(select(AuditEntry.hash).where(AuditEntry.seq == from_seq - 1)) or "0" * 64
    for row in db.scalars(
        select(AuditEntry).where(AuditEntry.seq >= from_seq).order_by(AuditEntry.seq)
    ).all():
        fields = {**vars(row), "prev_hash": last}
        last = audit.hash_of(fields)
        change = update(AuditEntry).where(AuditEntry.seq == row.seq)
        db.execute(change.values(prev_hash=fields["prev_hash"], hash=last))
    db.execute(update(AuditHead).values(hash=last))


def test_untouched_log_is_whole(log: Database) -> None:
    assert check(log) == Verdict(40, 40, None, "The log is whole: 40 rows.")


def test_empty_log_is_whole(database: Database) -> None:
    assert check(database) == Verdict(0, 0, None, "The log is whole: 0 rows.")


def test_whole_log_says_how_many_rows_nobody_has_signed(log: Database) -> None:
    write(log, 3)
    verdict = check(log)
    assert (verdict.rows, verdict.signed_seq) == (43, 40)
    assert verdict.sentence.endswith("The last 3 are not signed yet.")


@pytest.mark.parametrize(
    ("statement", "bad_seq", "word"),
    [
        ("UPDATE audit_entries SET reason = 'nicer' WHERE seq = 7", 7, "edited"),
        ("UPDATE audit_entries SET at_ms = at_ms + 1 WHERE seq = 1", 1, "edited"),
        ("UPDATE audit_entries SET actor = 'tester:b' WHERE seq = 40", 40, "edited"),
        ("UPDATE audit_entries SET prev_hash = hash WHERE seq = 9", 9, "edited"),
        ("DELETE FROM audit_entries WHERE seq = 1", 1, "missing"),
        ("DELETE FROM audit_entries WHERE seq = 17", 17, "missing"),
        ("DELETE FROM audit_entries WHERE seq = 40", 40, "cut off"),
        ("DELETE FROM audit_entries WHERE seq > 20", 21, "cut off"),
        ("DELETE FROM audit_entries", 1, "cut off"),
        ("DELETE FROM audit_head", 40, "deleted"),
        ("UPDATE audit_head SET seq = 41", 41, "cut off"),
        ("DELETE FROM audit_checkpoints WHERE seq = 40", 40, "deleted"),
        ("UPDATE audit_checkpoints SET hash = signature WHERE seq = 32", 32, "forged"),
        ("UPDATE audit_checkpoints SET at_ms = 1 WHERE seq = 32", 32, "forged"),
    ],
)
def test_verify_names_the_first_bad_row(
    log: Database, statement: str, bad_seq: int, word: str
) -> None:
    statement = statement.replace("hash = signature", "hash = substr(signature, 1, 64)")
    tamper(log, statement)
    verdict = check(log)
    assert (verdict.bad_seq, word in verdict.sentence) == (bad_seq, True)
    if word == "forged":
        assert verdict.signed_seq == 0  # a log with a forged checkpoint is vouched for nowhere


def test_verify_finds_two_rows_that_changed_places(log: Database) -> None:
    tamper(
        log,
        "UPDATE audit_entries SET seq = 1000 WHERE seq = 11",
        "UPDATE audit_entries SET seq = 11 WHERE seq = 12",
        "UPDATE audit_entries SET seq = 12 WHERE seq = 1000",
    )
    assert check(log).bad_seq == 11


def test_verify_finds_a_row_that_was_moved_and_hashed_to_fit_itself(log: Database) -> None:
    with log.begin() as db:
        row = db.get_one(AuditEntry, 11)
        forged = {**vars(row), "reason": "nicer"}
        db.execute(
            update(AuditEntry)
            .where(AuditEntry.seq == 11)
            .values(reason="nicer", hash=audit.hash_of(forged))
        )
    verdict = check(log)
    assert verdict.bad_seq == 12
    assert "row 11" in verdict.sentence


@pytest.mark.parametrize("seq", [0, -5, 41])
def test_verify_finds_a_row_that_was_put_in(log: Database, seq: int) -> None:
    with log.begin() as db:
        last = db.get_one(AuditEntry, 40)
        row: dict[str, Any] = {
            "seq": seq,
            "at_ms": NOON,
            "actor": "a",
            "action": "b.c",
            "subject": "d",
            "reason": "",
            "details": "{}",
            "prev_hash": last.hash if seq == 41 else "0" * 64,
        }
        db.execute(insert(AuditEntry).values(**row, hash=audit.hash_of(row)))
    verdict = check(log)
    assert (verdict.bad_seq, "inserted" in verdict.sentence) == (seq, True)


def test_verify_finds_a_chain_that_was_hashed_anew(log: Database) -> None:
    tamper(log, "UPDATE audit_entries SET reason = 'nicer' WHERE seq = 35")
    with log.begin() as db:
        hash_anew(db, 35)
    verdict = check(log)
    assert verdict.bad_seq == 33
    assert verdict.sentence == (
        "Row 40 is not the one that was signed: it, or one from row 33 on, was replaced and the "
        "chain hashed anew."
    )


def test_only_a_checkpoint_kept_outside_shows_that_a_log_was_cut_with_all_its_traces(
    log: Database,
) -> None:
    with log.read() as db:
        kept = keep(db)
    tamper(
        log,
        "DELETE FROM audit_entries WHERE seq > 32",
        "DELETE FROM audit_checkpoints WHERE seq > 32",
        "UPDATE audit_head SET seq = 32, checkpoint_seq = 32,"
        " hash = (SELECT hash FROM audit_entries WHERE seq = 32)",
    )
    assert check(log).bad_seq is None
    verdict = check(log, kept)
    assert (verdict.bad_seq, "reached row 40" in verdict.sentence) == (33, True)


def keep(db: Session) -> str:
    key = checkpoints.signing_key(SECRET)
    made = checkpoints.sign(db, key, now_ms=NOON)
    assert made is not None
    return made.line


def test_checkpoint_kept_outside_shows_a_log_that_was_replaced_whole(log: Database) -> None:
    with log.read() as db:
        kept = keep(db)
    tamper(
        log,
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_head SET checkpoint_seq = 0",
        "UPDATE audit_entries SET reason = 'nicer'",
    )
    with log.begin() as db:
        hash_anew(db, 1)
    assert check(log).bad_seq is None
    assert check(log, kept).bad_seq == 1


def test_checkpoint_by_a_strangers_key_counts_for_nothing(log: Database) -> None:
    """A forger can sign too, but not with the key that the secret gives."""
    tamper(log, "DELETE FROM audit_checkpoints", "UPDATE audit_entries SET reason = 'nicer'")
    with log.begin() as db:
        hash_anew(db, 1)
        checkpoints.sign(db, OTHER, now_ms=NOON)
    verdict = check(log)
    assert (verdict.bad_seq, "not this server's key" in verdict.sentence) == (40, True)


def test_checkpoint_kept_from_before_lets_an_old_key_count(log: Database) -> None:
    """After the operator changed the secret, the old checkpoints have nothing else to lean on."""
    with log.read() as db:
        kept = keep(db)
    new_key = checkpoints.public_text(OTHER)
    assert check(log, keys=(new_key,)).bad_seq == 32
    assert check(log, kept, keys=(new_key,)).bad_seq is None


def test_line_reads_back_as_the_checkpoint_it_is(log: Database) -> None:
    with log.read() as db:
        line = keep(db)
    assert Checkpoint.parse(f"  {line}\n").line == line
    assert Checkpoint.parse(line).is_signed()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: "",
        lambda line: line[:-1],
        lambda line: line.replace("greenroom-audit-1", "greenroom-audit-2"),
        lambda line: line + " more",
        lambda line: line.replace(" 40 ", " forty "),
    ],
)
def test_line_that_is_not_whole_is_refused(log: Database, spoil: Callable[[str], str]) -> None:
    with log.read() as db:
        line = keep(db)
    with pytest.raises(BadRequest, match="whole line"):
        Checkpoint.parse(spoil(line))


def test_line_whose_numbers_were_changed_is_found_forged(log: Database) -> None:
    with log.read() as db:
        line = keep(db)
    assert not Checkpoint.parse(line.replace(" 40 ", " 39 ")).is_signed()
    assert check(log, line.replace(" 40 ", " 39 ")).bad_seq == 39


def test_empty_log_has_nothing_to_sign(database: Database) -> None:
    with database.begin() as db:
        assert checkpoints.sign(db, OTHER, now_ms=NOON) is None


def test_signing_key_belongs_to_the_secret_and_to_this_use() -> None:
    assert checkpoints.public_text(checkpoints.signing_key(SECRET)) == KEY
    assert checkpoints.public_text(OTHER) != KEY
    assert len(KEY) == 43


def test_verify_reads_long_logs_a_page_at_a_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.verification.PAGE_ROWS", 7)
    write(database, 21)
    assert check(database).rows == 21
    forget_triggers(database)
    tamper(database, "UPDATE audit_entries SET reason = 'x' WHERE seq = 15")
    assert check(database).bad_seq == 15
