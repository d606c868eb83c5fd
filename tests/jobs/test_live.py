"""What a worker tells reaches whoever watches: over its pipe, and over a real Redis."""

import asyncio
import base64
import io
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from jobs.live import PREVIEW_MAX_CHARS, Hub, LiveEvent, PipePublisher, RedisPublisher, thumbnail
from jobs.records import Job

RUNNING = LiveEvent("job", "owner", "running", 3, 24, 5000, "data:,", None)
FINISHED = replace(RUNNING, state="finished", step=24, left_ms=None, preview=None)
Line = tuple[Hub, Callable[[LiveEvent], object]]


@pytest.fixture(params=["pipe", "redis"])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    """A hub, and a worker's publisher at its other end: one list of tests for both ways."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        hub = Hub(url)
        await hub.start()
        yield hub, RedisPublisher(url).publish
        await hub.stop()
        return
    hub = Hub()
    await hub.start()
    reads, writes = os.pipe()
    stream = os.fdopen(writes, "w")
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reads)
    )

    async def hand_on() -> None:
        async for told in reader:
            hub.take(told)

    handing_on = asyncio.create_task(hand_on())
    yield hub, PipePublisher(stream).publish
    stream.close()
    await handing_on
    transport.close()
    await hub.stop()


async def test_watcher_sees_what_is_told_and_ends_with_the_job(line: Line) -> None:
    hub, publish = line
    with hub.subscribe("job") as events:
        publish(RUNNING)
        assert await anext(events) == RUNNING
        publish(FINISHED)
        assert [event async for event in events] == [FINISHED]


async def test_watcher_sees_nothing_of_other_jobs(line: Line) -> None:
    hub, publish = line
    with hub.subscribe("job") as events:
        publish(replace(RUNNING, job_id="another"))
        publish(RUNNING)
        assert await anext(events) == RUNNING


async def test_late_watcher_sees_the_last_look_at_a_live_job(line: Line) -> None:
    hub, publish = line
    with hub.subscribe("job") as events:
        publish(RUNNING)
        await anext(events)
        with hub.subscribe("job") as later:
            assert await anext(later) == RUNNING


async def test_hub_forgets_a_job_that_ended_and_watchers_that_went(line: Line) -> None:
    hub, publish = line
    with hub.subscribe("job") as events:
        publish(RUNNING)
        publish(FINISHED)
        assert [event async for event in events][-1] == FINISHED
    assert (dict(hub.last), hub.watchers) == ({}, {})


async def test_slow_watcher_misses_looks_but_not_the_end(line: Line) -> None:
    hub, publish = line
    with hub.subscribe("job") as quick, hub.subscribe("job") as slow:
        for step in range(1, 24):
            publish(replace(RUNNING, step=step))
        publish(FINISHED)
        seen = [event async for event in quick]
        assert seen[-1] == FINISHED
        assert [event async for event in slow] == [FINISHED]


async def test_every_watcher_sees_what_the_web_process_itself_tells(line: Line) -> None:
    hub, _ = line
    with hub.subscribe("job") as first, hub.subscribe("job") as second:
        await asyncio.to_thread(hub.publish, FINISHED)
        assert await anext(first) == await anext(second) == FINISHED


async def test_next_returns_none_when_nothing_happens_and_misses_nothing_after(line: Line) -> None:
    hub, publish = line
    with hub.subscribe("job") as events:
        assert await events.next(timeout_s=0.01) is None
        publish(RUNNING)
        assert await events.next() == RUNNING


@pytest.mark.parametrize(
    "line_of_text", [b"", b"\n", b"{}", b"[]", b"null", b'{"job_id": 5}', b"Traceback", b"\xff\n"]
)
async def test_hub_minds_no_line_that_is_no_event(line_of_text: bytes) -> None:
    hub = Hub()
    await hub.start()
    hub.take(line_of_text)
    assert dict(hub.last) == {}


async def test_hub_remembers_no_more_than_it_says() -> None:
    hub = Hub()
    await hub.start()
    for number in range(3000):
        hub.deliver(replace(RUNNING, job_id=str(number)))
    assert len(hub.last) == 1024


async def test_hub_listens_again_when_redis_comes_back(redis_url: str) -> None:
    hub, publisher = Hub(redis_url), RedisPublisher(redis_url)
    await hub.start()
    publisher.redis.client_kill_filter(_type="pubsub")
    with hub.subscribe("job") as events:
        while await events.next(timeout_s=0.1) is None:
            publisher.publish(RUNNING)
    await hub.stop()


async def test_hub_starts_without_redis_and_publishing_raises_nothing() -> None:
    nowhere = "redis://127.0.0.1:1/0"
    RedisPublisher(nowhere).publish(RUNNING)
    hub = Hub(nowhere)
    await hub.start(wait_s=0.1)
    hub.publish(RUNNING)
    await hub.stop()


def test_pipe_publisher_raises_nothing_when_the_reader_is_gone() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    publisher = PipePublisher(os.fdopen(writes, "w"))
    publisher.publish(RUNNING)
    publisher.publish(FINISHED)


def test_event_of_a_job_carries_its_error() -> None:
    job = Job(id="j", owner_id="o", state="failed", step=3, steps=24)
    job.error_code, job.error_sentence = "worker_lost", "It went away."
    event = LiveEvent.of(job)
    assert event.error == {"code": "worker_lost", "sentence": "It went away."}
    assert event.ended
    assert LiveEvent.from_line(event.to_line()) == event


@pytest.mark.parametrize("size", [(64, 112), (80, 80), (720, 1280), (1080, 1920)])
def test_thumbnail_is_a_small_picture_even_of_noise(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    url = thumbnail(noise)
    assert len(url) <= PREVIEW_MAX_CHARS
    assert url.startswith("data:image/webp;base64,")
    with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as picture:
        assert picture.width / picture.height == pytest.approx(size[1] / size[0], rel=0.1)
