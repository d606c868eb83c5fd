"""A worker that says nothing any more loses its jobs: once back into the line, then out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from auth.budget import release
from jobs import presence
from jobs.live import LiveEvent
from jobs.pulse import Pulse
from jobs.reaper import Reaper
from jobs.records import Job, Presence, move
from jobs.worker import Worker
from sora_core.store import Store
from tests.jobs.conftest import House, now_ms

PATIENCE = 3


class Heard:
    def __init__(self) -> None:
        self.states: list[str] = []

    def publish(self, event: LiveEvent) -> None:
        self.states.append(event.state)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def make_reaper(house: House, heard: Heard) -> Callable[[], Reaper]:
    store = Store(house.settings.data / "clips")
    return lambda: Reaper(house.database, house.queue, store, heard, release, now_ms, PATIENCE)


@pytest.fixture
def reaper(make_reaper: Callable[[], Reaper]) -> Reaper:
    return make_reaper()


@pytest.fixture
def pulse(house: House, reaper: Reaper, heard: Heard) -> Pulse:
    """Of a worker that is never given a job by the engine."""

    def never(*_: object) -> None:
        raise AssertionError

    worker = Worker(
        house.database, reaper.store, heard, never, release, never, house.queue, clock=now_ms
    )
    return Pulse(worker, reaper, house.queue, lambda: True, "folder", "host")


def arrive(house: House, name: str, executor_id: str = "folder") -> None:
    with house.database.begin() as db:
        presence.arrive(db, name, executor_id, "host", now_ms())


def beat(house: House, name: str) -> bool:
    with house.database.begin() as db:
        return presence.beat(db, name, now_ms())


def drawn_by(house: House, name: str, attempts: int = 1) -> Job:
    job = house.ask()
    with house.database.begin() as db:
        move(db, job.id, "queued", state="running", executor_id=name, attempts=attempts, step=9)
    return job


def orders(house: House) -> int:
    table = "workflow_status" if house.database.is_sqlite else "dbos.workflow_status"
    with house.database.read() as db:
        return db.scalar(text(f"SELECT count(*) FROM {table} WHERE status = 'ENQUEUED'")) or 0


def test_look_leaves_a_worker_alone_that_beats(house: House, reaper: Reaper) -> None:
    arrive(house, "ann")
    job = drawn_by(house, "ann")
    for _ in range(3 * PATIENCE):
        beat(house, "ann")
        assert reaper.look() == []
    assert house.look(job).executor_id == "ann"


def test_look_puts_the_job_of_a_silent_worker_into_the_line_again(
    house: House, reaper: Reaper, heard: Heard
) -> None:
    arrive(house, "ann")
    job = drawn_by(house, "ann")
    assert [len(reaper.look()) for _ in range(PATIENCE + 1)] == [0, 0, 0, 1]
    job = house.look(job)
    assert (job.state, job.executor_id, job.attempts, job.step) == ("queued", None, 1, 0)
    assert house.hold(job).state == "held"
    assert orders(house) == 2
    assert heard.states == ["queued"]
    assert not beat(house, "ann")


def test_look_fails_a_job_whose_worker_was_lost_twice_and_gives_back_its_hold(
    house: House, reaper: Reaper, heard: Heard
) -> None:
    job = drawn_by(house, "nobody there", attempts=2)
    for attempt in (1, 2):
        kept = reaper.store.draft(f"{job.id}-{attempt}.mp4")
        kept.write_bytes(b"kept by a worker that died before it could say so")
        reaper.store.keep(kept, reaper.store.key(kept.name))
    reaper.look()
    job = house.look(job)
    assert (job.state, job.error_code, job.attempts) == ("failed", "worker_lost", 2)
    assert (house.hold(job).state, house.budget().held_gpu_ms) == ("released", 0)
    assert (house.files(), heard.states) == ([], ["failed"])


def test_look_stops_a_job_that_was_to_stop_when_its_worker_went(
    house: House, reaper: Reaper
) -> None:
    job = drawn_by(house, "nobody there")
    house.cancel(job)
    reaper.look()
    assert (house.look(job).state, house.look(job).stop_reason) == ("stopped", "cancelled")
    assert house.hold(job).state == "released"


def test_look_counts_no_time_in_which_nobody_looked(house: House, reaper: Reaper) -> None:
    """The database was away for an hour: every beat is old, and nobody is lost for it."""
    arrive(house, "ann")
    with house.database.begin() as db:
        db.get_one(Presence, "ann").beat_at -= 3_600_000
    job = drawn_by(house, "ann")
    reaper.look()
    beat(house, "ann")
    reaper.look()
    assert house.look(job).executor_id == "ann"


def test_of_many_that_look_one_takes_the_job(
    house: House, make_reaper: Callable[[], Reaper]
) -> None:
    jobs = [drawn_by(house, "nobody there"), drawn_by(house, "nobody there", attempts=2)]
    reapers = [make_reaper() for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda reaper: len(reaper.look()), reapers))
    assert sum(taken) == 2
    assert [house.look(job).state for job in jobs] == ["queued", "failed"]
    assert orders(house) == 3
    assert house.budget().clips == 1


def test_worker_that_was_given_up_comes_back_as_another(house: House, pulse: Pulse) -> None:
    pulse.arrive()
    name = pulse.worker.name
    job = drawn_by(house, name)
    pulse.reaper.give_up(Presence.name == name)
    pulse.beat()
    pulse.watch()
    assert pulse.worker.name != name
    assert beat(house, pulse.worker.name)
    assert house.look(job).state == "queued"


def test_pulse_gives_up_the_process_that_had_its_folder_before(house: House, pulse: Pulse) -> None:
    """Nobody waits for a worker that is known to be dead."""
    arrive(house, "ann", executor_id="folder")
    arrive(house, "ben", executor_id="another folder")
    mine, other = drawn_by(house, "ann"), drawn_by(house, "ben")
    pulse.start()
    pulse.stop()
    assert (house.look(mine).state, house.look(other).state) == ("queued", "running")
    with house.database.read() as db:
        assert presence.workers_there(db, now_ms()) == 1


def test_idle_worker_orders_again_what_nobody_delivers(house: House, pulse: Pulse) -> None:
    job = house.ask()
    for _ in range(2):
        pulse.order_forgotten()
    assert orders(house) == 2
    with house.database.begin() as db:
        move(db, job.id, "queued", state="running")
    for _ in range(2):
        pulse.order_forgotten()
    assert orders(house) == 2
