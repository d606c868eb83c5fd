"""Step-up: a touch opens so many clips, exactly, on every store."""

import dataclasses
from typing import Any

import pytest
from sqlalchemy import select

from auth import budget, step_up, tokens
from auth.gate import Gate, Principal
from auth.meters import MeterStore
from auth.records import AuditEntry, Budget, Cohort, Tester
from auth.step_up import StepUp
from auth.touching import Passkey, Touch
from database import Database
from errors import BadSpec, NotGranted, StepUpRequired, TooMany
from tests.auth.conftest import DAY_MS, NOON, Invited, invite, mint, reading
from tests.auth.test_races import all_at_once

pytestmark = pytest.mark.usefixtures("meters")
RULE = StepUp(needed=True, clips=7, lasting_ms=3_600_000)
WIDE = {"rate_per_minute": 1000, "concurrent": 1000, "clips_per_day": 1000}


@pytest.fixture
def asking(gate: Gate) -> Gate:
    """A gate that asks everybody for a touch, which opens 7 clips for an hour."""
    return dataclasses.replace(gate, step_up=RULE)


@pytest.fixture
def ada(database: Database, gate: Gate) -> Invited:
    return invite(database, gate, "Ada", **WIDE)


def give(database: Database, who: Invited, now_ms: int = NOON) -> None:
    """What a verified touch does; how it is verified stands in test_passkeys.py."""
    with database.begin() as db:
        passkey = Passkey(
            id=f"{who.tester.id[:24]}{now_ms % 10**8:08}",
            tester_id=who.tester.id,
            credential_id=f"{who.tester.id}{now_ms}",
            public_key="",
            sign_count=0,
            label="",
            enrolled_at=now_ms,
        )
        db.add(passkey)
        db.flush()
        RULE.give(db, who.tester.id, passkey.id, who.principal.sign_in_id or "", now_ms)


def ask(
    database: Database,
    gate: Gate,
    principal: Principal,
    job_id: str,
    now_ms: int = NOON,
    gpu_ms: int = 1,
) -> None:
    with database.begin() as db:
        gate.admit(db, principal, job_id, gpu_ms, now_ms)


def left(database: Database, who: Invited) -> int:
    with database.read() as db:
        return db.get_one(Touch, who.tester.id).clips_left


