"""Four processes ask the gate itself as fast as they can while a token is revoked.

Each process has its own connections and admits with one token until it is refused. Meanwhile
another connection revokes the token.
"""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any
from uuid import uuid4

from auth import budget, revocation, testers, tokens
from auth.gate import Gate, Principal
from auth.keys import Keys
from auth.limits import Limits
from auth.meters import meters_of, wire
from auth.meters_redis import RedisMeters
from auth.scopes import GENERATE
from database import Database
from errors import TokenInvalid

PROCESSES, HOUR_MS = 4, 3_600_000
# What takes longer is stuck, not slow: the benchmark then ends and says so.
ROUND_LIMIT_S, GOODBYE_S = 120.0, 20.0
WIDE = Limits(60_000, 10_000, 1_000_000, 10**12)
KEYS = Keys.derive("a secret of at least thirty-two characters")


@dataclass(frozen=True)
class Round:
    """Times in ns of one clock. `last_yes_began` and `first_no` have one value a process."""

    called: int
    returned: int
    last_yes_began: Sequence[int]
    first_no: Sequence[int]

    @property
    def late(self) -> int:
        """How many processes began an admission after `revoke()` had returned."""
        return sum(began > self.returned for began in self.last_yes_began)


def open_gate(database_url: str, redis_url: str | None) -> tuple[Database, Gate]:
    database = Database(database_url)
    if redis_url is not None:
        wire(database, RedisMeters(redis_url))
    return database, Gate(KEYS, WIDE)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def hammer(pipe: Connection, database_url: str, redis_url: str | None) -> None:
    """One web process: for each principal that comes, admit until refused, and report when."""
    database, gate = open_gate(database_url, redis_url)
    while (principal := pipe.recv()) is not None:
        last_yes_began = 0
        try:
            while True:
                began, job_id = time.monotonic_ns(), uuid4().hex
                with database.begin() as db:
                    gate.admit(db, principal, job_id, 1, now_ms())
                if not last_yes_began:
                    pipe.send("admitting")
                last_yes_began = began
                with database.begin() as db:
                    budget.release(db, job_id, now_ms())
        except TokenInvalid:
            pipe.send((last_yes_began, time.monotonic_ns()))
    database.close()


@contextmanager
def web_processes(database_url: str, redis_url: str | None) -> Iterator[list[Connection]]:
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    try:
        for _ in range(PROCESSES):
            ours, theirs = context.Pipe()
            arguments = (theirs, database_url, redis_url)
            process = context.Process(target=hammer, args=arguments, daemon=True)
            process.start()
            theirs.close()  # or nobody would see it end
            pipes.append(ours)
            processes.append(process)
        yield pipes
    finally:
        for pipe in pipes:
            with suppress(OSError):  # it ended by itself
                pipe.send(None)
        for process in processes:
            process.join(GOODBYE_S)
            process.kill()


def hear(pipe: Connection) -> Any:
    """What a process says next. Raises TimeoutError; EOFError where it ended."""
    if not pipe.poll(ROUND_LIMIT_S):
        raise TimeoutError(f"a process said nothing for {ROUND_LIMIT_S:g} s")
    return pipe.recv()


def run(database_url: str, redis_url: str | None, rounds: int) -> list[Round]:
    """Revoke one token a round. Migrates the database, and fills Redis from it."""
    database, _gate = open_gate(database_url, redis_url)
    database.migrate()
    with database.read() as db:
        meters_of(db).restore(db)
    with web_processes(database_url, redis_url) as pipes:
        found = [one_round(database, pipes) for _ in range(rounds)]
    database.close()
    return found


def one_round(database: Database, pipes: Sequence[Connection]) -> Round:
    principal = invite(database)
    for pipe in pipes:
        pipe.send(principal)
    for pipe in pipes:
        assert hear(pipe) == "admitting"
    called = time.monotonic_ns()
    with database.begin() as db:
        revocation.revoke(db, principal.token_id, "a benchmark", now_ms())
    returned = time.monotonic_ns()
    reports: list[Any] = [hear(pipe) for pipe in pipes]
    return Round(called, returned, [began for began, _ in reports], [no for _, no in reports])


def invite(database: Database) -> Principal:
    with database.begin() as db:
        tester = testers.add(db, uuid4().hex, now_ms=now_ms())
        token = tokens.mint(
            db,
            KEYS,
            tester.id,
            kind=tokens.API,
            bearer=True,
            lifetime_ms=3_600_000,
            now_ms=now_ms(),
        )
    scopes = frozenset({GENERATE})
    return Principal(
        tester.id, tester.name, tester.role, token.id, None, scopes, tokens.API, bearer=True
    )
