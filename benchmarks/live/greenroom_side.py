"""Ours: `app.py` as it is deployed, without a worker, on SQLite and the given Redis."""

import asyncio
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import redis.asyncio

from auth import scopes, testers, tokens
from auth.keys import Keys
from auth.records import Tester
from benchmarks.live.client import Told, ask, data_lines
from benchmarks.live.servers import HOUSE, cpu_s, free_port, resident_mb, serving
from database import Database
from jobs import presence
from jobs.line import FIRST, TESTER
from jobs.live import CHANNEL, LiveEvent
from jobs.queue import kind_of, new_job_id
from jobs.records import Job
from sora_core.spec import ClipSpec
from studio.clock import now_ms

SECRET = "a secret of at least thirty-two characters"  # noqa: S105 (of nothing)
HOUR_MS, STEPS, PATIENCE_S = 3_600_000, 10_000, 120.0
SPEC = ClipSpec.parse({"prompt": "a red ball bouncing", "seconds": 1, "size": "256x256"})
# As large as a look of a worker mostly is: with a small picture.
PREVIEW = "data:image/webp;base64," + "A" * 2000


@dataclass(frozen=True)
class Artist:
    owner_id: str
    token: str
    job_id: str


def watch_greenroom(redis_url: str, count: int, looks: int, rate: float) -> Told:
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
            return asyncio.run(watch(port, redis_url, artists, looks, rate, pid))


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
            job = running_job(tester.id, minted.id, worker, now)
            db.add(job)
            artists.append(Artist(tester.id, minted.text, job.id))
    return artists


def running_job(owner_id: str, admission_id: str, worker: str, now_ms: int) -> Job:
    return Job(
        id=new_job_id(now_ms),
        owner_id=owner_id,
        admission_id=admission_id,
        state="running",
        spec=SPEC.to_json(),
        kind=kind_of(SPEC),
        gpu_ms=SPEC.gpu_ms,
        priority=TESTER,
        line=FIRST,
        executor_id=worker,
        attempts=1,
        steps=STEPS,
        created_at=now_ms,
        started_at=now_ms,
    )


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


class Streams:
    """Every open stream, and when each look that was published reached its own."""

    def __init__(self, port: int, artists: Sequence[Artist], told: Told) -> None:
        self.port, self.told = port, told
        self.sent: dict[str, deque[tuple[int, float]]] = {a.job_id: deque() for a in artists}

    async def follow(self, artist: Artist) -> None:
        admit = {"authorization": f"Bearer {artist.token}"}
        began = time.perf_counter()
        try:
            # The writer is kept: without it the connection would close.
            status, reader, _writer = await ask(
                self.port, "GET", f"/jobs/{artist.job_id}/events", admit
            )
            if status != 200:
                raise OSError(f"status {status}")
            events = data_lines(reader)
            await anext(events)  # the card: from here on it listens
            self.told.opened_s.append(time.perf_counter() - began)
            async for event in events:
                self.note(artist.job_id, event.get("step"))
            raise OSError("the stream ended")
        except (OSError, asyncio.IncompleteReadError, StopAsyncIteration) as error:
            self.told.failed.append(str(error))

    def note(self, job_id: str, step: object) -> None:
        """A look has come. Those before it that have not are overtaken."""
        waiting = self.sent[job_id]
        while waiting and isinstance(step, int) and waiting[0][0] <= step:
            sent_step, sent_s = waiting.popleft()
            if sent_step == step:
                self.told.came_s.append(time.perf_counter() - sent_s)
            else:
                self.told.overtaken += 1


async def watch(
    port: int, redis_url: str, artists: Sequence[Artist], looks: int, rate: float, pid: int
) -> Told:
    """Open every stream at once; then publish looks, `rate` a second, each to one stream."""
    told = Told(looks)
    streams, before_s = Streams(port, artists, told), cpu_s(pid)
    following = [asyncio.create_task(streams.follow(artist)) for artist in artists]
    while len(told.opened_s) + len(told.failed) < len(artists):
        await asyncio.sleep(0.2)
    open_s = cpu_s(pid)
    told.opening_cpu_s = open_s - before_s
    async with redis.asyncio.Redis.from_url(redis_url) as server:
        began = time.perf_counter()
        for number in range(looks):
            artist, step = artists[number % len(artists)], 1 + number // len(artists)
            look = LiveEvent(artist.job_id, artist.owner_id, "running", step, STEPS, 1000, PREVIEW)
            streams.sent[artist.job_id].append((step, time.perf_counter()))
            await server.publish(CHANNEL, look.to_line())
            if number in (0, looks // 4, looks // 2, looks - 1):
                told.memory_mb.append(resident_mb(pid))
            await asyncio.sleep(max(0, began + number / rate - time.perf_counter()))
    give_up_at = time.perf_counter() + PATIENCE_S
    while any(streams.sent.values()) and time.perf_counter() < give_up_at:
        await asyncio.sleep(0.1)
    told.cpu_s = cpu_s(pid) - open_s
    told.memory_mb.append(resident_mb(pid))
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    return told
