"""`python -m benchmarks.gate`: what the gate costs, beside slowapi, `limits` and LiteLLM's proxy.

Every side is asked by one client over HTTP/1.1 in turns (one order, then the other way round); what
is told is the median of the rounds' ratios and their range. The plain side runs twice: where its
ratio to itself is not between 0.9 and 1.1, the run is void, and says so. Processor time of the
serving process is told beside, which other work on the machine lengthens less. Peers live in an
environment of their own, which the first run makes (peers.py): a few minutes. Then it takes about
six minutes on two cores; with `--rounds 2 --requests 40 --tokens 2000 --flood-s 1` about one.

All sides answer `GET /v1/models` and hold the token of each request against a keyed hash of it;
ours and the plain peers read HTTP with httptools on uvloop, as Greenroom is served:
- plain: FastAPI, nothing asked.
- slowapi, slowapi in Redis: the same, with a limit by the minute and one by the day.
- LiteLLM: its proxy as its command starts it, with `custom_auth`; it takes the same two by itself.
- Greenroom, on SQLite, on Postgres, on Postgres and Redis: all of it, its gateway around it.
- Greenroom ungated: the same site without its gateway.
What slowapi adds is its time less the plain side's; what Greenroom's gate adds is its time less
that of the same site ungated. Then decisions alone, in one process (decisions.py), `limits` beside
`Gate.admit`; a database of 100,000 tokens beside one of 100; and a flood of bad tokens, ten for
each good one, FLOOD_PER_S, which is a pace that the machine can bear.

Expected before it was run, on two CPU cores that nothing else uses:

| what | expected | aim |
|---|---|---|
| time that the gate adds, Greenroom on SQLite ÷ slowapi in memory | 0.2 to 0.4 | ≤ 0.5 |
| the same, on Postgres and Redis ÷ slowapi in Redis | 0.3 to 0.6: one round trip | ≤ 0.5 |
| requests a second, Greenroom on SQLite ÷ LiteLLM | 10 to 14 | ≥ 20 |
| requests a second, gated ÷ ungated, on SQLite | 0.72 to 0.82: less is left to divide by | ≥ 0.90 |
| an admission with 100,000 tokens ÷ with 100 | 1.0 to 1.1 | ≤ 1.2 |
| p99 of good tokens, in the flood ÷ without it | 1.2 to 2: the flood is on the same cores | ≤ 1.5 |
| one decision, Greenroom on SQLite ÷ `limits` in memory | 50 to 150, a transaction on disk | |
| the same, on Postgres and Redis ÷ `limits` in Redis | 10 to 20 | |
"""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.gate import decisions
from benchmarks.gate.client import Asked, ask
from benchmarks.gate.peers import make_peers
from benchmarks.gate.sides import Server, Side, greenrooms, others
from tests.services import postgres_server, redis_server

AGREES = (0.9, 1.1)
FLOOD, GOOD_PER_S, BAD_CONNECTIONS = 10, 30, 10
FLOOD_PER_S = GOOD_PER_S * FLOOD


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=300, help="of each side in each round")
    parser.add_argument("--flood-s", type=int, default=8, help="each flood and each calm lasts")
    parser.add_argument("--tokens", type=int, default=100_000, help="in the large database")
    parser.add_argument("--only", choices=("http", "decisions"))
    parser.add_argument("--without-litellm", action="store_true")
    arguments = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
    peers = make_peers()
    with ExitStack() as open_servers, tempfile.TemporaryDirectory() as folder:
        postgres = open_servers.enter_context(postgres_server(folder_in(folder, "postgres")))
        redis = open_servers.enter_context(redis_server(folder_in(folder, "redis")))
        if arguments.only != "decisions":
            sides = others(peers, redis, Path(folder), litellm=not arguments.without_litellm)
            sides += greenrooms(postgres, redis, Path(folder))
            over_http(sides, arguments.rounds, arguments.requests, arguments.flood_s)
        if arguments.only != "http":
            decisions.compare(
                peers, postgres, redis, Path(folder), arguments.rounds, arguments.tokens
            )
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def over_http(sides: Sequence[Side], rounds: int, requests: int, flood_s: int) -> None:
    with ExitStack() as open_servers:
        servers = [open_servers.enter_context(side.serving()) for side in sides]
        for server in servers:
            server.wait_until_up()
        asyncio.run(compare(servers, rounds, requests))
        flooded = next(one for one in servers if one.side.name == "Greenroom on SQLite")
        asyncio.run(flood(flooded, rounds, flood_s))


