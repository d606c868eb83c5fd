"""One decision: status, rate, concurrency, clips a day, GPU time; all of it, or nothing."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from auth import budget, revocation, usage
from auth.budget import Admission
from auth.gate import Allowance, Gate
from auth.limits import Limits
from auth.meters import MeterStore
from auth.meters_redis import RedisMeters, keys_of
from auth.quotas import pace_ms
from auth.records import Budget, Meter, Reservation
from database import Database
from errors import BudgetExhausted, Conflict, NotFound, TokenInvalid, TooMany
from tests.auth.conftest import DAY_MS, NOON, Invited, invite, mint, reading

pytestmark = pytest.mark.usefixtures("meters")


def ask(
    database: Database, gate: Gate, who: Invited, job_id: str, gpu_ms: int = 1000, at: int = NOON
) -> Admission:
    with database.begin() as db:
        return gate.admit(db, who.principal, job_id, gpu_ms, at)


def end(database: Database, job_id: str, at: int = NOON) -> None:
    with database.begin() as db:
        budget.settle(db, job_id, 1000, at)


def fill_minute(database: Database, meters: MeterStore, who: Invited, arrival_ms: int) -> None:
    """As after so many calls at once that the next one at an even pace comes at `arrival_ms`."""
    key = f"tester:{who.tester.id}"
    if isinstance(meters, RedisMeters):
        meters.redis.set(keys_of(key)[0], arrival_ms)
        return
    with database.begin() as db:
        db.add(Meter(subject=key, minute_ms=arrival_ms, day_ms=0))


def left(database: Database, gate: Gate, who: Invited, at: int = NOON) -> Allowance:
    with database.read() as db:
        return gate.allowance(db, who.principal, at)


def test_admit_holds_a_place_a_clip_and_the_price(
    database: Database, gate: Gate, ada: Invited
) -> None:
    admission = ask(database, gate, ada, "job", 7000)
    assert (admission.job_id, admission.tester_id) == ("job", ada.tester.id)
    assert (admission.token_id, admission.gpu_ms) == (ada.token.id, 7000)
    assert left(database, gate, ada) == Allowance(49, 1_793_000, 1, gate.limits)


def test_allowance_counts_what_was_used_before_a_total_was_set(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ask(database, gate, ada, "job", 7000)
    total = replace(gate.limits, gpu_ms_total=10_000)
    with database.read() as db:
        assert usage.allowance(db, ada.tester.id, total, NOON).gpu_ms_left == 3000


def test_allowance_is_whole_where_nothing_was_asked_and_on_the_next_day(
    database: Database, gate: Gate, ada: Invited
) -> None:
    whole = Allowance(50, 1_800_000, 0, gate.limits)
    assert left(database, gate, ada) == whole
    ask(database, gate, ada, "job", 7000)
    end(database, "job")
    assert left(database, gate, ada) == Allowance(49, 1_799_000, 0, gate.limits)
    assert left(database, gate, ada, NOON + DAY_MS) == whole


def test_admit_returns_the_first_hold_and_charges_nothing_for_a_job_it_admitted(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ask(database, gate, ada, "job", 7000)
    for _ in range(9):  # more often than the rate allows
        again = ask(database, gate, ada, "job", 9000)
        assert again == Admission("job", ada.tester.id, ada.token.id, 7000)
    assert left(database, gate, ada) == Allowance(49, 1_793_000, 1, gate.limits)


def test_admit_refuses_a_job_that_has_ended(database: Database, gate: Gate, ada: Invited) -> None:
    ask(database, gate, ada, "job")
    end(database, "job")
    with pytest.raises(Conflict):
        ask(database, gate, ada, "job")


def test_admit_shows_nobody_another_testers_job(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ask(database, gate, ada, "job")
    with pytest.raises(NotFound):
        ask(database, gate, invite(database, gate, "Bo"), "job")


@pytest.mark.parametrize("bearer", [True, False])
def test_admit_refuses_a_token_revoked_since_the_principal_signed_in(
    database: Database, gate: Gate, ada: Invited, bearer: bool
) -> None:
    text = mint(database, gate, ada, "api", bearer=True).text
    with database.begin() as db:
        principal = ada.principal
        if bearer:
            principal = gate.authenticate(db, bearer=text, now_ms=NOON)
        revocation.revoke(db, principal.token_id, "pasted", NOON)
        with pytest.raises(TokenInvalid):
            gate.admit(db, principal, "job", 1000, NOON)


def test_admit_refuses_an_expired_token_and_an_ended_sign_in(
    database: Database, gate: Gate, ada: Invited
) -> None:
    with pytest.raises(TokenInvalid):
        ask(database, gate, ada, "job", at=NOON + 30 * DAY_MS)
    with database.begin() as db:
        gate.sign_out(db, ada.principal, NOON)
    with pytest.raises(TokenInvalid):
        ask(database, gate, ada, "job")


def test_admit_says_what_each_limit_has_left_after_it(
    database: Database, gate: Gate, meters: MeterStore
) -> None:
    """By the time it leaves: one call less, and when the next one comes back."""
    ada = invite(database, gate, "Ada", rate_per_minute=5, rate_per_day=100, concurrent=3)
    with database.begin() as db:
        first = gate.admit(db, ada.principal, "job1", 1_000, NOON)
    with database.begin() as db:
        second = gate.admit(db, ada.principal, "job2", 500, NOON + 4_000)
    found = [
        {quota.name: (quota.limit, quota.left, quota.reset_s) for quota in admission.quotas}
        for admission in (first, second)
    ]
    assert found == [
        {
            "rate_per_minute": (5, 4, 12),
            "rate_per_day": (100, 99, 864),
            "concurrent": (3, 2, None),
            "clips_per_day": (50, 49, 43_200),
            "gpu_ms_per_day": (1_800_000, 1_799_000, 43_200),
        },
        {
            "rate_per_minute": (5, 3, 8),
            "rate_per_day": (100, 98, 860),
            "concurrent": (3, 1, None),
            "clips_per_day": (50, 48, 43_196),
            "gpu_ms_per_day": (1_800_000, 1_798_500, 43_196),
        },
    ]


def test_admit_passes_five_in_a_minute_and_the_sixth_after_its_retry_after(
    database: Database, gate: Gate
) -> None:
    ada = invite(database, gate, "Ada", concurrent=100)
    for number in range(5):
        ask(database, gate, ada, f"job{number}", at=NOON + number)
    with pytest.raises(TooMany) as refusal:
        ask(database, gate, ada, "job5", at=NOON + 5)
    assert (refusal.value.limit, refusal.value.retry_after_s) == ("rate_per_minute", 12)
    with pytest.raises(TooMany) as early:
        ask(database, gate, ada, "job5", at=NOON + 11_000)
    assert early.value.retry_after_s == 1
    ask(database, gate, ada, "job5", at=NOON + 12_000)
    with pytest.raises(TooMany):
        ask(database, gate, ada, "job6", at=NOON + 12_000)


@pytest.mark.parametrize("rate", [1, 7, 59, 60_000])
def test_admit_passes_whenever_its_retry_after_was_slept_and_not_a_second_before(
    database: Database, gate: Gate, meters: MeterStore, rate: int
) -> None:
    ada = invite(database, gate, "Ada", rate_per_minute=rate, concurrent=100_000)
    fill_minute(database, meters, ada, NOON + rate * pace_ms(rate, 60_000))
    for offset in (0, 1, 333):
        with pytest.raises(TooMany) as refusal, database.begin() as db:
            gate.admit(db, ada.principal, "job", 1, NOON - offset)
        wait_ms = 1000 * refusal.value.retry_after_s
        with database.read() as db:  # rolled back: the next offset finds the window full again
            gate.admit(db, ada.principal, "job", 1, NOON - offset + wait_ms)
        if wait_ms > 1000:
            with pytest.raises(TooMany), database.begin() as db:
                gate.admit(db, ada.principal, "job", 1, NOON - offset + wait_ms - 1000)


def test_admit_refuses_a_third_at_once_until_one_ends(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ask(database, gate, ada, "job1")
    ask(database, gate, ada, "job2")
    with pytest.raises(TooMany) as refusal:
        ask(database, gate, ada, "job3")
    assert (refusal.value.limit, refusal.value.retry_after_s) == ("concurrent", 10)
    end(database, "job1")
    ask(database, gate, ada, "job3")


def test_admit_refuses_more_clips_than_a_day_has_until_midnight(
    database: Database, gate: Gate
) -> None:
    ada = invite(database, gate, "Ada", clips_per_day=1)
    late = NOON // DAY_MS * DAY_MS + DAY_MS - 1500
    ask(database, gate, ada, "job1", at=late)
    with pytest.raises(TooMany) as refusal:
        ask(database, gate, ada, "job2", at=late)
    assert (refusal.value.limit, refusal.value.retry_after_s) == ("clips_per_day", 2)
    ask(database, gate, ada, "job2", at=late + 2000)


def test_admit_leaves_the_minute_uncharged_when_the_day_refuses(
    database: Database, gate: Gate, meters: MeterStore
) -> None:
    ada = invite(database, gate, "Ada", clips_per_day=1, rate_per_minute=2)
    ask(database, gate, ada, "job1")
    for _ in range(5):
        with pytest.raises(TooMany) as refusal:
            ask(database, gate, ada, "job2")
        assert refusal.value.limit == "clips_per_day"
    meter = reading(database, meters, f"tester:{ada.tester.id}")
    assert (meter.minute_ms, meter.held) == (NOON + 30_000, 1)
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Reservation)) == 1


def test_admit_says_how_much_gpu_time_is_short(database: Database, gate: Gate) -> None:
    ada = invite(database, gate, "Ada", gpu_ms_per_day=10_000)
    ask(database, gate, ada, "job1", 7000)
    with pytest.raises(BudgetExhausted) as refusal:
        ask(database, gate, ada, "job2", 3001)
    assert refusal.value.facts == {
        "limit": "gpu_ms_per_day",
        "retry_after_s": 43_200,
        "short_by_ms": 1,
    }
    ask(database, gate, ada, "job2", 3000)
    assert left(database, gate, ada).gpu_ms_left == 0


def test_admit_says_so_when_no_day_is_long_enough(database: Database, gate: Gate) -> None:
    ada = invite(database, gate, "Ada", gpu_ms_per_day=10_000)
    with pytest.raises(BudgetExhausted, match=r"10\.0 s in a whole day"):
        ask(database, gate, ada, "job", 10_001)


def test_admit_refuses_a_negative_price(database: Database, gate: Gate, ada: Invited) -> None:
    with pytest.raises(ValueError, match="negative"):
        ask(database, gate, ada, "job", -1)


def test_limits_of_a_tester_stand_in_for_the_settings_where_set(
    database: Database, gate: Gate
) -> None:
    ada = invite(database, gate, "Ada", clips_per_day=0, concurrent=9)
    assert left(database, gate, ada).limits == Limits(5, 9, 0, 1_800_000)


def test_settle_charges_what_was_spent_and_gives_back_the_rest(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ask(database, gate, ada, "job", 7000)
    with database.begin() as db:
        budget.settle(db, "job", 5000, NOON)
    assert left(database, gate, ada) == Allowance(49, 1_795_000, 0, gate.limits)


@pytest.mark.parametrize(("spent", "charged"), [(7001, 7000), (7000, 7000), (0, 0), (-5, 0)])
def test_settle_charges_at_most_what_was_held_and_never_less_than_nothing(
    database: Database, gate: Gate, ada: Invited, spent: int, charged: int
) -> None:
    ask(database, gate, ada, "job", 7000)
    with database.begin() as db:
        budget.settle(db, "job", spent, NOON)
    assert left(database, gate, ada).gpu_ms_left == 1_800_000 - charged


def test_release_gives_back_the_clip_the_time_and_the_place_but_not_the_minute(
    database: Database, gate: Gate, meters: MeterStore, ada: Invited
) -> None:
    ask(database, gate, ada, "job", 7000)
    with database.begin() as db:
        budget.release(db, "job", NOON)
    assert left(database, gate, ada) == Allowance(50, 1_800_000, 0, gate.limits)
    meter = reading(database, meters, f"tester:{ada.tester.id}")
    assert (meter.minute_ms, meter.held) == (NOON + 12_000, 0)


@pytest.mark.parametrize("first", ["settled", "released"])
def test_settle_and_release_count_once_whichever_comes_first(
    database: Database, gate: Gate, ada: Invited, first: str
) -> None:
    ask(database, gate, ada, "job", 7000)
    with database.begin() as db:
        if first == "settled":
            budget.settle(db, "job", 7000, NOON)
        for _ in range(2):
            budget.release(db, "job", NOON)
            budget.settle(db, "job", 7000, NOON)
            budget.settle(db, "no such job", 7000, NOON)
    charged = 7000 if first == "settled" else 0
    allowance = left(database, gate, ada)
    assert (allowance.gpu_ms_left, allowance.held) == (1_800_000 - charged, 0)
    with database.read() as db:
        assert db.get_one(Reservation, "job").state == first


def test_settle_charges_the_day_the_job_was_admitted(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ask(database, gate, ada, "job", 7000)
    with database.begin() as db:
        budget.settle(db, "job", 7000, NOON + DAY_MS)
        key = f"tester:{ada.tester.id}"
        assert db.get(Budget, (key, NOON // DAY_MS + 1)) is None
        assert db.get_one(Budget, (key, NOON // DAY_MS)).spent_gpu_ms == 7000
