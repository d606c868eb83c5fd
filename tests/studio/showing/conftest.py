"""People with finished clips in a serving Greenroom."""

import pytest

from auth import testers
from tests.studio.conftest import WISH, House, Person

FILM = bytes(range(256)) * 4


def finished(house: House, person: Person, prompt: str = "a red ball bouncing") -> str:
    """The id of a new finished clip of this person."""
    job_id = person.browser.post("/jobs", json={**WISH, "prompt": prompt}).json()["id"]
    house.finish(job_id, FILM)
    return str(job_id)


def mine(person: Person, clip_id: str) -> dict:  # type: ignore[type-arg]
    """What the person's own page says of a clip."""
    clips = person.browser.get("/showing/list").json()["clips"]
    [found] = [clip for clip in clips if clip["id"] == clip_id]
    return dict(found)


@pytest.fixture(scope="module")
def dora(house: House) -> Person:
    """A second reviewer."""
    return house.person("Dora", testers.ADMIN)


def approve(admin: Person, clip_id: str, round: int = 1) -> dict:  # type: ignore[type-arg]
    """What the desk answers to one approval."""
    wish = {"cases": [{"clip": clip_id, "round": round}], "verdict": "approved"}
    [case] = admin.browser.post("/backstage/reviews/decide", json=wish).json()["cases"]
    return dict(case)
