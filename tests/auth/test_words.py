"""Numbers are said as people say them, and never shorter than true."""

import pytest

from auth.words import count, lasting


def test_count_knows_one_from_many() -> None:
    assert [count(number, "clip") for number in (0, 1, 2)] == ["0 clips", "1 clip", "2 clips"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (3540, "59 minutes"),
        (3541, "1 hour"),
        (3661, "1 hour 2 minutes"),
        (86_400, "24 hours"),
    ],
)
def test_lasting_rounds_up_to_whole_minutes(seconds: int, said: str) -> None:
    assert lasting(seconds) == said
