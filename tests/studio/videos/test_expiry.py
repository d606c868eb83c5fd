"""A video says when its film is erased: as the tidying will do it, and not where it stays."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from database import Database
from jobs.records import Job
from programme import policy, shares
from programme.policy import Policy
from studio.clock import now_ms
from tests.studio.conftest import GENEROUS, WISH, House, Person, serving, wire

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One that keeps clips for thirty days."""
    folder = tmp_path_factory.mktemp("house")
    database = Database(f"sqlite:///{folder / 'greenroom.db'}")
    database.migrate()
    parts = wire(database, folder, GREENROOM_KEEP_DAYS="30", **GENEROUS)
    with serving(parts) as house:
        yield house
    database.close()


def finished(house: House, person: Person) -> str:
    job_id = str(person.browser.post("/jobs", json=WISH).json()["id"])
    house.finish(job_id, b"a film")
    return job_id


def expires_at(person: Person, job_id: str) -> int | None:
    """As one video and as one of a list, which say the same."""
    one = person.browser.get(f"/v1/videos/{job_id}").json()["expires_at"]
    [listed] = [
        video["expires_at"]
        for video in person.browser.get("/v1/videos").json()["data"]
        if video["id"] == job_id
    ]
    assert listed == one
    return one  # type: ignore[no-any-return]


def ended_at(house: House, job_id: str) -> int:
    with house.parts.database.read() as db:
        return db.get_one(Job, job_id).ended_at or 0


def test_finished_video_expires_when_the_house_keeps_it_no_longer(
    house: House, ada: Person
) -> None:
    job_id = finished(house, ada)
    assert expires_at(ada, job_id) == (ended_at(house, job_id) + 30 * DAY_MS) // 1000


def test_video_that_waits_or_is_on_view_does_not_expire(house: House, ada: Person) -> None:
    waiting = str(ada.browser.post("/jobs", json=WISH).json()["id"])
    shown = finished(house, ada)
    with house.parts.database.begin() as db:
        owner_id = ada.principal.tester_id
        shares.make(db, shown, owner_id, mode="free", credit="", days=None, now_ms=now_ms())
    assert (expires_at(ada, waiting), expires_at(ada, shown)) == (None, None)


def test_policy_that_keeps_clips_for_less_is_what_counts(house: House, ben: Person) -> None:
    job_id = finished(house, ben)
    with house.parts.database.begin() as db:
        wanted = replace(Policy(), keep_days=7)
        policy.announce(db, wanted, "Disks.", after=0, by="operator", now_ms=now_ms())
        policy.accept(db, ben.principal.tester_id, 1, now_ms())
    assert expires_at(ben, job_id) == (ended_at(house, job_id) + 7 * DAY_MS) // 1000
