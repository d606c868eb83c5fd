"""What a limit has left at one moment, and the sentence of its refusal. Needs no store."""

import pytest

from auth.limits import DAY_MS, MINUTE_MS, Bound, Limits
from auth.quotas import Meters, Quota, moved, pace_ms, quotas, rate_quota, refuse_spent, seconds
from errors import TooMany
from tests.auth.conftest import NOON

ADA = "tester:ada"


@pytest.mark.parametrize(
    ("rate", "window_ms", "every_ms"),
    [(5, MINUTE_MS, 12_000), (7, MINUTE_MS, 8_572), (1, DAY_MS, DAY_MS), (60_000, MINUTE_MS, 1)],
)
def test_pace_ms_rounds_up(rate: int, window_ms: int, every_ms: int) -> None:
    assert pace_ms(rate, window_ms) == every_ms


@pytest.mark.parametrize(("ms", "s"), [(-5, 0), (0, 0), (1, 1), (1000, 1), (1001, 2), (60_000, 60)])
def test_seconds_rounds_up_and_is_never_negative(ms: int, s: int) -> None:
    assert seconds(ms) == s


def test_moved_counts_from_now_or_from_what_came_before() -> None:
    assert moved(0, 5, MINUTE_MS, NOON) == NOON + 12_000
    assert moved(NOON + 12_000, 5, MINUTE_MS, NOON) == NOON + 24_000
    assert moved(NOON - 1, 5, MINUTE_MS, NOON) == NOON + 12_000
    assert moved(77, None, MINUTE_MS, NOON) == 77


@pytest.mark.parametrize(
    ("ahead_ms", "left", "reset_s"),
    [
        (-60_000, 5, None),
        (0, 5, None),
        (1, 4, 1),
        (12_000, 4, 12),
        (12_001, 3, 1),
        (24_000, 3, 12),
        (48_000, 1, 12),
        (48_001, 0, 1),
        (60_000, 0, 12),
        (72_000, 0, 24),
    ],
)
def test_rate_quota_gives_one_back_each_pace(ahead_ms: int, left: int, reset_s: int | None) -> None:
    """Of five a minute, one each twelve seconds; what is ahead of now has been taken."""
    found = rate_quota("rate_per_minute", ADA, 5, MINUTE_MS, NOON + ahead_ms, NOON)
    assert found == Quota("rate_per_minute", ADA, 5, left, reset_s)


def test_quotas_tells_each_limit_that_is_set_and_no_other() -> None:
    meters = Meters(minute_ms=NOON + 12_000, day_ms=NOON + 864_000, held=2)
    assert quotas(Bound(ADA, Limits()), meters, NOON) == []
    everything = Limits(rate_per_minute=5, rate_per_day=100, concurrent=3)
    assert quotas(Bound(ADA, everything), meters, NOON) == [
        Quota("rate_per_minute", ADA, 5, 4, 12),
        Quota("rate_per_day", ADA, 100, 99, 864),
        Quota("concurrent", ADA, 3, 1, None),
    ]
    more_than_allowed = Meters(held=7)  # the limit was lowered meanwhile
    (places,) = quotas(Bound(ADA, Limits(concurrent=3)), more_than_allowed, NOON)
    assert places == Quota("concurrent", ADA, 3, 0, None)


def test_with_one_more_moves_what_is_limited_and_takes_a_place() -> None:
    limits = Limits(rate_per_minute=5, rate_per_day=100)
    after = Meters(0, NOON + 864_000, 1).with_one_more(limits, NOON)
    assert after == Meters(NOON + 12_000, NOON + 1_728_000, 2)
    assert Meters(3, 4, 5).with_one_more(Limits(), NOON) == Meters(3, 4, 6)


def test_refuse_spent_lets_pass_while_every_limit_has_something_left() -> None:
    refuse_spent([])
    refuse_spent([Quota("rate_per_minute", ADA, 5, 1, 12), Quota("concurrent", ADA, 2, 1, None)])


@pytest.mark.parametrize(
    ("quota", "sentence", "wait_s"),
    [
        (
            Quota("rate_per_minute", ADA, 5, 0, 12),
            "You may ask for 5 clips a minute, no faster. Ask again in 12 seconds.",
            12,
        ),
        (
            Quota("rate_per_day", "cohort:first", 1, 0, 864),
            "Your cohort together may ask for 1 clip a day, no faster. Ask again in 15 minutes.",
            864,
        ),
        (
            Quota("rate_per_minute", "everybody", 5, 0, 0),
            "All testers together may ask for 5 clips a minute, no faster. Ask again in 1 second.",
            1,
        ),
        (
            Quota("concurrent", "token:abc", 2, 0, None),
            "This token may have 2 clips waiting or being drawn at once, no more. Wait until one "
            "ends, or cancel one.",
            10,
        ),
    ],
)
def test_refuse_spent_says_whose_limit_it_is_and_when_to_ask_again(
    quota: Quota, sentence: str, wait_s: int
) -> None:
    with pytest.raises(TooMany) as refusal:
        refuse_spent([quota])
    assert str(refusal.value) == sentence
    assert (refusal.value.limit, refusal.value.retry_after_s) == (quota.name, wait_s)
    assert refusal.value.quota == quota


def test_refuse_spent_names_the_limit_that_takes_longest() -> None:
    """A place is guessed to take ten seconds."""
    minute, day = Quota("rate_per_minute", ADA, 5, 0, 9), Quota("rate_per_day", ADA, 9, 0, 800)
    places = Quota("concurrent", ADA, 2, 0, None)
    for found, named in (
        ([minute, day, places], day),
        ([day, minute], day),
        ([minute, places], places),
        (
            [Quota("rate_per_minute", ADA, 5, 0, 11), places],
            Quota("rate_per_minute", ADA, 5, 0, 11),
        ),
    ):
        with pytest.raises(TooMany) as refusal:
            refuse_spent(found)
        assert refusal.value.quota == named
