"""A stream at one web process tells what happens at another, with Redis or without."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from database import Database
from jobs.live import Hub, LiveEvent, RedisPublisher
from jobs.records import Job
from tests.studio.conftest import GENEROUS, WISH, House, Person, serving, wire
from tests.studio.test_streams import events

SECRET = "a secret of at least thirty-two characters"


@contextmanager
def two_processes(database: Database, folder: Path, redis_url: str = "") -> Iterator[list[House]]:
    """The same Greenroom twice: one database, one secret, ports and folders of their own."""
    houses = []
    for name in "ab":
        (folder / name).mkdir()
        parts = wire(database, folder / name, GREENROOM_SECRET=SECRET, **GENEROUS)
        houses.append(replace(parts, hub=Hub(redis_url)) if redis_url else parts)
    with serving(houses[0]) as here, serving(houses[1]) as there:
        yield [here, there]


def asked(here: House) -> tuple[Person, str, dict[str, str]]:
    """Somebody who asked here, their clip that is being drawn, and what lets their script in."""
    ada = here.person("Ada")
    job_id = str(ada.browser.post("/jobs", json=WISH).json()["id"])
    step(here, job_id, 0)
    return ada, job_id, {"authorization": f"Bearer {here.api_token(ada, bearer=True)}"}


def step(house: House, job_id: str, number: int) -> None:
    """As the worker writes it into the job's row."""
    with house.parts.database.begin() as db:
        job = db.get_one(Job, job_id)
        job.state, job.step, job.steps = "running", number, 24


@pytest.mark.parametrize("with_redis", [True, False])
def test_stream_at_one_process_tells_what_the_worker_of_another_does(
    database: Database, tmp_path: Path, request: pytest.FixtureRequest, with_redis: bool
) -> None:
    """With Redis each look at once; without, what stands in the rows, and the end in any case."""
    redis_url = request.getfixturevalue("redis_url") if with_redis else ""
    with two_processes(database, tmp_path, redis_url) as (here, there):
        ada, job_id, admit = asked(here)
        with httpx.stream("GET", f"{there.url}/jobs/{job_id}/events", headers=admit) as stream:
            told = events(stream)
            assert next(told)[1]["step"] == 0
            if with_redis:
                owner_id = ada.principal.tester_id
                look = LiveEvent(job_id, owner_id, "running", 9, 24, 4000, "data:image/webp,x")
                RedisPublisher(redis_url).publish(look)
                name, seen = next(told)
                assert (name, seen["step"], seen["preview"]) == ("look", 9, "data:image/webp,x")
            step(here, job_id, 12)
            name, card = next(told)
            assert (name, card["step"]) == ("job", 12)
            here.finish(job_id, b"a film")
            name, card = list(told)[-1]
        assert (name, card["state"]) == ("job", "finished")


def test_revoking_at_one_process_ends_the_streams_at_another(
    database: Database, tmp_path: Path
) -> None:
    with two_processes(database, tmp_path) as (here, there):
        ada, job_id, admit = asked(here)
        with httpx.stream("GET", f"{there.url}/jobs/{job_id}/events", headers=admit) as stream:
            told = events(stream)
            next(told)
            token = admit["authorization"].removeprefix("Bearer ")
            assert here.stranger().post("/v1/tokens/revoke", data={"token": token}).is_success
            name, why = list(told)[-1]
        assert (name, why["code"]) == ("gone", "revoked")
        assert ada.browser.get(f"/jobs/{job_id}").status_code == 200
