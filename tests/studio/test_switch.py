"""An admin stops and resumes; open pages are told, and requests are refused with the message."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from auth.records import Tester
from tests.studio.conftest import WISH, House, Person

MESSAGE = "We are looking at a leak"


@pytest.fixture(autouse=True)
def _resumed(admin: Person) -> Iterator[None]:
    yield
    turn(admin, "everybody", stopped=False)


def turn(admin: Person, subject: str, *, stopped: bool, message: str = MESSAGE) -> httpx.Response:
    form = {"subject": subject, "stopped": stopped, "message": message}
    return admin.browser.post("/backstage/switch", json=form)


def notices(stream: httpx.Response) -> Iterator[Any]:
    for line in stream.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))["notice"]


def test_stop_is_told_on_open_pages_and_so_is_its_end(
    house: House, ada: Person, admin: Person
) -> None:
    with ada.browser.stream("GET", "/notice") as stream:
        told = notices(stream)
        assert next(told) is None
        assert turn(admin, "everybody", stopped=True).json()["turned"] is True
        notice = next(told)
        assert (notice["scope"], notice["message"]) == ("everybody", MESSAGE)
        turn(admin, "everybody", stopped=False)
        assert next(told) is None


def test_stopped_tester_is_refused_with_the_message_and_may_look(
    house: House, ada: Person, ben: Person, admin: Person
) -> None:
    subject, before = f"tester:{ada.principal.tester_id}", house.count_jobs()
    turn(admin, subject, stopped=True)
    answer = ada.browser.post("/jobs", json=WISH)
    assert (answer.status_code, answer.json()["code"]) == (403, "suspended")
    assert (answer.json()["scope"], answer.json()["message"]) == ("tester", MESSAGE)
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "retry-after" not in answer.headers
    assert house.count_jobs() == before
    assert ada.browser.get("/me").json()["notice"]["message"] == MESSAGE
    assert ben.browser.get("/me").json()["notice"] is None
    [stop] = admin.browser.get("/backstage/room").json()["stops"]
    assert (stop["subject"], stop["name"]) == (subject, "Ada")
    turn(admin, subject, stopped=False)
    assert ada.browser.post("/jobs", json=WISH).status_code == 202


def test_switch_is_the_admins_alone(house: House, ada: Person) -> None:
    assert turn(ada, "everybody", stopped=True).status_code == 404
    assert ada.browser.get("/me").json()["notice"] is None


@pytest.mark.parametrize(
    ("form", "status", "field"),
    [
        ({"subject": "everybody", "stopped": True, "message": ""}, 422, "message"),
        ({"subject": "everybody", "stopped": "yes", "message": "m"}, 422, "stopped"),
        ({"stopped": True, "message": "m"}, 422, "subject"),
        ({"subject": "tester:nobody", "stopped": True, "message": "m"}, 404, None),
    ],
)
def test_switch_refuses_what_it_does_not_understand(
    admin: Person, form: dict[str, Any], status: int, field: str | None
) -> None:
    answer = admin.browser.post("/backstage/switch", json=form)
    assert (answer.status_code, answer.json().get("field")) == (status, field)


def test_rate_refusal_says_what_is_left_and_when(house: House) -> None:
    eve = house.person("Eve")
    with house.parts.database.begin() as db:
        db.get_one(Tester, eve.principal.tester_id).rate_per_minute = 1
    assert eve.browser.post("/jobs", json=WISH).status_code == 202
    answer = eve.browser.post("/jobs", json=WISH)
    assert answer.status_code == 429
    wait_s = int(answer.headers["retry-after"])
    assert 0 < wait_s <= 60
    assert answer.headers["ratelimit-policy"] == '"rate_per_minute";q=1;w=60'
    assert answer.headers["ratelimit"] == f'"rate_per_minute";r=0;t={wait_s}'
    assert "x-should-retry" not in answer.headers


def test_yes_says_what_each_limit_has_left_after_it(house: House) -> None:
    """With the decision's own numbers; a wish that came before was not decided, and says none."""
    fay = house.person("Fay")
    with house.parts.database.begin() as db:
        tester = db.get_one(Tester, fay.principal.tester_id)
        tester.rate_per_minute, tester.concurrent, tester.clips_per_day = 6, 3, 9
        tester.gpu_ms_per_day = 10_000_000
    key = {"idempotency-key": "one-wish"}
    answer = fay.browser.post("/jobs", json=WISH, headers=key)
    assert answer.status_code == 202, answer.text
    assert answer.headers["ratelimit-policy"] == (
        '"rate_per_minute";q=6;w=60, "concurrent";q=3;qu="concurrent-requests", '
        '"clips_per_day";q=9;w=86400, '
        '"gpu_ms_per_day";q=10000000;qu="gpu-milliseconds";w=86400'
    )
    left_ms = 10_000_000 - answer.json()["gpu_ms"]
    to_midnight_s = re.escape("t=") + r"\d{1,5}"
    assert re.fullmatch(
        rf'"rate_per_minute";r=5;t=10, "concurrent";r=2, "clips_per_day";r=8;{to_midnight_s}, '
        rf'"gpu_ms_per_day";r={left_ms};{to_midnight_s}',
        answer.headers["ratelimit"],
    )
    again = fay.browser.post("/jobs", json=WISH, headers=key)
    assert (again.status_code, again.json()["id"]) == (202, answer.json()["id"])
    assert "ratelimit" not in again.headers


def test_refusal_of_a_long_wait_keeps_clients_from_trying_again(house: House) -> None:
    gil = house.person("Gil")
    with house.parts.database.begin() as db:
        db.get_one(Tester, gil.principal.tester_id).rate_per_day = 1
    assert gil.browser.post("/jobs", json=WISH).status_code == 202
    answer = gil.browser.post("/jobs", json=WISH)
    assert answer.status_code == 429
    assert 86_000 < int(answer.headers["retry-after"]) <= 86_400
    assert answer.headers["x-should-retry"] == "false"
