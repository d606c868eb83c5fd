"""Four processes ask the gate itself as fast as they can while a token is revoked.

Each process has its own connections and admits with one token, or asks who it belongs to and
remembers it, until it is refused. Meanwhile another connection revokes the token.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
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
from auth.recall import Recall
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


Hammer = Callable[[Connection, str, str | None], None]


def admit(pipe: Connection, database_url: str, redis_url: str | None) -> None:
    """One web process: for each principal that comes, admit until refused, and report when."""
    database, gate = open_gate(database_url, redis_url)
    while (given := pipe.recv()) is not None:
        (principal, _text), last_yes_began = given, 0
        try:
            while True:
                began, job_id = time.monotonic_ns(), uuid4().hex
                with database.begin() as db:
                    gate.admit(db, principal, job_id, 1, now_ms())
                if not last_yes_began:
                    pipe.send("in the middle")
                last_yes_began = began
                with database.begin() as db:
                    budget.release(db, job_id, now_ms())
        except TokenInvalid:
            pipe.send((last_yes_began, time.monotonic_ns()))
    database.close()


def recognise(pipe: Connection, database_url: str, redis_url: str | None) -> None:
    """One web process: for each token that comes, ask whose it is until it is nobody's."""
    database, gate = open_gate(database_url, redis_url)
    recall = Recall(database)

    async def ask(text: str) -> None:
        last_yes_began, told = 0, False
        try:
            while True:
                began, now = time.monotonic_ns(), now_ms()
                known, word = await recall.find(text, now)
                if known is None:
                    with database.read() as db:
                        found = gate.authenticate(db, bearer=text, now_ms=now)
                    gate.note_use(database, found, text, now)
                    recall.keep(text, found, word)
                elif not told:
                    told = True
                    pipe.send("in the middle")
                last_yes_began = began
                await asyncio.sleep(0)
        except TokenInvalid:
            pipe.send((last_yes_began, time.monotonic_ns()))

    async def serve() -> None:
        while (given := await asyncio.to_thread(pipe.recv)) is not None:
            await ask(given[1])
        recall.close()

    asyncio.run(serve())
    database.close()


@contextmanager
def web_processes(
    hammer: Hammer, database_url: str, redis_url: str | None
) -> Iterator[list[Connection]]:
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


def run(
    database_url: str, redis_url: str | None, rounds: int, hammer: Hammer = admit
) -> list[Round]:
    """Revoke one token a round. Migrates the database, and fills Redis from it."""
    database, _gate = open_gate(database_url, redis_url)
    database.migrate()
    with database.read() as db:
        meters_of(db).restore(db)
    with web_processes(hammer, database_url, redis_url) as pipes:
        found = [one_round(database, pipes) for _ in range(rounds)]
    database.close()
    return found


def one_round(database: Database, pipes: Sequence[Connection]) -> Round:
    principal, text = issue(database)
    for pipe in pipes:
        pipe.send((principal, text))
    for pipe in pipes:
        assert hear(pipe) == "in the middle"
    called = time.monotonic_ns()
    with database.begin() as db:
        revocation.revoke(db, principal.token_id, "a benchmark", now_ms())
    returned = time.monotonic_ns()
    reports: list[Any] = [hear(pipe) for pipe in pipes]
    return Round(called, returned, [began for began, _ in reports], [no for _, no in reports])


def invite(database: Database) -> Principal:
    return issue(database)[0]


def issue(database: Database) -> tuple[Principal, str]:
    """A new tester, as whoever comes with their token, and its text."""
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
    principal = Principal(
        tester.id, tester.name, tester.role, token.id, None, scopes, tokens.API, bearer=True
    )
    return principal, token.text
