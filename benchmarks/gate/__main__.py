"""`python -m benchmarks.gate`: what the gate costs, beside slowapi, `limits` and LiteLLM's proxy.

Every side is asked by one client over HTTP/1.1 in turns (one order, then the other way round); what
is told is the median of the rounds' ratios and their range. The plain side runs twice: where its
ratio to itself is not between 0.9 and 1.1, the run is void, and says so. Peers live in an
environment of their own, which the first run makes (peers.py): a few minutes.

All sides answer `GET /v1/models` and hold the token of each request against a keyed hash of it:
- plain: FastAPI, nothing asked.
- slowapi, slowapi in Redis: the same, with a limit by the minute and one by the day.
- LiteLLM: its proxy, with `custom_auth`.
- Greenroom, on SQLite, on Postgres, on Postgres and Redis: all of it, its gateway around it; token,
  tester, device and scope are read from the database, each time.
- Greenroom ungated: the same site without its gateway.
Then decisions alone, in one process (decisions.py), `limits` beside `Gate.admit`; a database of
100,000 tokens beside one of 100; and a flood of bad tokens, ten for each good one.

Expected before it was run, on two CPU cores that nothing else uses:

| what | expected | aim |
|---|---|---|
| time that the gate adds, Greenroom on SQLite ÷ slowapi in memory | 8 to 15 | ≤ 0.5 |
| the same ÷ slowapi in Redis | 2 to 4 | |
| requests a second, Greenroom on SQLite ÷ LiteLLM | 3 to 6 | ≥ 20 |
| requests a second, gated ÷ ungated | 0.3 to 0.5 | ≥ 0.90 |
| an admission with 100,000 tokens ÷ with 100 | 1.0 to 1.1 | ≤ 1.2 |
| p99 of good tokens, in the flood ÷ without it | 2 to 5: the flood is on the same cores | ≤ 1.5 |
| one decision, Greenroom on SQLite ÷ `limits` in memory | 50 to 150, a transaction on disk | |
| the same, on Postgres and Redis ÷ `limits` in Redis | 10 to 20 | |

The aims stand for a gate that remembers its last yes. Ours asks the database each time, so that
nothing begins after a revocation; the figures say what that costs.
"""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.gate import decisions
from benchmarks.gate.client import Asked, ask
from benchmarks.gate.peers import make_peers
from benchmarks.gate.sides import Side, greenrooms, others
from tests.services import postgres_server, redis_server

AGREES = (0.9, 1.1)
FLOOD = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=300, help="of each side in each round")
    parser.add_argument("--tokens", type=int, default=100_000, help="in the large database")
    parser.add_argument("--without-litellm", action="store_true")
    arguments = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    peers = make_peers()
    with ExitStack() as open_servers, tempfile.TemporaryDirectory() as folder:
        postgres = open_servers.enter_context(postgres_server(folder_in(folder, "postgres")))
        redis = open_servers.enter_context(redis_server(folder_in(folder, "redis")))
        sides = others(peers, redis, Path(folder), litellm=not arguments.without_litellm)
        sides += greenrooms(postgres, redis, Path(folder))
        for side in sides:
            open_servers.enter_context(side.serving())
        asyncio.run(compare(sides, arguments.rounds, arguments.requests))
        flooded = next(side for side in sides if side.name == "Greenroom on SQLite")
        asyncio.run(flood(flooded, arguments.rounds, arguments.requests))
        decisions.compare(peers, postgres, redis, Path(folder), arguments.rounds, arguments.tokens)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def folder_in(folder: str, name: str) -> Path:
    path = Path(folder) / name
    path.mkdir(mode=0o755)
    Path(folder).chmod(0o755)  # Postgres runs as another user
    return path


async def compare(sides: Sequence[Side], rounds: int, requests: int) -> None:
    """One at a time for what is added to a request; eight at once for requests a second."""
    for at_once in (1, 8):
        found: dict[str, list[Asked]] = {side.name: [] for side in sides}
        for number in range(rounds):
            for side in sides if number % 2 == 0 else sides[::-1]:
                found[side.name].append(await ask(side.port, side.token, requests, at_once))
        print(f"\n{at_once} at a time, {requests} requests a round, {rounds} rounds")
        tell(found, at_once)


def tell(found: dict[str, list[Asked]], at_once: int) -> None:
    for name, rounds in found.items():
        rate = statistics.median(asked.per_second for asked in rounds)
        each = statistics.median(asked.mean_ms for asked in rounds)
        print(f"  {name:34} {rate:9.0f} requests/s {each:8.2f} ms each")
    print(ratio("plain ÷ plain again", found["plain"], found["plain again"], check=True))
    ours = found["Greenroom on SQLite"]
    if at_once == 1:
        for other in ("slowapi", "slowapi in Redis"):
            print(added("what is added, Greenroom ÷ " + other, ours, found[other], found["plain"]))
        return
    print(ratio("gated ÷ ungated", ours, found["Greenroom ungated"]))
    if "LiteLLM" in found:
        print(ratio("Greenroom ÷ LiteLLM", ours, found["LiteLLM"]))


def ratio(what: str, ours: Sequence[Asked], other: Sequence[Asked], check: bool = False) -> str:
    """Requests a second, ours over the other's."""
    ratios = [a.per_second / b.per_second for a, b in zip(ours, other, strict=True)]
    void = check and not AGREES[0] <= statistics.median(ratios) <= AGREES[1]
    return spread(what, ratios) + ("   VOID: the machine was not calm" if void else "")


def added(what: str, ours: Sequence[Asked], other: Sequence[Asked], plain: Sequence[Asked]) -> str:
    """The time each adds to a plain request, ours over the other's."""
    ratios = [
        (a.mean_ms - c.mean_ms) / (b.mean_ms - c.mean_ms)
        for a, b, c in zip(ours, other, plain, strict=True)
        if b.mean_ms > c.mean_ms
    ]
    return spread(what, ratios) if ratios else f"  {what}: no round in which it could be told"


def spread(what: str, ratios: Sequence[float]) -> str:
    middle = statistics.median(ratios)
    return f"  {what:44} {middle:7.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"


async def flood(side: Side, rounds: int, requests: int) -> None:
    """Good tokens alone, and beside ten times as many bad ones, in turns."""
    ratios = []
    for number in range(rounds):
        p99 = {}
        for flooded in (False, True) if number % 2 == 0 else (True, False):
            good = ask(side.port, side.token, requests, 1)
            bad = ask(side.port, side.bad_token, requests * FLOOD * flooded, FLOOD, bad=True)
            p99[flooded] = (await asyncio.gather(good, bad))[0].p99_ms
        ratios.append(p99[True] / p99[False])
    print(f"\nA flood of bad tokens, {FLOOD} for each good one")
    print(spread("p99 of good tokens, in the flood ÷ without", ratios))


if __name__ == "__main__":
    main()
