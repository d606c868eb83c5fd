"""Four web processes on one Postgres and one Redis, asked for clips while a token is revoked."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from auth import scopes, testers, tokens
from auth.meters import meters_of
from benchmarks.gate.client import read_answer
from benchmarks.gate.sides import KEYS, Side, greenroom
from benchmarks.revocation.gate import (
    HOUR_MS,
    PROCESSES,
    ROUND_LIMIT_S,
    Round,
    now_ms,
    open_gate,
)
from database import Database

WISH = b'{"prompt": "a red ball bouncing in a snowy forest", "seconds": 1, "size": "256x256"}'
# Of each process before the token is revoked: enough to be in the middle, few to stop after it.
ADMITTED = 3


def run(database_url: str, redis_url: str, folder: Path, rounds: int) -> list[Round]:
    """Revoke one token a round, as its holder does.

    Raises RuntimeError for a server that does not come up, TimeoutError for a round that is stuck,
    and ExceptionGroup for an answer that is neither yes nor no.
    """
    names = [f"web{number}" for number in range(PROCESSES)]
    sides = [
        greenroom(name, folder / name, database=database_url, redis=redis_url) for name in names
    ]
    database, _gate = open_gate(database_url, redis_url)
    with closing(database), ExitStack() as servers:
        with database.read() as db:
            meters_of(db).restore(db)
        for server in [servers.enter_context(side.serving()) for side in sides]:
            server.wait_until_up()
        return [asyncio.run(one_round(database, sides, number)) for number in range(rounds)]


async def one_round(database: Database, sides: Sequence[Side], number: int) -> Round:
    token, in_the_middle = new_token(database), asyncio.Barrier(len(sides) + 1)
    # Strangers and failures are counted by address: each round comes from another one.
    address = (f"127.1.{number // 250}.{number % 250 + 1}", 0)
    async with asyncio.timeout(ROUND_LIMIT_S), asyncio.TaskGroup() as group:
        asked = [group.create_task(hammer(side, token, address, in_the_middle)) for side in sides]
        await in_the_middle.wait()
        called, returned = await give_up(sides[0], token, address)
    reports = [task.result() for task in asked]
    return Round(called, returned, [began for began, _ in reports], [no for _, no in reports])


async def give_up(side: Side, token: str, address: tuple[str, int]) -> tuple[int, int]:
    """Revoke the token that one has: when that was asked for, and when it was answered."""
    body = f"token={token}".encode()
    head = b"POST /v1/tokens/revoke HTTP/1.1\r\nHost: %b\r\n" % host(side)
    head += b"Content-Type: application/x-www-form-urlencoded\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", side.port, local_addr=address)
    called = time.monotonic_ns()
    writer.write(head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    status = await read_answer(reader)
    returned = time.monotonic_ns()
    writer.close()
    assert status == b"200", status
    return called, returned


async def hammer(
    side: Side, token: str, address: tuple[str, int], in_the_middle: asyncio.Barrier
) -> tuple[int, int]:
    """Ask one process until it refuses: when the last yes was asked for, and when the no came."""
    head = b"POST /jobs HTTP/1.1\r\nHost: %b\r\nAuthorization: Bearer %b\r\n" % (
        host(side),
        token.encode(),
    )
    request = head + b"Content-Length: %d\r\n\r\n%b" % (len(WISH), WISH)
    reader, writer = await asyncio.open_connection("127.0.0.1", side.port, local_addr=address)
    last_yes_began, admitted = 0, 0
    while True:
        began = time.monotonic_ns()
        writer.write(request)
        status = await read_answer(reader)
        if status == b"401":
            writer.close()
            return last_yes_began, time.monotonic_ns()
        assert status == b"202", status
        last_yes_began, admitted = began, admitted + 1
        if admitted == ADMITTED:
            await in_the_middle.wait()


def host(side: Side) -> bytes:
    return f"127.0.0.1:{side.port}".encode()


def new_token(database: Database) -> str:
    with database.begin() as db:
        tester = testers.add(db, f"Ada {now_ms()}", now_ms=now_ms())
        return tokens.mint(
            db,
            KEYS,
            tester.id,
            kind=tokens.API,
            given=scopes.API,
            bearer=True,
            lifetime_ms=HOUR_MS,
            now_ms=now_ms(),
        ).text
