"""Clips that begin with others: one's own only, and the price and the time that are told."""

import math

import pytest

from jobs.records import Job
from sora_core.spec import ClipSpec
from tests.studio.conftest import WISH, House, Person

ONE = {"extend": 2, "extend_back": 2, "loop": 1, "remix": 1, "image": 1}


def finished(house: House, person: Person) -> str:
    """A finished clip of `person`, one second long."""
    job_id = str(person.browser.post("/jobs", json=WISH).json()["id"])
    house.finish(job_id, b"a film")
    return job_id


def wishes(source: str) -> list[dict[str, object]]:
    ones = [
        {**WISH, "operation": operation, "seconds": seconds, "sources": [source]}
        for operation, seconds in ONE.items()
    ]
    return [*ones, {**WISH, "operation": "blend", "sources": [source, source]}]


def test_own_clip_can_begin_every_operation(house: House, ada: Person) -> None:
    clip = finished(house, ada)
    for wish in wishes(clip):
        answer = ada.browser.post("/jobs", json=wish)
        assert answer.status_code == 202, (wish, answer.text)
        assert answer.json()["spec"]["operation"] == wish["operation"]


def test_nobody_can_name_anothers_clip_or_picture(
    house: House, ada: Person, ben: Person, admin: Person
) -> None:
    """The answer is, byte for byte, the one for a clip that does not exist; nothing changes."""
    unfinished = ada.browser.post("/jobs", json=WISH).json()["id"]
    theirs = [finished(house, ada), unfinished]
    for other in (ben, admin):
        before = other.browser.get("/me").json(), house.count_jobs()
        for source in theirs:
            for wish, missing in zip(wishes(source), wishes("0" * 32), strict=True):
                answers = [other.browser.post("/jobs", json=body) for body in (wish, missing)]
                assert [answer.status_code for answer in answers] == [422, 422]
                assert answers[0].content == answers[1].content
                assert answers[0].json()["field"] == "sources"
        assert (other.browser.get("/me").json(), house.count_jobs()) == before


def test_second_source_must_be_ones_own_too(house: House, ada: Person, ben: Person) -> None:
    mine, theirs = finished(house, ben), finished(house, ada)
    for operation in ("blend", "image"):
        wish = {**WISH, "operation": operation, "sources": [mine, theirs]}
        assert ben.browser.post("/jobs", json=wish).status_code == 422


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"operation": "extend", "seconds": 1}, "seconds"),
        ({"operation": "remix", "seconds": 2}, "seconds"),
        ({"operation": "remix", "strength": 0}, "strength"),
        ({"operation": "remix", "strength": 1.5}, "strength"),
        ({"operation": "melt"}, "operation"),
        ({"operation": "text"}, "sources"),
        ({"operation": "blend"}, "sources"),
        ({"operation": "image", "sources": ["../../etc/passwd"]}, "sources"),
        ({"operation": "image", "sources": ["http://192.0.2.1/a.png"]}, "sources"),
        ({"operation": "image", "sources": [{"url": "x"}]}, "sources"),
        ({"variant": "fast", "sources": []}, "variant"),
        ({"storyboard": ["a"] * 6, "seconds": 10, "sources": []}, "storyboard"),
        ({"storyboard": ["a", "b"], "sources": []}, "storyboard"),
        ({"storyboard": ["a", ""], "seconds": 2, "sources": []}, "storyboard"),
    ],
)
def test_wrong_beginning_names_its_field_and_changes_nothing(
    house: House, ada: Person, change: dict[str, object], field: str
) -> None:
    clip = finished(house, ada)
    before = ada.browser.get("/me").json(), house.count_jobs()
    answer = ada.browser.post("/jobs", json={**WISH, "sources": [clip], **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (ada.browser.get("/me").json(), house.count_jobs()) == before


def test_offer_prices_what_is_asked_as_admission_does(house: House, ada: Person) -> None:
    """The page adds the offer's parts up to the price that is held, for every kind of clip."""
    offer = ada.browser.get("/offer").json()
    kinds = [("text", [], 1.0), ("extend", ["a"], 1.0), ("remix", ["a"], 0.3)]
    for size in offer["sizes"]:
        for variant in offer["variants"]:
            for operation, sources, strength in kinds:
                for seconds in (1, 10):
                    spec = ClipSpec.parse(
                        {
                            "prompt": "a cat",
                            "width": size["width"],
                            "height": size["height"],
                            "variant": variant["name"],
                            "operation": operation,
                            "sources": sources,
                            "strength": strength,
                            "seconds": seconds,
                        }
                    )
                    second_ms = variant["drawing_ms"] * strength + size["encoding_ms"]
                    own_ms = offer["start_ms"] + len(sources) * offer["source_ms"]
                    assert math.isclose(own_ms + seconds * second_ms, spec.gpu_ms, abs_tol=1)


def test_offer_tells_the_pace_of_what_was_drawn_here(house: House) -> None:
    dora = house.person("Dora")
    for _ in range(3):
        job_id = dora.browser.post("/jobs", json={**WISH, "variant": "turbo"}).json()["id"]
        house.finish(job_id, b"a film")
        with house.parts.database.begin() as db:
            job = db.get_one(Job, job_id)
            job.started_at, job.ended_at = 0, job.gpu_ms // 2
    paces = {v["name"]: v["pace"] for v in dora.browser.get("/offer").json()["variants"]}
    assert paces == pytest.approx({"quality": 0.5, "turbo": 0.5}, abs=0.01)
