"""A gate with its limits, a tester behind it, and a fixed now."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from auth import testers, tokens
from auth.gate import Gate, Principal
from auth.keys import Keys
from auth.limits import Bound, Limits
from auth.meters import SQL, MeterStore, count_held, wire
from auth.meters_redis import RedisMeters, keys_of
from auth.quotas import Meters, Quota
from auth.records import Meter, Tester
from auth.redis_client import read_text
from auth.tallies import RedisTally
from database import Database
from tests.devices import signed_by
from tests.sentences import refused_in_sentences

DAY_MS = 86_400_000
NOON = 20_800 * DAY_MS + DAY_MS // 2


@pytest.fixture(scope="session")
def gate() -> Gate:
    """5 a minute, 2 at once, 50 clips and 1,800 s of GPU time a day, by the clock it is told."""
    keys = Keys.derive("a secret of at least thirty-two characters")
    return Gate(keys, Limits(5, 2, 50, 1_800_000), clock=as_told)


def as_told(_db: Session, now_ms: int) -> int:
    return now_ms


class ToldRedis(RedisMeters):
    """Real Redis, whose clock is what it is told: its scripts read a key instead."""

    def __init__(self, url: str) -> None:
        super().__init__(url, told_script)
        self.redis.flushdb()
        self.tell(NOON)

    def tell(self, now_ms: int) -> None:
        self.redis.set("told", now_ms)

    def take(
        self, db: Session, job_id: str, bounds: Sequence[Bound], now_ms: int
    ) -> Sequence[Quota]:
        self.quietly(lambda: self.tell(now_ms))
        return super().take(db, job_id, bounds, now_ms)


def told_script(name: str) -> str:
    lines = (
        "local told = tonumber(redis.call('GET', 'told'))\n"
        "local time = {math.floor(told / 1000), told % 1000 * 1000}"
    )
    text = read_text(name)
    assert name == "undo" or "local time = redis.call('TIME')" in text
    return text.replace("local time = redis.call('TIME')", lines)


class ToldTally(RedisTally):
    """As ToldRedis: the time that `wait_ms` and `count` are told is Redis's."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "told", told_script)
        self.redis.flushdb()

    def ask(self, network: str, now_ms: int, calls: int) -> int:
        with suppress(RedisError):  # away: the script says so
            self.redis.set("told", now_ms)
        return super().ask(network, now_ms, calls)


def reading(database: Database, store: MeterStore, key: str) -> Meters:
    """What `store` counts for one subject."""
    if isinstance(store, RedisMeters):
        minute, day, places = keys_of(key)
        minute_ms, day_ms = (int(store.redis.get(name) or 0) for name in (minute, day))
        return Meters(minute_ms, day_ms, store.redis.zcard(places))
    with database.read() as db:
        row = db.get(Meter, key)
        held = count_held(db, Bound(key, Limits(concurrent=1)), "")
        return Meters(row.minute_ms, row.day_ms, held) if row else Meters(held=held)


@pytest.fixture(params=["in sql", "in redis"])
def meters(request: pytest.FixtureRequest, database: Database) -> MeterStore:
    """What counts rates and places for `database`: itself and a real Redis in turn."""
    store: MeterStore = SQL
    if request.param == "in redis":
        store = ToldRedis(request.getfixturevalue("redis_url"))
    wire(database, store)
    with database.read() as db:
        store.restore(db)
    return store


@dataclass(frozen=True)
class Invited:
    """A tester with an access token, signed in by a browser."""

    tester: Tester
    token: tokens.Minted
    principal: Principal
    cookie: str


@pytest.fixture
def ada(database: Database, gate: Gate) -> Invited:
    return invite(database, gate, "Ada")


def invite(database: Database, gate: Gate, name: str, **own_limits: int) -> Invited:
    """Add a tester, with limits of their own where given, and sign them in."""
    with database.begin() as db:
        tester = testers.add(db, name, now_ms=NOON)
        for limit, value in own_limits.items():
            setattr(tester, limit, value)
        token = tokens.mint(db, gate.keys, tester.id, lifetime_ms=30 * DAY_MS, now_ms=NOON)
        principal, cookie = gate.sign_in(db, token.text, signed_by(name), "", NOON)
    return Invited(tester, token, principal, cookie)


def mint(
    database: Database,
    gate: Gate,
    invited: Invited,
    kind: str,
    lifetime_ms: int = DAY_MS,
    **more: Any,
) -> tokens.Minted:
    with database.begin() as db:
        tester_id = invited.tester.id
        return tokens.mint(
            db, gate.keys, tester_id, kind=kind, lifetime_ms=lifetime_ms, now_ms=NOON, **more
        )


def sign_in_by_link(
    db: Session, gate: Gate, tester_id: str, device: str, now_ms: int = NOON
) -> tuple[Principal, str]:
    """Signed in once more, in another browser. Does not commit."""
    link = tokens.mint(
        db, gate.keys, tester_id, kind=tokens.LINK, lifetime_ms=60_000, now_ms=now_ms
    )
    return gate.sign_in(db, link.text, signed_by(device), device, now_ms)


@pytest.fixture(autouse=True)
def _refusals_are_sentences() -> Iterator[None]:
    with refused_in_sentences():
        yield
