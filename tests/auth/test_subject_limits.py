"""Limits of a token, a cohort and everybody together, beside those of each tester."""

import time

import pytest

from auth import budget
from auth.gate import Gate
from auth.limits import Limits, set_own
from auth.meters import MeterStore, wire
from auth.meters_redis import RedisMeters
from auth.records import Cohort, Subject, Tester
from auth.rows import insert_new
from database import Database
from errors import BadRequest, BudgetExhausted, TooMany
from tests.auth.conftest import DAY_MS, NOON, Invited, invite, reading
from tests.auth.test_races import all_at_once

pytestmark = pytest.mark.usefixtures("meters")
WIDE = {"rate_per_minute": 1000, "concurrent": 1000}


@pytest.fixture
def people(database: Database, gate: Gate) -> list[Invited]:
    """Five testers of one cohort, whose own limits nobody meets."""
    with database.begin() as db:
        db.add(Cohort(id="c", name="artists", created_at=NOON))
    return [
        invite(database, gate, f"tester {number}", cohort_id="c", **WIDE) for number in range(5)
    ]


def limit(database: Database, key: str, **limits: int) -> None:
    with database.begin() as db:
        insert_new(db, Subject, key=key, epoch=0)
        set_own(db, db.get_one(Subject, key), limits)


def ask(database: Database, gate: Gate, who: Invited, job_id: str, gpu_ms: int = 1) -> None:
    with database.begin() as db:
        gate.admit(db, who.principal, job_id, gpu_ms, NOON)


@pytest.mark.parametrize("shared", ["everybody", "cohort:c"])
@pytest.mark.parametrize(
    ("limits", "admitted"),
    [
        ({"rate_per_minute": 7}, 7),
        ({"rate_per_day": 6}, 6),
        ({"concurrent": 5}, 5),
        ({"clips_per_day": 4}, 4),
        ({"gpu_ms_per_day": 35}, 3),
        ({"gpu_ms_total": 25}, 2),
    ],
)
def test_admit_gives_fifty_at_once_exactly_what_they_may_have_together(
    database: Database,
    gate: Gate,
    people: list[Invited],
    shared: str,
    limits: dict[str, int],
    admitted: int,
) -> None:
    limit(database, shared, **limits)

    def call(number: int) -> None:
        ask(database, gate, people[number % 5], f"job{number}", 10)

    [name] = limits
    assert all_at_once(call) == {"ok": admitted, name: 50 - admitted}


def test_admit_holds_one_token_tighter_than_its_tester(
    database: Database, gate: Gate, ada: Invited
) -> None:
    limit(database, f"token:{ada.token.id}", clips_per_day=1)
    ask(database, gate, ada, "job1")
    with pytest.raises(TooMany, match="This token may make 1 clip a day") as refusal:
        ask(database, gate, ada, "job2")
    assert refusal.value.limit == "clips_per_day"


def test_limits_of_a_tester_come_before_those_of_each_in_the_cohort(
    database: Database, gate: Gate, people: list[Invited]
) -> None:
    with database.begin() as db:
        cohort = db.get_one(Cohort, "c")
        set_own(db, cohort, {"clips_per_day": 9, "concurrent": 3})
        tester = db.get_one(Tester, people[0].tester.id)
        assert gate.limits.of(tester, cohort) == Limits(1000, 1000, 9, 1_800_000)
        set_own(db, tester, {"clips_per_day": 11, "concurrent": None})
        assert gate.limits.of(tester, cohort) == Limits(1000, 3, 11, 1_800_000)


def test_admit_counts_what_was_used_before_a_budget_was_set(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ask(database, gate, ada, "spent", 700)
    ask(database, gate, ada, "held", 200)
    with database.begin() as db:
        budget.settle(db, "spent", 600, NOON)
    limit(database, "everybody", gpu_ms_total=1000)
    with pytest.raises(BudgetExhausted) as refusal:
        ask(database, gate, ada, "job", 201)
    assert refusal.value.facts == {"limit": "gpu_ms_total", "retry_after_s": None, "short_by_ms": 1}
    ask(database, gate, ada, "job", 200)


def test_admit_gives_back_to_every_budget_it_took_from(
    database: Database, gate: Gate, ada: Invited
) -> None:
    limit(database, "everybody", gpu_ms_total=100, clips_per_day=1)
    limit(database, f"token:{ada.token.id}", gpu_ms_per_day=100)
    for number in range(3):
        ask(database, gate, ada, f"job{number}", 100)
        with database.begin() as db:
            budget.release(db, f"job{number}", NOON)


def test_admit_leaves_every_other_window_uncharged_when_one_refuses(
    database: Database, gate: Gate, meters: MeterStore, people: list[Invited]
) -> None:
    limit(database, "everybody", rate_per_day=2, rate_per_minute=50)
    for number in range(5):
        if number < 2:
            ask(database, gate, people[0], f"job{number}")
            continue
        with pytest.raises(TooMany) as refusal:
            ask(database, gate, people[0], f"job{number}")
        assert refusal.value.limit == "rate_per_day"
        assert refusal.value.retry_after_s == DAY_MS // 2000
    assert reading(database, meters, "everybody").minute_ms == NOON + 2 * 1200
    own = reading(database, meters, f"tester:{people[0].tester.id}")
    assert (own.minute_ms, own.held) == (NOON + 2 * 60, 2)


@pytest.mark.parametrize("name", ["rate_per_minute", "concurrent", "clips_per_day"])
def test_set_own_refuses_zero_which_is_the_switchs_work(database: Database, name: str) -> None:
    with pytest.raises(BadRequest, match="auth stop"):
        limit(database, "everybody", **{name: 0})


@pytest.mark.parametrize("off_by_ms", [600_000, -600_000])
def test_admit_counts_by_one_clock_when_a_replicas_is_wrong(
    database: Database, gate: Gate, redis_url: str, meters: MeterStore, off_by_ms: int
) -> None:
    """Replicas ten minutes off get five a minute together, as those whose clock is right."""
    if database.is_sqlite and not isinstance(meters, RedisMeters):
        pytest.skip("one machine has one clock")
    now_ms = time.time_ns() // 1_000_000
    ada = invite(database, gate, "Ada", rate_per_minute=5, concurrent=100)
    if isinstance(meters, RedisMeters):
        meters = RedisMeters(redis_url)
        meters.redis.flushdb()
        wire(database, meters)
    real = Gate(gate.keys, gate.limits)

    def ask_at(number: int) -> None:
        with database.begin() as db:
            at = now_ms + (off_by_ms if number % 2 else 0)
            real.admit(db, ada.principal, f"job{number}", 1, at)

    for number in range(5):
        ask_at(number)
    for number in (6, 7):
        with pytest.raises(TooMany) as refusal:
            ask_at(number)
        assert refusal.value.limit == "rate_per_minute"
        assert 0 < (refusal.value.retry_after_s or 0) <= 12
