"""Asking for clips, and whose they are."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from database import Database
from tests.studio.conftest import WISH, House, Person, serving, wire


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \n "}, "prompt"),
        ({"prompt": "x" * 2001}, "prompt"),
        ({"prompt": "a\x00b"}, "prompt"),
        ({"prompt": "\u202e\x1b[2J"}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"negative_prompt": "y" * 2001}, "negative_prompt"),
        ({"size": "1x1"}, "size"),
        ({"size": "9999x9999"}, "size"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": 11}, "seconds"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": 1.5}, "seconds"),
        ({"seconds": True}, "seconds"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"style": "oil"}, "style"),
        ({"model": "sora"}, "model"),
        ({"gpu_ms": 0}, "gpu_ms"),
    ],
)
def test_wrong_input_names_its_field_and_charges_nothing(
    house: House, ada: Person, change: dict[str, object], field: str
) -> None:
    before = ada.browser.get("/me").json(), house.count_jobs()
    answer = ada.browser.post("/jobs", json={**WISH, **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (ada.browser.get("/me").json(), house.count_jobs()) == before


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"prompt"', b"{", b'{"prompt": "a", "seconds": NaN}', b"[" * 5000]
)
def test_body_that_is_no_wish_is_refused(house: House, ada: Person, body: bytes) -> None:
    before = house.count_jobs()
    assert ada.browser.post("/jobs", content=body).status_code in (400, 422)
    assert house.count_jobs() == before


def test_new_job_is_on_the_list_and_stays_its_owners(
    house: House, ada: Person, ben: Person, admin: Person
) -> None:
    job = ada.browser.post("/jobs", json=WISH).json()
    assert ada.browser.get("/jobs").json()["jobs"][0] == job
    assert job["spec"]["prompt"] == WISH["prompt"]
    for other in (ben, admin):
        assert other.browser.get(f"/jobs/{job['id']}").status_code == 404
        assert other.browser.post(f"/jobs/{job['id']}/cancel").status_code == 404
        assert job["id"] not in str(other.browser.get("/jobs").json())
    assert ada.browser.get(f"/jobs/{job['id']}").json()["state"] == "queued"


def test_cancelling_gives_everything_back(house: House, ada: Person) -> None:
    before = ada.browser.get("/me").json()
    job = ada.browser.post("/jobs", json=WISH).json()
    assert ada.browser.get("/me").json() != before
    card = ada.browser.post(f"/jobs/{job['id']}/cancel").json()
    assert (card["state"], card["stop_reason"]) == ("stopped", "cancelled")
    assert ada.browser.get("/me").json() == before


@pytest.mark.parametrize(
    ("limits", "admitted", "limit"),
    [
        ({"GREENROOM_RATE_PER_MINUTE": "5", "GREENROOM_CONCURRENT": "2"}, 2, "concurrent"),
        ({"GREENROOM_RATE_PER_MINUTE": "5", "GREENROOM_CONCURRENT": "50"}, 5, "rate"),
    ],
)
def test_fifty_parallel_requests_admit_exactly_what_the_limits_say(
    database: Database, tmp_path: Path, limits: dict[str, str], admitted: int, limit: str
) -> None:
    with serving(wire(database, tmp_path / "data", **limits)) as house:
        person = house.person("Ada")
        browsers = [person.another_window(house) for _ in range(50)]
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda browser: browser.post("/jobs", json=WISH), browsers))
        statuses = [answer.status_code for answer in answers]
        assert (statuses.count(202), statuses.count(429)) == (admitted, 50 - admitted)
        assert house.count_jobs() == admitted
        refused = [answer for answer in answers if answer.status_code == 429]
        assert all(limit in answer.json()["limit"] for answer in refused[-1:])
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
        me = person.browser.get("/me").json()["allowance"]
        assert me["held"] == admitted
        assert me["clips_per_day"] - me["clips_left"] == admitted
