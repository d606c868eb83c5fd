"""Four web processes ask as fast as they can; nothing begins once a revocation has returned."""

import pytest

from auth.meters_redis import RedisMeters
from benchmarks.revocation.gate import PROCESSES, recognise, run

ROUNDS = 3


@pytest.mark.parametrize("counted", ["in sql", "in redis"])
def test_revoke_lets_no_process_begin_an_admission_after_it_returned(
    database_url: str, request: pytest.FixtureRequest, counted: str
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("a data folder has one web process (app.py locks it)")
    redis_url = None
    if counted == "in redis":
        redis_url = request.getfixturevalue("redis_url")
        RedisMeters(redis_url).redis.flushdb()
    found = run(database_url, redis_url, ROUNDS)
    assert [(len(r.first_no), r.late) for r in found] == [(PROCESSES, 0)] * ROUNDS


def test_revoke_lets_no_process_recognise_the_token_in_a_request_after_it_returned(
    database_url: str,
) -> None:
    """Each process remembers whose token it is, and is in the middle of saying so."""
    found = run(database_url, None, ROUNDS, recognise)
    assert [(len(r.first_no), r.late) for r in found] == [(PROCESSES, 0)] * ROUNDS
