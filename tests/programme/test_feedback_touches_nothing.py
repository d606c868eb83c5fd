"""Criticism costs nothing: no decision reads what testers said."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from auth import tokens
from auth.gate import Gate, Principal
from auth.keys import Keys
from auth.limits import Limits
from database import Database
from jobs import line
from jobs.queue import new_job_id
from programme import feedback, ledger, reviews
from programme.feedback import DECLINED, Said
from programme.records_contributions import Feedback
from tests.devices import signed_by
from tests.programme.conftest import NOW, Room

ROOT = Path(__file__).parents[2]
LIMITS = Limits(5, 2, 3, 60_000)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that reaches the database within the block."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement.lower())

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture
def gate() -> Gate:
    keys = Keys.derive("a secret of at least thirty-two characters")
    return Gate(keys, LIMITS, clock=lambda _db, now_ms: now_ms)


def sign_in(room: Room, gate: Gate, tester_id: str, name: str) -> Principal:
    with room.database.begin() as db:
        token = tokens.mint(db, gate.keys, tester_id, lifetime_ms=86_400_000, now_ms=NOW)
        return gate.sign_in(db, token.text, signed_by(name), "", NOW)[0]


def criticise(room: Room, tester_id: str, clip_id: str) -> None:
    """Say everything that can be said, as badly as it can be."""
    worst = (
        Said("rating", "Poor.", clip_id, 1),
        Said("bug", "It fails.", clip_id, attach=True),
        Said("harm", "It harms.", clip_id),
        Said("note", "This programme exploits us."),
    )
    for said in worst:
        with room.database.begin() as db:
            row = feedback.send(db, tester_id, said, NOW)
            if said.kind != "rating":
                feedback.decide(db, row.id, DECLINED, "No.", by=room.cleo, now_ms=NOW)


def outcomes(room: Room, gate: Gate, principal: Principal, clip_id: str) -> list[Any]:
    """All that is decided about a tester: each clip they ask for, its place, a review."""
    found: list[Any] = []
    for _ in range(4):
        with room.database.begin() as db:
            try:
                made = gate.admit(db, principal, new_job_id(NOW), 15_000, NOW)
                found.append([(quota.limit, quota.left) for quota in made.quotas])
                found.append(line.join(db, principal.tester_id, line.TESTER))
            except Exception as refusal:  # noqa: BLE001 (whatever it is, it must be the same)
                found.append((type(refusal).__name__, str(refusal)))
    with room.database.begin() as db:
        found.append(gate.allowance(db, principal, NOW))
        reviews.submit(db, clip_id, principal.tester_id, "", NOW)
        review = reviews.decide(db, clip_id, 1, "approved", by=room.dora, now_ms=NOW)
        found.append((review.state, review.reason, review.words))
    return found


def test_critic_is_admitted_limited_and_reviewed_exactly_like_whoever_said_nothing(
    room: Room, gate: Gate
) -> None:
    critic = sign_in(room, gate, room.ada, "Ada")
    silent = sign_in(room, gate, room.ben, "Ben")
    clips = room.clip(room.ada), room.clip(room.ben)
    criticise(room, room.ada, clips[0])
    theirs = outcomes(room, gate, critic, clips[0])
    assert [type(row) for row in theirs].count(tuple) >= 2  # a limit was met, a review was made
    others = outcomes(room, gate, silent, clips[1])
    assert theirs == others


def test_no_decision_reads_a_row_of_feedback(room: Room, gate: Gate) -> None:
    principal = sign_in(room, gate, room.ada, "Ada")
    clip = room.clip(room.ada)
    criticise(room, room.ada, clip)
    with statements(room.database) as seen:
        outcomes(room, gate, principal, clip)
    assert any("reservations" in statement for statement in seen)
    assert [statement for statement in seen if Feedback.__tablename__ in statement] == []


def test_modules_that_decide_do_not_know_feedback() -> None:
    """Who imports it shows it, keeps it, or pays for it; none of auth, jobs, or reviews does."""
    deciding = [
        path for folder in ("auth", "jobs", "sora_core") for path in (ROOT / folder).rglob("*.py")
    ] + [ROOT / f"programme/{name}.py" for name in ("reviews", "review_desk", "showing", "shares")]
    knowing = {
        str(path.relative_to(ROOT))
        for path in deciding
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom | ast.Import) and "feedback" in ast.unparse(node).lower()
    }
    assert knowing == set()


def test_report_that_was_declined_takes_nothing_from_the_ledger(room: Room) -> None:
    clip = room.clip(room.ada)
    with room.database.begin() as db:
        ledger.set_rate(db, ledger.REPORT, 500, "EUR", by="operator", now_ms=NOW)
        row = feedback.send(db, room.ada, Said("bug", "It fails.", clip), NOW)
        feedback.decide(db, row.id, "accepted", "", by=room.cleo, now_ms=NOW)
    criticise(room, room.ada, clip)
    with room.database.read() as db:
        assert ledger.totals(db, room.ada)["EUR"]["owed"] == 500
