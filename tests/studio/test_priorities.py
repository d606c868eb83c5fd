"""Who says how urgent a clip is, and what they may say."""

import pytest

from jobs.records import Job
from tests.studio.conftest import WISH, House, Person


def priority_of(house: House, person: Person, **asked: str) -> str:
    answer = person.browser.post("/jobs", json={**WISH, **asked})
    assert answer.status_code == 202, answer.text
    with house.parts.database.read() as db:
        return db.get_one(Job, answer.json()["id"]).priority


def test_priority_is_a_testers_and_for_admins_a_stewards(
    house: House, ada: Person, admin: Person
) -> None:
    assert priority_of(house, ada) == "tester"
    assert priority_of(house, ada, priority="background") == "background"
    assert priority_of(house, admin) == "steward"


@pytest.mark.parametrize("asked", ["steward", "first", ""])
def test_priority_that_is_not_theirs_is_refused_and_nothing_made(
    house: House, ada: Person, asked: str
) -> None:
    before = house.count_jobs()
    answer = ada.browser.post("/jobs", json={**WISH, "priority": asked})
    assert (answer.status_code, answer.json()["field"]) == (422, "priority")
    assert house.count_jobs() == before
