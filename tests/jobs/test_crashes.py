"""A worker, or the web process that watches over it, may die at any moment: no job does.

Real processes, real engine, both databases.
"""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.live import Hub
from jobs.records import Job
from jobs.supervisor import Supervisor, environment
from tests.jobs.conftest import House

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def supervisor(house: House) -> AsyncIterator[Supervisor]:
    hub = Hub()
    await hub.start()
    running = Supervisor(house.settings, hub)
    await running.start()
    yield running
    await running.stop()
    await hub.stop()


def worker_of(supervisor: Supervisor) -> int:
    assert supervisor.worker is not None
    return supervisor.worker.pid


async def is_drawn(house: House, job: Job, attempt: int = 1) -> None:
    """Return once the job is being drawn for the `attempt`th time."""

    def begun(seen: Job) -> bool:
        assert seen.ended_at is None
        return seen.attempts == attempt and seen.step >= 1

    await asyncio.to_thread(house.wait, job, begun)


async def wait_end(house: House, job: Job) -> Job:
    return await asyncio.to_thread(house.wait_end, job)


def assert_charged_once(house: House, *jobs: Job) -> None:
    holds = [house.hold(job) for job in jobs]
    assert {hold.state for hold in holds} == {"settled"}
    budget = house.budget()
    assert (budget.clips, budget.held_gpu_ms) == (len(jobs), 0)
    assert budget.spent_gpu_ms == sum(hold.spent_gpu_ms for hold in holds)
    assert len(house.files()) == 2 * len(jobs)


async def test_jobs_are_drawn_in_the_order_they_came(house: House, supervisor: Supervisor) -> None:
    jobs = [house.ask() for _ in range(3)]
    ended = [await wait_end(house, job) for job in jobs]
    assert [job.state for job in ended] == ["finished"] * 3
    starts = [job.started_at or 0 for job in ended]
    assert starts == sorted(starts)
    assert_charged_once(house, *jobs)


async def test_worker_killed_in_the_middle_is_replaced_and_the_job_charged_once(
    house: House, supervisor: Supervisor
) -> None:
    job = house.ask()
    await is_drawn(house, job)
    os.kill(worker_of(supervisor), signal.SIGKILL)
    ended = await wait_end(house, job)
    assert (ended.state, ended.attempts) == ("finished", 2)
    assert_charged_once(house, job)


async def test_job_that_takes_two_workers_down_fails_and_the_next_one_runs(
    house: House, supervisor: Supervisor
) -> None:
    job, next_job = house.ask(), house.ask()
    for attempt in (1, 2):
        await is_drawn(house, job, attempt)
        os.kill(worker_of(supervisor), signal.SIGKILL)
    ended = await wait_end(house, job)
    assert (ended.state, ended.error_code, ended.attempts) == ("failed", "worker_lost", 2)
    assert house.hold(job).state == "released"
    assert (await wait_end(house, next_job)).state == "finished"
    assert_charged_once(house, next_job)


@pytest.mark.parametrize("how", ["cancel", "revoke"])
async def test_running_job_stops_when_asked_and_is_not_charged(
    house: House, supervisor: Supervisor, how: str
) -> None:
    job = house.ask(seconds=10)
    await is_drawn(house, job)
    if how == "cancel":
        house.cancel(job)
    else:
        house.revoke()
    ended = await wait_end(house, job)
    assert (ended.state, ended.step < ended.steps) == ("stopped", True)
    assert house.hold(job).state == "released"
    assert (house.budget().clips, house.budget().held_gpu_ms) == (0, 0)
    assert house.files() == []


async def test_full_disk_fails_the_job_and_the_next_one_runs(
    house: House, supervisor: Supervisor
) -> None:
    job, next_job = house.ask(), house.ask()
    await is_drawn(house, job)
    (drafts,) = (house.settings.data / "clips" / ".drafts").iterdir()
    (drafts / f"{job.id}-1.mp4").symlink_to("/dev/full")
    ended = await wait_end(house, job)
    assert (ended.state, ended.error_code) == ("failed", "store_failed")
    assert house.hold(job).state == "released"
    assert (await wait_end(house, next_job)).state == "finished"
    assert_charged_once(house, next_job)


async def test_stop_lets_a_short_job_finish(house: House, supervisor: Supervisor) -> None:
    job, next_job = house.ask(), house.ask()
    await is_drawn(house, job)
    await supervisor.stop()
    assert house.look(job).state == "finished"
    assert house.look(next_job).state == "queued"
    assert (house.hold(job).state, house.hold(next_job).state) == ("settled", "held")


async def test_web_process_killed_takes_its_worker_along_and_loses_nothing(house: House) -> None:
    job = house.ask(seconds=2)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.parent"],
        cwd=ROOT,
        env=os.environ | environment(house.settings),
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        await is_drawn(house, job)
        parent.kill()
    wait_gone(worker)
    waiting = house.look(job)
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    assert house.hold(job).state == "held"
    assert house.files() == []

    supervisor = Supervisor(house.settings, Hub())
    await supervisor.start()
    ended = await wait_end(house, job)
    await supervisor.stop()
    assert (ended.state, ended.attempts) == ("finished", 1)
    assert_charged_once(house, job)


def wait_gone(process_id: int, limit_s: float = 60) -> None:
    """Return when a process that is not our child has ended."""
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return
    try:
        assert select.select([descriptor], [], [], limit_s)[0], "the worker is still there"
    finally:
        os.close(descriptor)
