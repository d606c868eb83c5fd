"""Decisions alone, in one process: `Gate.admit` in a transaction of its own, `limits` beside it."""

import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from auth import budget, scopes, testers, tokens
from auth.gate import Gate
from auth.keys import Keys
from auth.limits import Limits
from auth.meters import meters_of, wire
from auth.meters_redis import RedisMeters
from auth.records import Token
from database import Database
from studio.clock import now_ms
from tests.services import new_database

HERE = Path(__file__).parent
KEYS = Keys.derive("a secret of at least thirty-two characters")
GATE = Gate(KEYS, Limits(60_000, 1_000, 1_000_000, 10**12), bearer=Limits())
EACH, DAY_MS = 50, 86_400_000
KNOWN = 50


@dataclass
class Books:
    """A database with tokens of which the texts of KNOWN are known, and what counts rates."""

    database: Database
    texts: list[str] = field(default_factory=list)

    def fill(self, count: int) -> "Books":
        """`count` tokens, of ten testers each a tenth."""
        self.database.migrate()
        with self.database.begin() as db:
            meters_of(db).restore(db)
            owners = [testers.add(db, f"Tester {n}", now_ms=now_ms()).id for n in range(10)]
            self.texts = [self.mint(db, owners[n % 10]) for n in range(KNOWN)]
            row = {"kind": "api", "scopes": "generate read", "secret_hash": "0" * 64}
            row |= {"pepper_version": KEYS.current, "bearer_granted": True, "created_at": 1}
            ids = (tokens.random_base62(12) for _ in range(count - KNOWN))
            others = [{"id": id_, "tester_id": owners[0], **row} for id_ in ids]
            db.execute(Token.__table__.insert(), others)
        return self

    def mint(self, db: object, tester_id: str) -> str:
        return tokens.mint(
            db,  # type: ignore[arg-type]
            KEYS,
            tester_id,
            kind=tokens.API,
            given=scopes.API,
            bearer=True,
            lifetime_ms=DAY_MS,
            now_ms=now_ms(),
        ).text

    def decide(self) -> float:
        """Mean seconds to look a token up and admit with it; giving it back is not counted."""
        seconds = 0.0
        for number in range(EACH):
            text, job_id = self.texts[number % KNOWN], uuid4().hex
            began = perf_counter()
            with self.database.read() as db:
                principal = GATE.authenticate(db, bearer=text, now_ms=now_ms())
            with self.database.begin() as db:
                GATE.admit(db, principal, job_id, 1, now_ms())
            seconds += perf_counter() - began
            with self.database.begin() as db:
                budget.release(db, job_id, now_ms())
        return seconds / EACH


def compare(
    python: Path, postgres_url: str, redis_url: str, folder: Path, rounds: int, large: int
) -> None:
    counted = Database(new_database(postgres_url))
    wire(counted, RedisMeters(redis_url))
    ours = {
        "on SQLite": Books(Database(f"sqlite:///{folder / 'few.db'}")).fill(100),
        "on Postgres": Books(Database(new_database(postgres_url))).fill(100),
        "on Postgres and Redis": Books(counted).fill(100),
        f"on SQLite, {large:,} tokens": Books(Database(f"sqlite:///{folder / 'many.db'}")).fill(
            large
        ),
        f"on Postgres, {large:,} tokens": Books(Database(new_database(postgres_url))).fill(large),
    }
    sides: dict[str, Callable[[], float]] = {f"Greenroom {k}": v.decide for k, v in ours.items()}
    sides["limits in memory"] = limits_side(python, "memory://")
    sides["limits in Redis"] = limits_side(python, redis_url)
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name in list(sides) if number % 2 else list(sides)[::-1]:
            found[name].append(sides[name]())
    found = {name: times[1:] for name, times in found.items()}  # the first round warms up
    print(f"\nDecisions alone, {EACH} a round, {rounds} rounds")
    for name, times in found.items():
        print(f"  {name:44} {statistics.median(times) * 1e6:9.0f} µs")
    for one, other in (
        ("Greenroom on SQLite", "limits in memory"),
        ("Greenroom on Postgres and Redis", "limits in Redis"),
        (f"Greenroom on SQLite, {large:,} tokens", "Greenroom on SQLite"),
        (f"Greenroom on Postgres, {large:,} tokens", "Greenroom on Postgres"),
    ):
        print(f"  {one} ÷ {other}: {spread(found[one], found[other])}")


def spread(ours: Sequence[float], other: Sequence[float]) -> str:
    ratios = [a / b for a, b in zip(ours, other, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def limits_side(python: Path, storage: str) -> Callable[[], float]:
    peer = subprocess.Popen(
        [python, HERE / "limits_side.py", storage],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert peer.stdin is not None
    assert peer.stdout is not None
    stdin, stdout = peer.stdin, peer.stdout

    def decide() -> float:
        stdin.write(f"{EACH}\n")
        stdin.flush()
        return float(stdout.readline()) / EACH

    return decide
