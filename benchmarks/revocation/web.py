"""Four web processes on one Postgres and one Redis, asked for clips while a token is revoked."""

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path

from auth import scopes, testers, tokens
from auth.meters import meters_of
from benchmarks.gate.client import read_answer
from benchmarks.gate.sides import KEYS, Side, greenroom
from benchmarks.revocation.gate import HOUR_MS, PROCESSES, Round, now_ms
from database import Database

WISH = b'{"prompt": "a red ball bouncing in a snowy forest", "seconds": 1, "size": "256x256"}'
# Of each process before the token is revoked: enough to be in the middle, few to stop after it.
ADMITTED = 3


def run(database_url: str, redis_url: str, folder: Path, rounds: int) -> list[Round]:
    """Revoke one token a round, as its holder does."""
    with ExitStack() as servers:
        sides = []
        for number in range(PROCESSES):
            name = f"web{number}"
            side = greenroom(name, folder / name, database=database_url, redis=redis_url)
            servers.enter_context(side.serving())
            sides.append(side)
        database = Database(database_url)
        with database.read() as db:
            meters_of(db).restore(db)
        found = [asyncio.run(one_round(database, sides, n)) for n in range(rounds)]
        database.close()
    return found


async def one_round(database: Database, sides: list[Side], number: int) -> Round:
    token, in_the_middle = new_token(database), asyncio.Barrier(PROCESSES + 1)
    hammers = [asyncio.create_task(hammer(side, token, in_the_middle)) for side in sides]
    await in_the_middle.wait()
    # Strangers are counted by address: each round comes from another one.
    address = f"127.1.{number // 250}.{number % 250 + 1}"
    body = f"token={token}".encode()
    head = b"POST /v1/tokens/revoke HTTP/1.1\r\nHost: %b\r\n" % host(sides[0])
    head += b"Content-Type: application/x-www-form-urlencoded\r\n"
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", sides[0].port, local_addr=(address, 0)
    )
    called = time.monotonic_ns()
    writer.write(head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    status = await read_answer(reader)
    returned = time.monotonic_ns()
    writer.close()
    assert status == b"200", status
    reports = await asyncio.gather(*hammers)
    return Round(called, returned, [began for began, _ in reports], [no for _, no in reports])


async def hammer(side: Side, token: str, in_the_middle: asyncio.Barrier) -> tuple[int, int]:
    """Ask one process until it refuses: when the last yes was asked for, and when the no came."""
    head = b"POST /jobs HTTP/1.1\r\nHost: %b\r\nAuthorization: Bearer %b\r\n" % (
        host(side),
        token.encode(),
    )
    request = head + b"Content-Length: %d\r\n\r\n%b" % (len(WISH), WISH)
    reader, writer = await asyncio.open_connection("127.0.0.1", side.port)
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
