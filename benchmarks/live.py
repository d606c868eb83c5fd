"""Thousands of open event streams: `python -m benchmarks.live --redis-url redis://…`.

Ours: `app.py` as it is deployed, without a worker, on SQLite and the given Redis. As many testers
as streams, each with a token and a clip that is being drawn, open `/jobs/ID/events` and keep it
open; a stand-in for the workers publishes looks at those clips at a steady rate, each to one
stream. Told: how long a look took to its stream, streams that failed, looks that never came, and
the process's memory after a quarter of the looks and after all of them.

Gradio: a Blocks with one event that does nothing, no sign-in, its queue unlimited. The same client
asks for that event from as many streams at once and waits for each to be completed.

Both sides answer to the same question: how long until what happened reaches the stream that waits
for it? The servers run one after the other, each alone.

Expected before it was run, on two cores that nothing else uses: ours, at 250 looks a second into
2,000 streams, p99 below 0.5 s, no error, memory within 5 %; Gradio at 2,000 a p99 above 30 s, or
errors.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import redis.asyncio

from auth import scopes, testers, tokens
from auth.keys import Keys
from auth.records import Tester
from database import Database
from jobs import presence
from jobs.line import FIRST, TESTER
from jobs.live import CHANNEL, LiveEvent
from jobs.queue import kind_of, new_job_id
from jobs.records import Job
from sora_core.spec import ClipSpec

HOUSE = Path(__file__).parent.parent
SECRET = "a secret of at least thirty-two characters"  # noqa: S105 (of nothing)
HOUR_MS, STEPS, OPENING, PATIENCE_S = 3_600_000, 10_000, 50, 120.0
SPEC = ClipSpec.parse({"prompt": "a red ball bouncing", "seconds": 1, "size": "256x256"})
GRADIO = """
    import gradio as gr
    with gr.Blocks() as demo:
        gr.Button().click(lambda: None, None, None)
    demo.queue(max_size=None, default_concurrency_limit=None)
    demo.launch(server_name="127.0.0.1", server_port={port}, quiet=True, max_threads=40)
"""


@dataclass
class Told:
    """What one side came to. Latencies in seconds; memory in MB, as it was at each look."""

    asked: int
    latencies_s: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        latest = sorted(self.latencies_s) or [float("nan")]
        p99 = latest[min(len(latest) - 1, int(0.99 * len(latest)))]
        memory = " → ".join(f"{mb:.0f}" for mb in self.memory_mb)
        return (
            f"{name:28} p50 {statistics.median(latest):7.3f} s   p99 {p99:7.3f} s   "
            f"max {latest[-1]:7.3f} s   came {len(self.latencies_s)} of {self.asked}   "
            f"failed {len(self.failed)}   memory {memory} MB"
        )


async def ask(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
    """Send one request; its status, and what follows its headers. The smallest client there is."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    lines = [f"{method} {path} HTTP/1.1", f"host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"content-length: {len(body)}", "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    head = await reader.readuntil(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), reader, writer


async def data_lines(reader: asyncio.StreamReader) -> AsyncIterator[dict[str, object]]:
    """The data of each event; sizes of chunks and everything else are passed over."""
    async for line in reader:
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


@dataclass(frozen=True)
class Artist:
    owner_id: str
    token: str
    job_id: str


def populate(database: Database, count: int, worker: str) -> list[Artist]:
    """Testers, each with a token that needs no key and a clip that `worker` is drawing."""
    keys, now, artists = Keys.derive(SECRET), now_ms(), []
    with database.begin() as db:
        presence.arrive(db, worker, worker, "bench", now)
        for number in range(count):
            tester = Tester(
                id=uuid4().hex, name=f"Artist {number}", role=testers.TESTER, created_at=now
            )
            db.add(tester)
            db.flush()
            minted = tokens.mint(
                db,
                keys,
                tester.id,
                kind=tokens.API,
                given=scopes.API,
                bearer=True,
                lifetime_ms=HOUR_MS,
                now_ms=now,
            )
            job_id = new_job_id(now)
            db.add(
                Job(
                    id=job_id,
                    owner_id=tester.id,
                    admission_id=minted.id,
                    state="running",
                    spec=SPEC.to_json(),
                    kind=kind_of(SPEC),
                    gpu_ms=SPEC.gpu_ms,
                    priority=TESTER,
                    line=FIRST,
                    executor_id=worker,
                    attempts=1,
                    steps=STEPS,
                    created_at=now,
                    started_at=now,
                )
            )
            artists.append(Artist(tester.id, minted.text, job_id))
    return artists


class Streams:
    """Every open stream, and when each look that was published reached its own."""

    def __init__(self, port: int, told: Told) -> None:
        self.port, self.told = port, told
        self.sent: dict[tuple[str, int], float] = {}
        self.opening = asyncio.Semaphore(OPENING)
        self.listening = 0

    async def follow(self, artist: Artist) -> None:
        try:
            async with self.opening:
                admit = {"authorization": f"Bearer {artist.token}"}
                path = f"/jobs/{artist.job_id}/events"
                # The writer is kept: without it the connection would close.
                status, reader, _writer = await ask(self.port, "GET", path, admit)
                if status != 200:
                    raise OSError(f"status {status}")
                events = data_lines(reader)
                await anext(events)  # the card: from here on it listens
                self.listening += 1
            async for event in events:
                sent = self.sent.pop((artist.job_id, event.get("step")), None)  # type: ignore[arg-type]
                if sent is not None:
                    self.told.latencies_s.append(time.perf_counter() - sent)
            raise OSError("the stream ended")
        except (OSError, asyncio.IncompleteReadError, StopAsyncIteration) as error:
            self.told.failed.append(str(error))


