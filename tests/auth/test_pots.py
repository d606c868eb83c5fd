"""What a budget has left, and the sentence of its refusal; nothing here needs a database."""

import pytest

from auth.limits import Bound, Limits
from auth.pots import TOTAL, Pot, day_of, left_in, pots_of, refuse_exhausted, to_midnight_s
from auth.quotas import Quota
from auth.records import Budget
from auth.subjects import Chain
from errors import BudgetExhausted, TooMany
from tests.auth.conftest import DAY_MS, NOON

ADA = "tester:ada"
TODAY = NOON // DAY_MS
CHAIN = Chain("ada", "abc", "first")


def used(clips: int = 0, held_ms: int = 0, spent_ms: int = 0) -> Budget:
    return Budget(subject=ADA, day=TODAY, clips=clips, held_gpu_ms=held_ms, spent_gpu_ms=spent_ms)


def test_day_of_ends_at_midnight_utc() -> None:
    midnight = (TODAY + 1) * DAY_MS
    assert (day_of(NOON), day_of(midnight - 1), day_of(midnight)) == (TODAY, TODAY, TODAY + 1)
    assert to_midnight_s(NOON) == 43_200
    assert (to_midnight_s(midnight - 1), to_midnight_s(midnight - 1001)) == (1, 2)
    assert to_midnight_s(midnight) == 86_400


def test_pots_of_takes_from_each_budget_that_is_set_in_the_order_of_their_locks() -> None:
    bounds = [
        Bound("token:abc", Limits(gpu_ms_total=9)),
        Bound(ADA, Limits(clips_per_day=2, gpu_ms_per_day=3, gpu_ms_total=4)),
        Bound("cohort:first", Limits(clips_per_day=5)),
        Bound("everybody", Limits(rate_per_minute=1, gpu_ms_per_day=6)),
    ]
    assert pots_of(bounds, CHAIN, NOON) == [
        Pot("cohort:first", TODAY, 5, None),
        Pot("everybody", TODAY, None, 6),
        Pot(ADA, TOTAL, None, 4),
        Pot(ADA, TODAY, 2, 3),
        Pot("token:abc", TOTAL, None, 9),
    ]


def test_pots_of_counts_a_tester_whom_nothing_limits() -> None:
    bounds = [Bound("token:abc", Limits()), Bound(ADA, Limits())]
    assert pots_of(bounds, CHAIN, NOON) == [Pot(ADA, TODAY, None, None)]
    assert Pot(ADA, TODAY, None, None).name == f"{ADA}/{TODAY}"


def test_left_in_tells_what_is_left_once_more_is_taken() -> None:
    row = used(clips=3, held_ms=100, spent_ms=50)
    assert left_in(Pot(ADA, TODAY, 5, 200), row, 1, 20, NOON) == [
        Quota("clips_per_day", ADA, 5, 1, 43_200),
        Quota("gpu_ms_per_day", ADA, 200, 30, 43_200),
    ]
    assert left_in(Pot(ADA, TOTAL, None, 200), row, 1, 20, NOON) == [
        Quota("gpu_ms_total", ADA, 200, 30, None)
    ]
    assert left_in(Pot(ADA, TODAY, None, None), row, 1, 20, NOON) == []
    spent = [quota.left for quota in left_in(Pot(ADA, TODAY, 1, 1), row, 1, 20, NOON)]
    assert spent == [0, 0]


def test_refuse_exhausted_lets_the_last_clip_and_the_last_millisecond_pass() -> None:
    refuse_exhausted(Pot(ADA, TODAY, 4, 200), used(3, 100, 50), 50, NOON)
    refuse_exhausted(Pot(ADA, TODAY, None, None), used(3, 100, 50), 10**12, NOON)


@pytest.mark.parametrize(
    ("clips", "sentence", "wait_s"),
    [
        (
            3,
            "You may make 3 clips a day, and that is used up. Come back after midnight UTC, in "
            "12 hours.",
            43_200,
        ),
        (
            0,
            "You may make 0 clips a day, and that is used up. Come back after midnight UTC, in "
            "12 hours.",
            None,  # without a single one a day, no midnight brings any
        ),
    ],
)
def test_refuse_exhausted_says_when_clips_come_back(
    clips: int, sentence: str, wait_s: int | None
) -> None:
    with pytest.raises(TooMany) as refusal:
        refuse_exhausted(Pot(ADA, TODAY, clips, None), used(3), 1, NOON)
    assert str(refusal.value) == sentence
    assert (refusal.value.limit, refusal.value.retry_after_s) == ("clips_per_day", wait_s)
    assert refusal.value.quota == Quota("clips_per_day", ADA, clips, 0, 43_200)


@pytest.mark.parametrize(
    ("pot", "gpu_ms", "sentence", "wait_s", "short_by_ms"),
    [
        (
            Pot(ADA, TODAY, 9, 10_000),
            6_500,
            "This clip needs 6.5 s of drawing time. You may use 4.0 s left today. Make it shorter "
            "or smaller, or ask again after midnight UTC, in 12 hours.",
            43_200,
            2_500,
        ),
        (
            Pot(ADA, TODAY, None, 10_000),
            10_001,
            "This clip needs 10.0 s of drawing time. You may use 10.0 s in a whole day. Make it "
            "shorter or smaller.",
            None,
            6_001,
        ),
        (
            Pot("everybody", TOTAL, None, 10_000),
            4_001,
            "This clip needs 4.0 s of drawing time. All testers together may use 4.0 s in all. "
            "Ask an admin for more.",
            None,
            1,
        ),
        (
            Pot("everybody", TOTAL, None, 9_006_000),
            9_000_001,
            "This clip needs 9000.0 s of drawing time. All testers together may use 9000.0 s in "
            "all. Ask an admin for more.",
            None,
            1,
        ),
        (
            Pot(ADA, TODAY, None, 9_006_000),
            9_000_001,
            "This clip needs 9000.0 s of drawing time. You may use 9000.0 s left today. Make it "
            "shorter or smaller, or ask again after midnight UTC, in 12 hours.",
            43_200,
            1,
        ),
        (
            Pot(ADA, TODAY, None, 5_000),  # lowered below what was used
            1_000,
            "This clip needs 1.0 s of drawing time. You may use 0.0 s left today. Make it shorter "
            "or smaller, or ask again after midnight UTC, in 12 hours.",
            43_200,
            2_000,
        ),
    ],
)
def test_refuse_exhausted_says_what_time_is_missing_and_what_to_do(
    pot: Pot, gpu_ms: int, sentence: str, wait_s: int | None, short_by_ms: int
) -> None:
    with pytest.raises(BudgetExhausted) as refusal:
        refuse_exhausted(pot, used(3, held_ms=2_000, spent_ms=4_000), gpu_ms, NOON)
    error = refusal.value
    assert str(error) == sentence
    assert (error.retry_after_s, error.facts["short_by_ms"]) == (wait_s, short_by_ms)
    assert error.limit == ("gpu_ms_total" if pot.day == TOTAL else "gpu_ms_per_day")
    assert error.quota == left_in(pot, used(3, 2_000, 4_000), 0, 0, NOON)[-1]