def test_admit_refuses_without_a_touch_and_charges_nothing(
    database: Database, asking: Gate, meters: MeterStore, ada: Invited
) -> None:
    with pytest.raises(StepUpRequired, match="you have none yet") as refusal:
        ask(database, asking, ada.principal, "job")
    assert refusal.value.facts == {"passkeys": 0}
    key = f"tester:{ada.tester.id}"
    assert (reading(database, meters, key).held, reading(database, meters, key).minute_ms) == (0, 0)
    with database.read() as db:
        assert db.get(Budget, (key, NOON // DAY_MS)) is None


def test_admit_gives_fifty_at_once_exactly_what_the_touch_opened(
    database: Database, asking: Gate, meters: MeterStore, ada: Invited
) -> None:
    give(database, ada)
    outcome = all_at_once(lambda number: ask(database, asking, ada.principal, f"job{number}"), 50)
    assert outcome == {"ok": 7, "step_up_required": 43}
    assert left(database, ada) == 0
    key = f"tester:{ada.tester.id}"
    assert reading(database, meters, key).held == 7
    with database.read() as db:
        assert db.get_one(Budget, (key, NOON // DAY_MS)).clips == 7
    with pytest.raises(StepUpRequired, match="Touch your passkey to go on") as refusal:
        ask(database, asking, ada.principal, "one more")
    assert refusal.value.facts == {"passkeys": 1}


def test_touch_lasts_so_long_and_a_new_one_adds_nothing_to_what_was_left(
    database: Database, asking: Gate, ada: Invited
) -> None:
    give(database, ada)
    ask(database, asking, ada.principal, "job1", NOON + RULE.lasting_ms - 1)
    with pytest.raises(StepUpRequired):
        ask(database, asking, ada.principal, "job2", NOON + RULE.lasting_ms)
    for _ in range(3):
        with database.begin() as db:
            passkey_id = db.get_one(Touch, ada.tester.id).passkey_id
            RULE.give(db, ada.tester.id, passkey_id, "", NOON + RULE.lasting_ms)
    assert left(database, ada) == RULE.clips


def test_clip_that_another_limit_refuses_leaves_the_touch_whole(
    database: Database, asking: Gate
) -> None:
    ada = invite(database, asking, "Ada", concurrent=1)
    give(database, ada)
    ask(database, asking, ada.principal, "job1")
    for price in (1, 10**9):
        with pytest.raises(TooMany):
            ask(database, asking, ada.principal, "job2", gpu_ms=price)
    assert left(database, ada) == RULE.clips - 1


def test_clip_that_was_cancelled_still_counts_as_one_of_the_touch(
    database: Database, asking: Gate, ada: Invited
) -> None:
    give(database, ada)
    ask(database, asking, ada.principal, "job")
    with database.begin() as db:
        budget.release(db, "job", NOON)
    assert left(database, ada) == RULE.clips - 1


def test_job_that_is_asked_for_twice_takes_one_clip_of_the_touch(
    database: Database, asking: Gate, ada: Invited
) -> None:
    give(database, ada)
    for _ in range(2):
        ask(database, asking, ada.principal, "job")
    assert left(database, ada) == RULE.clips - 1


def test_touch_of_one_tester_opens_nothing_for_another(
    database: Database, asking: Gate, gate: Gate, ada: Invited
) -> None:
    give(database, ada)
    with pytest.raises(StepUpRequired):
        ask(database, asking, invite(database, gate, "Ben", **WIDE).principal, "job")


def test_script_that_signs_draws_on_the_touch_and_a_bearer_key_never(
    database: Database, asking: Gate, ada: Invited
) -> None:
    give(database, ada)
    script = mint(database, asking, ada, tokens.API)
    signing = dataclasses.replace(
        ada.principal, token_id=script.id, sign_in_id=None, kind=tokens.API
    )
    ask(database, asking, signing, "job1")
    bearer = mint(database, asking, ada, tokens.API, bearer=True)
    key = dataclasses.replace(signing, token_id=bearer.id, proved=False, bearer=True)
    with pytest.raises(NotGranted, match="signs with a key of its own"):
        ask(database, asking, key, "job2")
    assert left(database, ada) == RULE.clips - 1


@pytest.mark.parametrize(
    ("everybody", "cohort", "tester", "asked"),
    [
        (False, None, None, False),
        (True, None, None, True),
        (False, True, None, True),
        (True, False, None, False),
        (True, True, False, False),
        (False, False, True, True),
    ],
)
def test_step_up_holds_as_said_for_the_tester_else_the_cohort_else_everybody(
    database: Database,
    gate: Gate,
    everybody: bool,
    cohort: bool | None,
    tester: bool | None,
    asked: bool,
) -> None:
    with database.begin() as db:
        db.add(Cohort(id="c", name="artists", created_at=NOON))
    ada = invite(database, gate, "Ada", cohort_id="c")
    with database.begin() as db:
        for row, needed in ((db.get_one(Cohort, "c"), cohort), (ada.tester, tester)):
            step_up.set_rule(db, db.merge(row), {"needed": needed}, by="operator", now_ms=NOON)
    ruled = dataclasses.replace(gate, step_up=StepUp(needed=everybody))
    if asked:
        with pytest.raises(StepUpRequired):
            ask(database, ruled, ada.principal, "job")
    else:
        ask(database, ruled, ada.principal, "job")


def test_asking_somebody_for_touches_ends_what_one_of_before_opened(
    database: Database, gate: Gate, ada: Invited
) -> None:
    give(database, ada)
    with database.begin() as db:
        tester = db.get_one(Tester, ada.tester.id)
        step_up.set_rule(db, tester, {"needed": True}, by="operator", now_ms=NOON)
    with pytest.raises(StepUpRequired):
        ask(database, gate, ada.principal, "job")


@pytest.mark.parametrize(
    ("cohort", "tester", "opened", "lasting_h"),
    [
        ({}, {}, 7, 1),
        ({"clips": 3, "hours": 4}, {}, 3, 4),
        ({"clips": 3, "hours": 4}, {"clips": 2}, 2, 4),
        ({"clips": 3}, {"clips": None, "hours": 6}, 3, 6),
    ],
)
def test_touch_opens_what_was_said_of_the_tester_else_of_the_cohort_else_the_setting(
    database: Database,
    asking: Gate,
    cohort: dict[str, int | None],
    tester: dict[str, int | None],
    opened: int,
    lasting_h: int,
) -> None:
    with database.begin() as db:
        db.add(Cohort(id="c", name="artists", created_at=NOON))
    ada = invite(database, asking, "Ada", cohort_id="c", **WIDE)
    with database.begin() as db:
        for row, changes in ((db.get_one(Cohort, "c"), cohort), (ada.tester, tester)):
            step_up.set_rule(db, db.merge(row), changes, by="operator", now_ms=NOON)
    give(database, ada)
    outcome = all_at_once(lambda number: ask(database, asking, ada.principal, f"job{number}"), 20)
    assert outcome == {"ok": opened, "step_up_required": 20 - opened}
    with pytest.raises(StepUpRequired, match=f"every {opened} clips, and after {lasting_h} hour"):
        ask(database, asking, ada.principal, "one more")
    with database.read() as db:
        assert db.get_one(Touch, ada.tester.id).until_ms == NOON + lasting_h * 3_600_000


def test_fewer_clips_a_touch_end_what_one_of_before_opened_and_stand_in_the_audit_log(
    database: Database, asking: Gate, ada: Invited
) -> None:
    give(database, ada)
    with database.begin() as db:
        row = db.get_one(Tester, ada.tester.id)
        step_up.set_rule(db, row, {"clips": 1}, by="operator", now_ms=NOON)
    with pytest.raises(StepUpRequired, match="every 1 clip,"):
        ask(database, asking, ada.principal, "job")
    with database.read() as db:
        written = select(AuditEntry.subject, AuditEntry.details)
        row = db.execute(written.where(AuditEntry.action == "step_up.set")).one()
    assert tuple(row) == (f"tester:{ada.tester.id}", '{"clips":1}')


def test_touch_beside_a_change_of_the_rule_opens_no_more_than_the_new_one(
    database: Database, asking: Gate, ada: Invited
) -> None:
    """Whoever is first: the change ends what a touch opened, or the touch sees the change."""
    give(database, ada)
    with database.read() as db:
        passkey_id = db.get_one(Touch, ada.tester.id).passkey_id

    def act(number: int) -> None:
        with database.begin() as db:
            if number == 5:
                row = db.get_one(Tester, ada.tester.id)
                step_up.set_rule(db, row, {"clips": 2}, by="operator", now_ms=NOON)
            else:
                RULE.give(db, ada.tester.id, passkey_id, "", NOON)

    assert all_at_once(act, 10) == {"ok": 10}
    with database.read() as db:
        touch = db.get(Touch, ada.tester.id)
    assert touch is None or touch.clips_left == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"needed": 1},
        {"clips": 0},
        {"clips": 1001},
        {"clips": True},
        {"clips": "5"},
        {"hours": 25},
        {"hours": 1.5},
    ],
    ids=str,
)
def test_rule_that_makes_no_sense_is_refused_and_changes_nothing(
    database: Database, ada: Invited, changes: dict[str, Any]
) -> None:
    with database.begin() as db:
        row = db.get_one(Tester, ada.tester.id)
        with pytest.raises(BadSpec) as refusal:
            step_up.set_rule(db, row, changes, by="operator", now_ms=NOON)
    assert refusal.value.field in changes
    with database.read() as db:
        row = db.get_one(Tester, ada.tester.id)
        assert (row.step_up, row.touch_clips, row.touch_hours) == (None, None, None)


def test_bearer_key_has_caps_of_its_own_exact_when_fifty_ask_at_once(
    database: Database, gate: Gate, ada: Invited
) -> None:
    capped = dataclasses.replace(gate, bearer=dataclasses.replace(gate.limits, clips_per_day=4))
    bearer = mint(database, capped, ada, tokens.API, bearer=True)
    key = dataclasses.replace(
        ada.principal, token_id=bearer.id, sign_in_id=None, proved=False, bearer=True
    )
    wide = dataclasses.replace(
        capped, bearer=dataclasses.replace(capped.bearer, rate_per_minute=None, concurrent=None)
    )
    outcome = all_at_once(lambda number: ask(database, wide, key, f"job{number}"), 50)
    assert outcome == {"ok": 4, "clips_per_day": 46}
    ask(database, wide, ada.principal, "the tester's own browser goes on")