async def watch_ours(
    port: int, redis_url: str, artists: Sequence[Artist], events: int, rate: float, pid: int
) -> Told:
    told = Told(events)
    streams = Streams(port, told)
    following = [asyncio.create_task(streams.follow(artist)) for artist in artists]
    while streams.listening + len(told.failed) < len(artists):
        await asyncio.sleep(0.2)
    print(f"{streams.listening} streams are open, {len(told.failed)} failed", flush=True)
    async with redis.asyncio.Redis.from_url(redis_url) as server:
        began = time.perf_counter()
        for number in range(events):
            artist, step = artists[number % len(artists)], 1 + number // len(artists)
            look = LiveEvent(artist.job_id, artist.owner_id, "running", step, STEPS, 1000)
            streams.sent[artist.job_id, step] = time.perf_counter()
            await server.publish(CHANNEL, look.to_line())
            if number in (0, events // 4, events // 2, events - 1):
                told.memory_mb.append(resident_mb(pid))
            await asyncio.sleep(max(0, began + number / rate - time.perf_counter()))
    give_up_at = time.perf_counter() + PATIENCE_S
    while streams.sent and time.perf_counter() < give_up_at:
        await asyncio.sleep(0.1)
    told.memory_mb.append(resident_mb(pid))
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    return told


async def watch_gradio(port: int, count: int, pid: int) -> Told:
    """Every stream asks at once for the event that does nothing, and waits for its end."""
    told = Told(count, memory_mb=[resident_mb(pid)])

    async def one(session: str) -> None:
        body = json.dumps({"data": [], "fn_index": 0, "session_hash": session}).encode()
        kind = {"content-type": "application/json"}
        began = time.perf_counter()
        status, _, joined = await ask(port, "POST", "/gradio_api/queue/join", kind, body)
        joined.close()
        if status != 200:
            raise OSError(f"status {status}")
        path = f"/gradio_api/queue/data?session_hash={session}"
        _, reader, writer = await ask(port, "GET", path, {})
        async for event in data_lines(reader):
            if event.get("msg") == "process_completed":
                told.latencies_s.append(time.perf_counter() - began)
                writer.close()
                return
        raise OSError("the stream ended")

    async def counted(session: str) -> None:
        try:
            await asyncio.wait_for(one(session), PATIENCE_S)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            told.failed.append(type(error).__name__)

    await asyncio.gather(*(counted(uuid4().hex) for _ in range(count)))
    told.memory_mb.append(resident_mb(pid))
    return told


@contextmanager
def beating(database: Database, worker: str) -> Iterator[None]:
    """While the block lasts, the worker that draws those clips counts as there."""
    code = textwrap.dedent(f"""
        import time
        from database import Database
        from jobs import presence
        database = Database({database.url!r})
        while True:
            with database.begin() as db:
                presence.beat(db, {worker!r}, time.time_ns() // 1_000_000)
            time.sleep(presence.BEAT_S)
    """)
    heart = subprocess.Popen([sys.executable, "-c", code], cwd=HOUSE)
    try:
        yield
    finally:
        heart.terminate()
        heart.wait()


@contextmanager
def serving(command: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    """The process's id, once something listens on `port`."""
    server = subprocess.Popen(
        command, cwd=HOUSE, env=os.environ | environment, stdout=subprocess.DEVNULL
    )
    try:
        while server.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.2)
        yield server.pid
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(60)
        server.kill()


def ours(redis_url: str, count: int, events: int, rate: float) -> Told:
    with tempfile.TemporaryDirectory(prefix="greenroom-live-") as folder:
        port, worker = free_port(), uuid4().hex
        database = Database(f"sqlite:///{folder}/greenroom.db")
        database.migrate()
        artists = populate(database, count, worker)
        environment = {
            "GREENROOM_DATA": folder,
            "GREENROOM_REDIS_URL": redis_url,
            "GREENROOM_SECRET": SECRET,
            "GREENROOM_WORKER": "off",
            "GRADIO_SERVER_PORT": str(port),
        }
        with (
            beating(database, worker),
            serving([sys.executable, "app.py"], port, environment) as pid,
        ):
            return asyncio.run(watch_ours(port, redis_url, artists, events, rate, pid))


def gradio(count: int) -> Told:
    port = free_port()
    code = textwrap.dedent(GRADIO.format(port=port))
    quiet = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    with serving([sys.executable, "-c", code], port, quiet) as pid:
        return asyncio.run(watch_gradio(port, count, pid))


def resident_mb(pid: int) -> float:
    [line] = [x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in x]
    return int(line.split()[1]) / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--redis-url", required=True, help="a Redis that nobody else uses")
    parser.add_argument("--streams", type=int, default=2_000)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=250, help="looks a second")
    parser.add_argument("--skip-gradio", action="store_true")
    asked = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} at the start", flush=True)
    told = ours(asked.redis_url, asked.streams, asked.events, asked.rate)
    print(told.line(f"Greenroom, {asked.streams} streams"), flush=True)
    if not asked.skip_gradio:
        for count in sorted({64, 500, asked.streams}):
            print(gradio(count).line(f"Gradio's queue, {count}"), flush=True)
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
