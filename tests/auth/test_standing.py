"""Many open streams are asked for at once, and each gets what asking for it alone would give."""

import pytest
from sqlalchemy import event

from auth import devices, revocation, tokens
from auth.binding import Device
from auth.gate import Gate, Principal
from auth.standing import still_standing
from database import Database
from tests.auth.conftest import DAY_MS, NOON, Invited, invite, mint
from tests.devices import signed_by


@pytest.fixture
def ben(database: Database, gate: Gate) -> Invited:
    return invite(database, gate, "Ben")


def asked(database: Database, principals: list[Principal], now_ms: int = NOON) -> list[bool]:
    with database.read() as db:
        return still_standing(db, principals, now_ms)


def script(database: Database, gate: Gate, invited: Invited, key: str | None) -> Principal:
    """An API token of this person at work: bound to the key, or good for whoever holds it."""
    minted = mint(database, gate, invited, tokens.API, bearer=key is None)
    proof = signed_by(key) if key else None
    with database.begin() as db:
        principal = gate.authenticate(db, bearer=minted.text, proof=proof, now_ms=NOON)
        return gate.claim(db, principal, proof, NOON) if proof else principal


def test_whoever_came_in_stands_until_they_are_put_out(
    database: Database, gate: Gate, ada: Invited, ben: Invited
) -> None:
    everyone = [
        ada.principal,
        ben.principal,
        script(database, gate, ada, "Ada's machine"),
        script(database, gate, ben, None),
    ]
    assert asked(database, everyone) == [True] * 4
    with database.begin() as db:
        revocation.revoke(db, ada.token.id, "left", NOON)
    assert asked(database, everyone) == [False, True, True, True]
    with database.begin() as db:
        gate.sign_out(db, ben.principal, NOON)
        revocation.revoke(db, everyone[3].token_id, "lost", NOON)
    assert asked(database, everyone) == [False, False, True, False]


def test_script_stands_until_its_key_is_removed(
    database: Database, gate: Gate, ada: Invited
) -> None:
    machine = script(database, gate, ada, "Ada's machine")
    with database.begin() as db:
        device = db.query(Device).filter_by(jkt=machine.jkt).one()
        devices.remove(db, ada.tester.id, device.id, NOON)
    assert asked(database, [ada.principal, machine]) == [True, False]


def test_nobody_stands_when_their_time_is_over(
    database: Database, gate: Gate, ada: Invited
) -> None:
    machine = script(database, gate, ada, "Ada's machine")
    assert asked(database, [machine], NOON + DAY_MS - 1) == [True]
    assert asked(database, [machine], NOON + DAY_MS) == [False]
    assert asked(database, [ada.principal], NOON + 31 * DAY_MS) == [False]


def test_token_that_nobody_knows_does_not_stand(database: Database, ada: Invited) -> None:
    stranger = Principal("t", "Zoe", "tester", "000000000000", None)
    assert asked(database, [stranger, ada.principal]) == [False, True]


def test_thousand_streams_are_asked_for_in_a_few_statements(
    database: Database, ada: Invited
) -> None:
    unknown = [Principal("t", "Zoe", "tester", f"{n:012}", None) for n in range(1_000)]
    sent: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *facts: sent.append(facts[2]))
    assert asked(database, [*unknown, ada.principal]).count(True) == 1
    assert len([statement for statement in sent if "SELECT" in statement]) == 3
