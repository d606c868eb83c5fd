"""Whose limits bind a request: one's own, else one's cohort's, else the programme's."""

from pathlib import Path

import pytest

from auth.gate import Gate
from auth.limits import BOUNDS, Bound, Limits, bounds
from auth.records import Cohort, Subject, Tester
from auth.step_up import StepUp
from auth.subjects import Chain
from settings import Settings

PROGRAMME = Limits(5, 2, 50, 1_800_000)
CHAIN = Chain("ada", "abc", "first")


def test_of_takes_each_limit_from_the_nearest_who_has_it() -> None:
    cohort = Cohort(rate_per_minute=7, concurrent=8, gpu_ms_total=9)
    ada = Tester(concurrent=1, rate_per_day=30)
    assert PROGRAMME.of(Tester()) == PROGRAMME
    assert PROGRAMME.of(ada) == Limits(5, 1, 50, 1_800_000, 30, None)
    assert PROGRAMME.of(Tester(), cohort) == Limits(7, 8, 50, 1_800_000, None, 9)
    assert PROGRAMME.of(ada, cohort) == Limits(7, 1, 50, 1_800_000, 30, 9)


def test_own_is_what_the_row_says_and_nothing_for_no_row() -> None:
    assert Limits.own(None) == Limits()
    everything = {name: number for number, name in enumerate(BOUNDS, start=1)}
    assert Limits.own(Subject(**everything)) == Limits(**everything)


def test_gate_holds_everybody_to_what_the_settings_say(tmp_path: Path) -> None:
    environment = {
        "GREENROOM_DATA": str(tmp_path),
        "GREENROOM_RATE_PER_MINUTE": "3",
        "GREENROOM_CONCURRENT": "4",
        "GREENROOM_CLIPS_PER_DAY": "5",
        "GREENROOM_GPU_SECONDS_PER_DAY": "6",
        "GREENROOM_BEARER_RATE_PER_MINUTE": "7",
        "GREENROOM_BEARER_CONCURRENT": "8",
        "GREENROOM_BEARER_CLIPS_PER_DAY": "9",
        "GREENROOM_BEARER_GPU_SECONDS_PER_DAY": "10",
        "GREENROOM_STEP_UP": "on",
        "GREENROOM_TOUCH_CLIPS": "11",
        "GREENROOM_TOUCH_HOURS": "12",
    }
    gate = Gate.from_settings(Settings.read(environment))
    assert gate.limits == Limits(3, 4, 5, 6_000)
    assert gate.bearer == Limits(7, 8, 9, 10_000)
    assert gate.step_up == StepUp(needed=True, clips=11, lasting_ms=12 * 3_600_000)


@pytest.mark.parametrize("of_token", [Limits(), Limits(rate_per_minute=2, clips_per_day=10)])
def test_bounds_hold_each_subject_to_its_row_and_the_tester_to_their_own(of_token: Limits) -> None:
    rows = {
        "token:abc": Subject(key="token:abc", epoch=3, clips_per_day=4),
        "everybody": Subject(key="everybody", epoch=1, concurrent=20),
        "tester:ada": Subject(key="tester:ada", epoch=2, concurrent=99),
    }
    found = {bound.subject: bound for bound in bounds(CHAIN, PROGRAMME, rows, of_token)}
    assert found == {
        "tester:ada": Bound("tester:ada", PROGRAMME, 2),
        "token:abc": Bound("token:abc", of_token.under(rows["token:abc"]), 3),
        "cohort:first": Bound("cohort:first", Limits(), 0),
        "everybody": Bound("everybody", Limits(concurrent=20), 1),
    }
    assert found["token:abc"].limits.clips_per_day == 4
