"""The last use of a token is remembered, and nobody ever waits for that."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from auth import records
from auth.gate import Gate, Principal
from auth.keys import Keys
from auth.tokens import Minted
from database import Database
from tests.auth.conftest import NOON, Invited, mint
from tests.devices import signed_by

LATER = NOON + 60_000
ROTATING = Keys.derive(
    "the next secret, of at least 32 characters", "a secret of at least thirty-two characters"
)


def use(database: Database, gate: Gate, text: str, now_ms: int) -> Principal:
    """What a request with this token does."""
    with database.read() as db:
        principal = gate.authenticate(db, bearer=text, now_ms=now_ms)
    gate.note_use(database, principal, text, now_ms)
    return principal


@pytest.fixture
def script(database: Database, gate: Gate, ada: Invited) -> Minted:
    """A script's token, used at noon."""
    token = mint(database, gate, ada, "api", bearer=True)
    use(database, gate, token.text, NOON)
    return token


def last_used(database: Database, token: Minted) -> int | None:
    with database.read() as db:
        return db.get_one(records.Token, token.id).last_used_at


def test_use_is_noted_once_a_minute(database: Database, gate: Gate, script: Minted) -> None:
    assert not use(database, gate, script.text, LATER - 1).use_is_due
    assert last_used(database, script) == NOON
    assert use(database, gate, script.text, LATER).use_is_due
    assert last_used(database, script) == LATER


def test_use_by_cookie_is_noted_too(database: Database, gate: Gate, ada: Invited) -> None:
    with database.read() as db:
        principal = gate.authenticate(db, cookie=ada.cookie, now_ms=LATER)
    gate.note_use(database, principal, None, LATER)
    assert last_used(database, ada.token) == LATER


def of_the_row(database: Database, script: Minted, meanwhile: Callable[[], None]) -> None:
    with database.begin() as db:
        its_row = select(records.Token.id).where(records.Token.id == script.id)
        db.execute(its_row.with_for_update())
        meanwhile()


def of_another_row(database: Database, _script: Minted, meanwhile: Callable[[], None]) -> None:
    """On SQLite, one writer at a time keeps out all others."""
    with database.begin() as db:
        db.add(records.Cohort(id="c", name="c", created_at=NOON))
        db.flush()
        meanwhile()


@pytest.mark.parametrize("holding", [of_the_row, of_another_row])
def test_request_does_not_wait_while_somebody_holds_a_lock(
    database: Database,
    gate: Gate,
    script: Minted,
    holding: Callable[[Database, Minted, Callable[[], None]], None],
) -> None:
    """The request ends while the lock is still held, or this test does not end in time."""
    with ThreadPoolExecutor(1) as pool:
        request = lambda: use(database, gate, script.text, LATER)  # noqa: E731
        holding(database, script, lambda: pool.submit(request).result(timeout=10) and None)
    skipped = database.is_sqlite or holding is of_the_row
    assert last_used(database, script) == (NOON if skipped else LATER)
    use(database, gate, script.text, LATER)
    assert last_used(database, script) == LATER


def test_use_hashes_a_token_anew_under_the_current_secret(
    database: Database, gate: Gate, ada: Invited, script: Minted
) -> None:
    rotating = Gate(ROTATING, gate.limits)
    assert use(database, rotating, script.text, NOON).use_is_due
    rotated = Gate(
        Keys.derive("the next secret, of at least 32 characters"), gate.limits
    )  # the previous one is removed
    assert use(database, rotated, script.text, NOON).tester_id == ada.tester.id
    assert not use(database, rotated, script.text, NOON).use_is_due


def test_sign_in_hashes_a_token_anew_too(database: Database, gate: Gate, ada: Invited) -> None:
    with database.begin() as db:
        Gate(ROTATING, gate.limits).sign_in(db, ada.token.text, signed_by("Ada"), "", NOON)
    with database.read() as db:
        assert db.get_one(records.Token, ada.token.id).pepper_version == ROTATING.current
