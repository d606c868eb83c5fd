"""What a job looks like right now: small events from the worker to whoever watches.

Nothing here may be relied on: rows in the database are the truth, an event is their echo with a
picture. Events travel over the worker's standard output, or through Redis.
"""

import asyncio
import base64
import io
import json
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TextIO

import redis
import redis.asyncio
from PIL import Image
from redis.backoff import NoBackoff
from redis.retry import Retry

from jobs.records import LIVE, Job

CHANNEL = "greenroom:live"
PREVIEW_MAX_CHARS = 8 * 1024
REMEMBERED = 1024


@dataclass(frozen=True)
class LiveEvent:
    """One look at one job.

    left_ms  estimate until it is finished, or None while nothing is known
    preview  a `data:` URL of at most 8 KB, or None
    error    {"code", "sentence"} of a job that failed or was stopped, or None
    """

    job_id: str
    owner_id: str
    state: str
    step: int = 0
    steps: int = 0
    left_ms: int | None = None
    preview: str | None = None
    error: dict[str, str] | None = None

    @property
    def ended(self) -> bool:
        return self.state not in LIVE

    @classmethod
    def of(cls, job: Job, left_ms: int | None = None, preview: str | None = None) -> "LiveEvent":
        error = None
        if job.error_code is not None:
            error = {"code": job.error_code, "sentence": job.error_sentence or ""}
        return cls(job.id, job.owner_id, job.state, job.step, job.steps, left_ms, preview, error)

    def to_line(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_line(cls, line: str | bytes) -> "LiveEvent":
        """Raises ValueError or TypeError for anything that `to_line` did not write."""
        return cls(**json.loads(line))


def thumbnail(frame: Any) -> str:
    """(H, W, 3) uint8 → a WebP `data:` URL of at most 8 KB, smaller the busier the picture."""
    picture = Image.fromarray(frame)
    picture.thumbnail((384, 384))
    for quality in (80, 60, 40, 20, 5):
        file = io.BytesIO()
        picture.save(file, "WEBP", quality=quality, method=2)
        url = "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
        if len(url) <= PREVIEW_MAX_CHARS:
            return url
        picture.thumbnail((picture.width * 3 // 4, picture.height * 3 // 4))
    return url


class Publisher(Protocol):
    """The worker's end. `publish` never raises: a lost event is not a lost job."""

    def publish(self, event: LiveEvent) -> None: ...


class PipePublisher:
    """Events as lines of JSON on a stream that the parent process reads."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self.stream, self.lock = stream, threading.Lock()

    def publish(self, event: LiveEvent) -> None:
        with self.lock, suppress(OSError, ValueError):  # the parent is gone
            self.stream.write(event.to_line() + "\n")
            self.stream.flush()


class RedisPublisher:
    def __init__(self, url: str) -> None:
        # One try, no waiting in between: an event is not worth a pause in the drawing.
        self.redis = redis.Redis.from_url(
            url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        )

    def publish(self, event: LiveEvent) -> None:
        with suppress(redis.RedisError):
            self.redis.publish(CHANNEL, event.to_line())


class Subscription:
    """One watcher of one job. A slow watcher misses looks, never the last one."""

    def __init__(self) -> None:
        self.newest: LiveEvent | None = None
        self.arrived = asyncio.Event()
        self.over = False

    def put(self, event: LiveEvent) -> None:
        self.newest = event
        self.arrived.set()

    def stir(self) -> None:
        """Let `next` return, with an event or without one."""
        self.arrived.set()

    async def next(self, timeout_s: float | None = None) -> LiveEvent | None:
        """The newest event not seen yet; None when it was stirred, or `timeout_s` passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.arrived.wait()
        self.arrived.clear()
        event, self.newest = self.newest, None
        return event

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> LiveEvent:
        """Ends after the event that says the job has ended."""
        if self.over:
            raise StopAsyncIteration
        event = None
        while event is None:
            event = await self.next()
        self.over = event.ended
        return event


class Hub:
    """The web process's end: takes every event in, hands each to the watchers of its job.

    Fed by the supervisor from its worker's pipe, or with `redis_url` by everything published
    there, other machines' workers included. Lives on one event loop, between start and stop.
    """

    def __init__(self, redis_url: str | None = None) -> None:
        self.redis_url = redis_url
        self.loop: asyncio.AbstractEventLoop | None = None
        self.listener: asyncio.Task[None] | None = None
        self.watchers: dict[str, set[Subscription]] = {}
        self.last: OrderedDict[str, LiveEvent] = OrderedDict()
        self.publisher = RedisPublisher(redis_url) if redis_url else None

    async def start(self, wait_s: float = 5) -> None:
        """With Redis, returns once it listens: an event published from now on arrives.

        Where there is no Redis for `wait_s`, returns all the same and goes on trying.
        """
        self.loop = asyncio.get_running_loop()
        if self.redis_url is not None:
            listening = asyncio.Event()
            self.listener = asyncio.create_task(self.listen(self.redis_url, listening))
            with suppress(TimeoutError):
                await asyncio.wait_for(listening.wait(), wait_s)

    async def stop(self) -> None:
        if self.listener is not None:
            self.listener.cancel()
            with suppress(asyncio.CancelledError):
                await self.listener
        self.loop = self.listener = None

    def publish(self, event: LiveEvent) -> None:
        """Tell every web process about a change that no worker made.

        Any thread may call it, the loop's own too: it does not wait for Redis.
        """
        if self.loop is None:
            return
        if self.publisher is None:
            self.loop.call_soon_threadsafe(self.deliver, event)
            return
        publish = self.publisher.publish
        self.loop.call_soon_threadsafe(self.loop.run_in_executor, None, publish, event)

    def deliver(self, event: LiveEvent) -> None:
        """Hand one event to this process's watchers. On the hub's loop only."""
        self.last.pop(event.job_id, None)
        if not event.ended:
            self.last[event.job_id] = event
            if len(self.last) > REMEMBERED:
                self.last.popitem(last=False)
        for watcher in self.watchers.get(event.job_id, ()):
            watcher.put(event)

    @contextmanager
    def subscribe(self, job_id: str) -> Iterator[Subscription]:
        """Events of one job from now on, after the last one where it is still live.

        Subscribe first and read the job's row after: what the row misses, the events say.
        """
        watcher = Subscription()
        if job_id in self.last:
            watcher.put(self.last[job_id])
        self.watchers.setdefault(job_id, set()).add(watcher)
        try:
            yield watcher
        finally:
            self.watchers[job_id].discard(watcher)
            if not self.watchers[job_id]:
                del self.watchers[job_id]

    async def listen(self, redis_url: str, listening: asyncio.Event) -> None:
        while True:
            with suppress(redis.RedisError, OSError):
                server = redis.asyncio.Redis.from_url(redis_url)
                async with server, server.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    listening.set()
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self.take(message["data"])
            await asyncio.sleep(0.5)

    def take(self, line: str | bytes) -> None:
        """Deliver what a worker wrote; a line that is no event is nobody's business."""
        with suppress(ValueError, TypeError):
            self.deliver(LiveEvent.from_line(line))
