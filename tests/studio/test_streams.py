"""Open event streams: what they tell, and when they end."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth.gate import Principal
from auth.revocation import revoke
from database import Database
from jobs.live import LiveEvent
from jobs.records import Job
from studio.clock import now_ms
from studio.leases import Leases, serve_under
from studio.standing import Standing
from tests.studio.conftest import WISH, House, Person, wait_for


def ask(person: Person) -> str:
    answer = person.browser.post("/jobs", json=WISH)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def events(stream: httpx.Response) -> Iterator[tuple[str, Any]]:
    """(name, facts) of each event; keep-alives left out."""
    name = ""
    for line in stream.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def listening(house: House, count: int) -> None:
    wait_for(lambda: len(house.parts.leases.open) == count)


@pytest.fixture(autouse=True)
def quiet(house: House) -> None:
    """No stream of an earlier test is still open."""
    listening(house, 0)


def test_stream_begins_with_the_row_and_ends_with_the_job(house: House, ada: Person) -> None:
    job_id = ask(ada)
    with ada.browser.stream("GET", f"/jobs/{job_id}/events") as stream:
        told = events(stream)
        name, card = next(told)
        assert (name, card["id"], card["state"]) == ("job", job_id, "queued")
        assert card["place"] >= 1
        owner_id, preview = ada.principal.tester_id, "data:image/webp,x"
        look = LiveEvent(job_id, owner_id, "running", 9, 24, 4000, preview)
        house.parts.hub.publish(look)
        assert next(told) == (
            "look",
            {
                "state": "running",
                "step": 9,
                "steps": 24,
                "left_ms": 4000,
                "preview": preview,
            },
        )
        house.finish(job_id, b"film")
        last = list(told)[-1]
    assert last[0] == "job"
    assert last[1]["state"] == "finished"
    assert last[1]["clip"]["url"] == f"/clips/{job_id}.mp4"


def test_place_in_line_is_told_when_it_changes(house: House, ada: Person, ben: Person) -> None:
    first, second = ask(ben), ask(ada)
    with ada.browser.stream("GET", f"/jobs/{second}/events") as stream:
        told = events(stream)
        place = next(told)[1]["place"]
        assert ben.browser.post(f"/jobs/{first}/cancel").json()["state"] == "stopped"
        assert next(told)[1]["place"] == place - 1


def test_cancelling_ends_the_stream_with_the_reason(house: House, ada: Person) -> None:
    job_id = ask(ada)
    with ada.browser.stream("GET", f"/jobs/{job_id}/events") as stream:
        told = events(stream)
        next(told)
        ada.browser.post(f"/jobs/{job_id}/cancel")
        name, card = next(told)
        assert list(told) == []
    assert (name, card["state"], card["stop_reason"]) == ("job", "stopped", "cancelled")
    assert "not charged" in card["error"]["sentence"]


def test_revoking_backstage_tells_the_page_why_and_ends_its_streams(
    house: House, admin: Person
) -> None:
    eve = house.person("Eve")
    job_id = ask(eve)
    with eve.browser.stream("GET", f"/jobs/{job_id}/events") as stream:
        told = events(stream)
        next(told)
        token_id = eve.principal.token_id
        answer = admin.browser.post(
            f"/backstage/tokens/{token_id}/revoke", json={"reason": "seen in public"}
        )
        assert answer.status_code == 200
        rest = list(told)
    assert rest[-1] == (
        "gone",
        {
            "code": "revoked",
            "sentence": "Your access was revoked by an admin.",
            "reason": "seen in public",
        },
    )
    assert eve.browser.get(f"/jobs/{job_id}/events").status_code == 401


def run(house: House, job_id: str) -> None:
    """As the worker's claim: from here on, only the worker may end the job."""
    with house.parts.database.begin() as db:
        db.get_one(Job, job_id).state = "running"


def test_revocation_by_another_process_is_noticed_without_a_word(house: House) -> None:
    fay = house.person("Fay")
    job_id = ask(fay)
    run(house, job_id)
    with fay.browser.stream("GET", f"/jobs/{job_id}/events") as stream:
        told = events(stream)
        next(told)
        with house.parts.database.begin() as db:
            revoke(db, fay.principal.token_id, "from the command line", now_ms())
        name, facts = list(told)[-1]
    assert (name, facts["code"], facts["reason"]) == ("gone", "revoked", "from the command line")


def test_signing_out_ends_the_streams_of_that_browser_only(house: House) -> None:
    gil = house.person("Gil")
    other = gil.another_window(house, cookies={})
    other.post("/sign-in", json={"token": gil.token})
    job_id = ask(gil)
    run(house, job_id)
    with (
        gil.browser.stream("GET", f"/jobs/{job_id}/events") as mine,
        other.stream("GET", f"/jobs/{job_id}/events") as theirs,
    ):
        told, also = events(mine), events(theirs)
        next(told), next(also)
        assert gil.browser.post("/sign-out").status_code == 204
        assert list(told)[-1][1]["code"] == "signed_out"
        house.finish(job_id, b"film")
        assert list(also)[-1][1]["state"] == "finished"


def test_stream_of_gradio_ends_with_the_sign_in(house: House) -> None:
    hal = house.person("Hal")
    join = {"data": [], "fn_index": 0, "session_hash": "hals", "event_data": {"prompt": ""}}
    listen = "/gradio_api/queue/data?session_hash=hals"
    assert hal.browser.post("/gradio_api/queue/join", json=join).status_code == 200
    with hal.browser.stream("GET", listen) as stream:
        assert "close_stream" in list(filter(None, stream.iter_lines()))[-1]
    # With nothing on its way, Gradio leaves the next one open for ever.
    with hal.browser.stream("GET", listen) as stream:
        listening(house, 1)
        house.server_loop(house.parts.leases.end_token, hal.principal.token_id)
        assert "close_stream" not in str(list(stream.iter_lines()))


def test_stream_ends_when_nobody_can_say_whether_the_sign_in_stands(tmp_path: Path) -> None:
    async def forever(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def serve() -> None:
        leases = Leases()
        nowhere = Database(f"sqlite:///{tmp_path}/nothing/here.db")
        with leases.grant(Principal("t", "Ada", "tester", "k", None)) as lease:
            Standing(nowhere, leases).watch()
            leases.look_again()
            await serve_under(lease, forever, {}, None, send)  # type: ignore[arg-type]

    asyncio.run(serve())
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


def test_somebody_elses_stream_is_not_there(house: House, ada: Person, ben: Person) -> None:
    assert ben.browser.get(f"/jobs/{ask(ada)}/events").status_code == 404
