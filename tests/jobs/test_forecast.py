"""How long a clip waits, learned from clips like those before it."""

import pytest

from jobs import presence
from jobs.forecast import STEP_MS, Forecast, waits
from jobs.records import Job, move
from tests.jobs.conftest import House, now_ms


def made(house: House, seconds: int, took_ms: int) -> None:
    job = house.ask(seconds)
    with house.database.begin() as db:
        times = {"started_at": 1_000, "ended_at": 1_000 + took_ms}
        move(db, job.id, "queued", state="finished", **times)


def wait_of(house: House, job: Job) -> int | None:
    with house.database.read() as db:
        return waits(db, now_ms()).get(job.id)


def test_wait_is_unknown_while_too_few_clips_were_made(house: House) -> None:
    made(house, 1, 60_000)
    house.ask()
    assert wait_of(house, house.ask()) is None


def test_wait_is_what_clips_of_the_same_kind_took(house: House) -> None:
    for took_ms in (50_000, 60_000, 900_000):
        made(house, 1, took_ms)
    for _ in range(3):
        made(house, 4, 200_000)
    first, second, third = house.ask(1), house.ask(4), house.ask(1)
    assert [wait_of(house, job) for job in (first, second, third)] == [0, 60_000, 260_000]


def test_wait_of_a_new_kind_is_guessed_from_its_price(house: House) -> None:
    for _ in range(3):
        job = house.ask(1)
        made(house, 1, 3 * job.gpu_ms)
        house.cancel(job)
    ahead, waiting = house.ask(10), house.ask(1)
    assert wait_of(house, waiting) == pytest.approx(3 * ahead.gpu_ms, abs=STEP_MS)


def test_wait_counts_what_is_left_of_a_running_clip_and_is_shared_by_workers(house: House) -> None:
    for _ in range(3):
        made(house, 1, 100_000)
    running, _, waiting = house.ask(), house.ask(), house.ask()
    with house.database.begin() as db:
        move(db, running.id, "queued", state="running", step=18, steps=24)
    assert wait_of(house, waiting) == 125_000
    with house.database.begin() as db:
        for name in ("ann", "ben"):
            presence.arrive(db, name, name, "host", now_ms())
    assert wait_of(house, waiting) == pytest.approx(62_500, abs=STEP_MS)


def test_forecast_reads_the_line_once_for_many_pages(house: House) -> None:
    for _ in range(3):
        made(house, 1, 100_000)
    first, second = house.ask(), house.ask()
    forecast = Forecast()
    with house.database.read() as db:
        assert forecast.wait_ms(db, second, now_ms()) == 100_000
    house.cancel(first)
    with house.database.read() as db:
        assert forecast.wait_ms(db, second, now_ms()) == 100_000
        assert Forecast().wait_ms(db, second, now_ms()) == 0
        assert forecast.wait_ms(db, house.look(first), now_ms()) is None
