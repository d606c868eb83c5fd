"""Redis or the database out of reach: no clip, an answer that says when to ask again, recovery."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from auth import budget, switch
from auth.gate import Gate
from auth.meters import wire
from auth.meters_redis import READY, RedisMeters, places_of
from auth.records import Reservation
from database import Database
from errors import StoreUnavailable, Suspended, TooMany
from tests.auth.conftest import NOON, Invited, ToldRedis, invite
from tests.proxy import Proxy, proxy_to
from tests.services import redis_server


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    with proxy_to(urlsplit(redis_url).port or 0) as proxy:
        yield proxy


@pytest.fixture
def meters(database: Database, proxy: Proxy) -> RedisMeters:
    """Redis through a proxy that can be cut."""
    store = ToldRedis(f"redis://127.0.0.1:{proxy.port}/0")
    wire(database, store)
    return store


def ask(database: Database, gate: Gate, who: Invited, job_id: str) -> None:
    with database.begin() as db:
        gate.admit(db, who.principal, job_id, 1, NOON)


def held(database: Database) -> int:
    with database.read() as db:
        query = select(func.count()).where(Reservation.state == "held")
        return db.scalar(query) or 0


@pytest.mark.usefixtures("meters")
@pytest.mark.parametrize("how", ["cut", "hang"])
def test_admit_lets_nobody_pass_while_redis_is_away_and_recovers_by_itself(
    database: Database, gate: Gate, ada: Invited, proxy: Proxy, how: str
) -> None:
    ask(database, gate, ada, "job1")
    proxy.call(how)
    for _ in range(2):
        with pytest.raises(StoreUnavailable) as refusal:
            ask(database, gate, ada, "job2")
        assert (refusal.value.status, refusal.value.retry_after_s) == (503, 2)
    assert held(database) == 1
    proxy.call("open")
    ask(database, gate, ada, "job2")
    assert held(database) == 2


@pytest.mark.usefixtures("meters")
def test_release_and_stop_do_not_wait_for_redis(
    database: Database, gate: Gate, ada: Invited, proxy: Proxy
) -> None:
    """What the database says holds at once, and Redis learns it when it is back."""
    ask(database, gate, ada, "job1")
    ask(database, gate, ada, "job2")
    proxy.call("cut")
    with database.begin() as db:
        budget.release(db, "job1", NOON)
        switch.stop(db, "everybody", "A leak", NOON)
    assert held(database) == 1
    proxy.call("open")
    with pytest.raises(Suspended):
        ask(database, gate, ada, "job3")


def test_admit_says_no_until_an_empty_redis_was_filled_from_the_database(
    database: Database, gate: Gate, ada: Invited, meters: RedisMeters
) -> None:
    ask(database, gate, ada, "job1")
    ask(database, gate, ada, "job2")
    meters.redis.flushdb()
    meters.redis.set("told", NOON)
    meters.redis.set("greenroom:gate:filling", "", px=60_000)  # somebody else is filling it
    with pytest.raises(StoreUnavailable):
        ask(database, gate, ada, "job3")
    meters.redis.delete("greenroom:gate:filling")
    with pytest.raises(TooMany) as refusal:  # both places are held, as before
        ask(database, gate, ada, "job3")
    assert refusal.value.limit == "concurrent"
    assert meters.redis.exists(READY)
    assert meters.redis.zcard(places_of(f"tester:{ada.tester.id}")) == 2


def test_admit_survives_a_redis_that_restarts_with_nothing(
    database: Database, gate: Gate, tmp_path: Path
) -> None:
    ada = invite(database, gate, "Ada", concurrent=1)
    with redis_server(tmp_path) as first, proxy_to(urlsplit(first).port or 0) as proxy:
        wire(database, ToldRedis(f"redis://127.0.0.1:{proxy.port}/0"))
        ask(database, gate, ada, "job1")
        with redis_server(tmp_path) as second:
            proxy.target_port = urlsplit(second).port or 0
            proxy.call("cut")
            with pytest.raises(StoreUnavailable):
                ask(database, gate, ada, "job2")
            proxy.call("open")
            database.session_info.clear()
            wire(database, ToldRedis(f"redis://127.0.0.1:{proxy.port}/0"))
            with pytest.raises(TooMany):  # the place of job1 is held again
                ask(database, gate, ada, "job2")
            with database.begin() as db:
                budget.release(db, "job1", NOON)
            ask(database, gate, ada, "job2")


def test_admit_lets_nobody_pass_while_postgres_is_away_and_recovers_by_itself(
    postgres_url: str, gate: Gate, database: Database
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite is a file")
    address = urlsplit(database.url.replace("+psycopg", ""))
    ada = invite(database, gate, "Ada")
    with proxy_to(address.port or 0) as proxy:
        far = Database(database.url.replace(f":{address.port}/", f":{proxy.port}/"))
        ask(far, gate, ada, "job1")
        proxy.call("cut")
        for _ in range(2):
            with pytest.raises(OperationalError):
                ask(far, gate, ada, "job2")
        proxy.call("open")
        ask(far, gate, ada, "job2")
        far.close()
    assert held(database) == 2
