"""The switch stops exactly whom it names, says why, and can be undone; a revocation cannot."""

import pytest

from auth import revocation, switch
from auth.gate import Gate
from auth.limits import Bound, Limits
from auth.meters import MeterStore, meters_of
from auth.meters_redis import RedisMeters
from auth.records import Cohort, Tester
from auth.switch import Notice
from database import Database
from errors import BadSpec, NotFound, StoreUnavailable, Suspended, TokenInvalid
from tests.auth.conftest import NOON, Invited, invite

pytestmark = pytest.mark.usefixtures("meters")
MESSAGE = "A leak is being looked at"


@pytest.fixture
def keys(database: Database, ada: Invited) -> dict[str, str]:
    """Each subject that Ada's request belongs to."""
    with database.begin() as db:
        db.add(Cohort(id="c", name="artists", created_at=NOON))
        db.flush()
        db.get_one(Tester, ada.tester.id).cohort_id = "c"
    return {
        "everybody": "everybody",
        "cohort": "cohort:c",
        "tester": f"tester:{ada.tester.id}",
        "token": f"token:{ada.token.id}",
    }


def turn_off(database: Database, key: str) -> bool:
    with database.begin() as db:
        return switch.stop(db, key, MESSAGE, NOON)


def turn_on(database: Database, key: str) -> bool:
    with database.begin() as db:
        return switch.resume(db, key)


def ask(database: Database, gate: Gate, who: Invited, job_id: str) -> None:
    with database.begin() as db:
        gate.admit(db, who.principal, job_id, 1, NOON)


@pytest.mark.parametrize("scope", ["everybody", "cohort", "tester", "token"])
def test_stop_refuses_whom_it_names_until_resume(
    database: Database, gate: Gate, ada: Invited, keys: dict[str, str], scope: str
) -> None:
    bo = invite(database, gate, "Bo")
    assert (turn_off(database, keys[scope]), turn_off(database, keys[scope])) == (True, False)
    with pytest.raises(Suspended) as refusal:
        ask(database, gate, ada, "job1")
    assert refusal.value.facts == {"scope": scope, "message": MESSAGE}
    with database.read() as db:
        assert switch.notice(db, ada.token.id) == Notice(scope, MESSAGE, NOON)
        assert switch.why_stop(db, ada.token.id, False) == "suspended"
        others = switch.notice(db, bo.token.id)
    assert (others is not None) == (scope == "everybody")
    if others is None:
        ask(database, gate, bo, "job2")
    assert (turn_on(database, keys[scope]), turn_on(database, keys[scope])) == (True, False)
    ask(database, gate, ada, "job1")


def test_stop_tells_the_widest_reason_and_each_is_undone_alone(
    database: Database, ada: Invited, keys: dict[str, str]
) -> None:
    for key in keys.values():
        turn_off(database, key)
    for scope, key in keys.items():
        with database.read() as db:
            found = switch.notice(db, ada.token.id)
        assert found is not None
        assert found.scope == scope
        turn_on(database, key)


def test_stop_lets_people_in_to_read_why(
    database: Database, gate: Gate, ada: Invited, keys: dict[str, str]
) -> None:
    turn_off(database, keys["tester"])
    with database.read() as db:
        assert gate.allowance(db, ada.principal, NOON).clips_left == 50


def test_resume_does_not_revive_a_revoked_token(
    database: Database, gate: Gate, ada: Invited, keys: dict[str, str]
) -> None:
    turn_off(database, keys["token"])
    with database.begin() as db:
        revocation.revoke(db, ada.token.id, "pasted", NOON)
    turn_on(database, keys["token"])
    with pytest.raises(TokenInvalid):
        ask(database, gate, ada, "job")
    with database.read() as db:
        assert switch.why_stop(db, ada.token.id, False) == "revoked"


@pytest.mark.parametrize("message", ["", " \n ", "\x1b", "x" * 401])
def test_stop_needs_a_message_that_can_be_read(database: Database, message: str) -> None:
    with pytest.raises(BadSpec, match="message"), database.begin() as db:
        switch.stop(db, "everybody", message, NOON)


@pytest.mark.parametrize("key", ["nobody", "tester:x", "cohort:x", "token:x", "members:x"])
def test_stop_and_resume_raise_not_found_for_nobody(database: Database, key: str) -> None:
    for turn in (turn_off, turn_on):
        with pytest.raises(NotFound):
            turn(database, key)


def test_take_refuses_who_was_read_before_the_last_change(
    database: Database, ada: Invited, meters: MeterStore
) -> None:
    """Redis knows of a later epoch than the caller read: whatever the caller read is over."""
    if not isinstance(meters, RedisMeters):
        pytest.skip("the database holds the row still for its reader")
    key = f"tester:{ada.tester.id}"
    turn_off(database, key)
    turn_on(database, key)
    with database.read() as db:
        for epoch in (0, 1):
            with pytest.raises(StoreUnavailable):
                meters_of(db).take(db, "job", [Bound(key, Limits(concurrent=1), epoch)], NOON)
        assert meters_of(db).take(db, "job", [Bound(key, Limits(concurrent=1), 2)], NOON)
