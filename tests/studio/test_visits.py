"""Every answer names its request, and the job a request made names it too."""

import re

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from jobs.records import Job
from studio.visits import Visits
from tests.studio.conftest import WISH, House, Person

SHAPE = re.compile(r"req_[0-9a-f]{32}")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/", 401),
        ("GET", "/nothing/here", 401),
        ("POST", "/sign-in", 403),
        ("GET", "/static/none.js", 404),
    ],
)
def test_every_answer_has_an_id_of_its_own(
    house: House, method: str, path: str, status: int
) -> None:
    with httpx.Client(base_url=house.url) as stranger:
        answers = [stranger.request(method, path) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, status]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(SHAPE.fullmatch(request_id) for request_id in ids)
    assert ids[0] != ids[1]


def test_what_a_stranger_calls_a_request_is_not_its_id(house: House) -> None:
    with house.stranger() as stranger:
        answer = stranger.get("/healthz", headers={"x-request-id": "req_" + "0" * 32})
    assert answer.headers["x-request-id"] != "req_" + "0" * 32


def test_job_bears_the_id_of_the_request_that_asked_for_it(house: House, ada: Person) -> None:
    made = ada.browser.post("/jobs", json=WISH)
    assert made.status_code == 202
    with house.parts.database.read() as db:
        assert db.get_one(Job, made.json()["id"]).request_id == made.headers["x-request-id"]


async def test_request_that_breaks_is_answered_with_its_id_and_nothing_of_why() -> None:
    """A stack trace, or the words that broke it, may hold what an artist wrote."""

    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("a red ball")

    transport = httpx.ASGITransport(Visits(breaks))
    async with httpx.AsyncClient(transport=transport, base_url="http://room") as client:
        answer = await client.get("/")
    assert answer.status_code == 500
    assert answer.json()["code"] == "error"
    assert answer.headers["x-request-id"] in answer.json()["detail"]
    assert "red ball" not in answer.text