def folder_in(folder: str, name: str) -> Path:
    path = Path(folder) / name
    path.mkdir(mode=0o755)
    Path(folder).chmod(0o755)  # Postgres runs as another user
    return path


async def compare(servers: Sequence[Server], rounds: int, requests: int) -> None:
    """One at a time for what is added to a request; eight at once for requests a second."""
    for at_once in (1, 8):
        found: dict[str, list[Asked]] = {server.side.name: [] for server in servers}
        for number in range(rounds + 1):
            for server in servers if number % 2 == 0 else servers[::-1]:
                found[server.side.name].append(await measure(server, requests, at_once))
        warm = {name: asked[1:] for name, asked in found.items()}
        print(f"\n{at_once} at a time, {requests} requests a round, {rounds} rounds")
        tell(warm, at_once)


async def measure(server: Server, requests: int, at_once: int) -> Asked:
    before_s = server.cpu_s()
    asked = await ask(server.side.port, server.side.token, requests, at_once)
    return replace(asked, cpu_s=server.cpu_s() - before_s)


def tell(found: dict[str, list[Asked]], at_once: int) -> None:
    for name, rounds in found.items():
        rate = statistics.median(asked.per_second for asked in rounds)
        each = statistics.median(asked.mean_ms for asked in rounds)
        cpu = statistics.median(asked.cpu_ms for asked in rounds)
        print(f"  {name:34} {rate:8.0f} requests/s {each:7.2f} ms each {cpu:7.3f} ms of processor")
    print(ratio("plain ÷ plain again", found["plain"], found["plain again"], check=True))
    ours, ungated = found["Greenroom on SQLite"], found["Greenroom ungated"]
    if at_once == 1:
        both = found["Greenroom on Postgres and Redis"]
        for name, mine, peer in (("", ours, "slowapi"), (", Redis", both, "slowapi in Redis")):
            for what, of in (("time", mean_ms), ("processor", cpu_ms)):
                title = f"{what} that the gate adds ÷ slowapi{name}"
                print(added(title, of, (mine, ungated), (found[peer], found["plain"])))
        return
    print(ratio("gated ÷ ungated", ours, ungated))
    if "LiteLLM" in found:
        print(ratio("Greenroom ÷ LiteLLM", ours, found["LiteLLM"]))


def mean_ms(asked: Asked) -> float:
    return asked.mean_ms


def cpu_ms(asked: Asked) -> float:
    return asked.cpu_ms


def ratio(what: str, ours: Sequence[Asked], other: Sequence[Asked], check: bool = False) -> str:
    """Requests a second, ours over the other's."""
    ratios = [a.per_second / b.per_second for a, b in zip(ours, other, strict=True)]
    void = check and not AGREES[0] <= statistics.median(ratios) <= AGREES[1]
    return spread(what, ratios) + ("   VOID: the machine was not calm" if void else "")


Two = tuple[Sequence[Asked], Sequence[Asked]]


def added(what: str, of: Callable[[Asked], float], ours: Two, other: Two) -> str:
    """What each adds to the same without it, ours over the other's."""
    ratios = [
        (of(a) - of(a0)) / (of(b) - of(b0))
        for a, a0, b, b0 in zip(*ours, *other, strict=True)
        if of(b) > of(b0)
    ]
    return spread(what, ratios) if ratios else f"  {what}: no round in which it could be told"


def spread(what: str, ratios: Sequence[float]) -> str:
    middle = statistics.median(ratios)
    return f"  {what:48} {middle:7.2f}  ({min(ratios):.2f} to {max(ratios):.2f})"


async def flood(server: Server, rounds: int, seconds: int) -> None:
    """Good tokens alone, and beside ten times as many bad ones, in turns."""
    side, ratios = server.side, []
    for number in range(rounds):
        p99 = {}
        for flooded in (False, True) if number % 2 == 0 else (True, False):
            good = ask(side.port, side.token, GOOD_PER_S * seconds, 2, per_second=GOOD_PER_S)
            bad = ask(
                side.port,
                side.bad_token,
                FLOOD_PER_S * seconds * flooded,
                BAD_CONNECTIONS,
                per_second=FLOOD_PER_S,
                bad=True,
            )
            p99[flooded] = (await asyncio.gather(good, bad))[0].p99_ms
        ratios.append(p99[True] / p99[False])
    print(f"\nA flood of bad tokens: {FLOOD_PER_S} a second, beside {GOOD_PER_S} good ones")
    print(spread("p99 of good tokens, in the flood ÷ without", ratios))


if __name__ == "__main__":
    main()
