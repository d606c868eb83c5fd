"""A few kills of everything under load: the rehearsal of `python -m tests.crashes`, but short."""

import pytest

from tests.crashes.rehearsal import rehearse

KILLS = 6  # each kind of thing once, and one more


@pytest.mark.timeout(900)
def test_random_kills_lose_no_job_and_charge_none_twice() -> None:
    outcome = rehearse(KILLS, seed=20, pause_s=0.7)
    assert outcome.kills.total() == KILLS
    assert outcome.promised > 0
    assert {what: count for what, count in outcome.wrong.items() if count} == {}
