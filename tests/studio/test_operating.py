"""What whoever runs Greenroom asks it: is it ready, and how does it do?"""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from auth import testers
from database import Database
from jobs import presence
from studio.clock import now_ms
from studio.readiness import look
from tests.studio.conftest import GENEROUS, WISH, House, serving, wait_for, wire

TOKEN = "thirty-two characters or more, all mine"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A Greenroom whose metrics may be read."""
    folder = tmp_path_factory.mktemp("watched")
    database = Database(f"sqlite:///{folder / 'greenroom.db'}")
    database.migrate()
    more = {"GREENROOM_METRICS_TOKEN": TOKEN, "GREENROOM_CLIPS_PER_DAY": "5", **GENEROUS}
    with serving(wire(database, folder, **more)) as house:
        yield house
    database.close()


def scrape(house: House) -> dict[str, float]:
    """Every sample of a scrape, by its name with labels."""
    answer = httpx.get(f"{house.url}/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    samples = re.findall(r"^(\w+(?:\{.*\})?) (\S+)$", answer.text, re.M)
    return {name: float(value) for name, value in samples}


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", f"Bearer {TOKEN}x"])
def test_metrics_are_a_closed_door_without_their_token(
    watched: House, authorization: str | None
) -> None:
    """It answers exactly as a door that was never there."""
    headers = {} if authorization is None else {"authorization": authorization}
    answer = httpx.get(f"{watched.url}/metrics", headers=headers)
    nowhere = httpx.get(f"{watched.url}/nowhere", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, nowhere.json()["code"])


def test_metrics_are_a_closed_door_to_everybody_where_no_token_is_set(house: House) -> None:
    answer = httpx.get(f"{house.url}/metrics", headers={"authorization": "Bearer"})
    assert answer.status_code == 401


def test_admissions_and_refusals_are_counted_by_their_codes(watched: House) -> None:
    dora = watched.person("Dora")
    before = scrape(watched)
    statuses = [dora.browser.post("/jobs", json=WISH).status_code for _ in range(7)]
    assert statuses == [202] * 5 + [429] * 2
    after = scrape(watched)

    def grew(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grew('greenroom_admissions_total{operation="text",variant="quality"}') == 5
    assert grew('greenroom_refusals_total{code="too_many"}') == 2
    waits = 'greenroom_http_seconds_count{method="POST",route="/jobs",status="%s"}'
    assert (grew(waits % 202), grew(waits % 429)) == (5, 2)
    assert grew('greenroom_jobs{state="queued"}') == 5
    assert after["greenroom_oldest_queued_seconds"] >= 0


def test_labels_name_templates_and_never_what_a_stranger_wrote(watched: House) -> None:
    """A label a stranger can choose would let them fill the memory, and names clips besides."""
    dora = watched.person("Dora again")
    dora.browser.get("/jobs/" + "0" * 32)
    httpx.request("PROPFIND", f"{watched.url}/kettle-{'x' * 20}")
    names = " ".join(scrape(watched))
    assert 'route="/jobs/{job_id}"' in names
    assert 'method="other",route="-"' in names
    assert "kettle" not in names
    assert "0" * 32 not in names


def test_open_streams_are_counted_while_they_are_open(watched: House) -> None:
    eve = watched.person("Eve")
    with eve.browser.stream("GET", "/notice"):
        wait_for(lambda: scrape(watched)["greenroom_open_streams"] >= 1)
    wait_for(lambda: scrape(watched)["greenroom_open_streams"] == 0)


def test_ready_says_what_is_missing_and_alive_does_not_ask(house: House) -> None:
    """Without a worker nothing would be drawn, so nobody is sent here; the process lives."""
    answer = httpx.get(f"{house.url}/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "checks": {"database": "ok", "worker": "none"}}
    assert httpx.get(f"{house.url}/healthz").status_code == 200


def test_ready_once_a_worker_is_there(house: House) -> None:
    with house.parts.database.begin() as db:
        presence.arrive(db, "w" * 32, "e" * 32, "here", now_ms())
    wait_for(lambda: httpx.get(f"{house.url}/readyz").status_code == 200)
    with house.parts.database.begin() as db:
        presence.depart(db, "w" * 32)


async def test_database_of_another_release_is_not_ready(database: Database, tmp_path: Path) -> None:
    parts = wire(database, tmp_path)
    assert (await look(parts))["database"] == "ok"
    with database.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert (await look(parts))["database"] == "not migrated"


async def test_redis_that_is_away_is_not_ready(
    database: Database, tmp_path: Path, redis_url: str
) -> None:
    there = wire(database, tmp_path, GREENROOM_REDIS_URL=redis_url)
    assert (await look(there))["store"] == "ok"
    away = wire(database, tmp_path, GREENROOM_REDIS_URL="redis://127.0.0.1:1/0")
    assert (await look(away))["store"] == "unreachable"


def test_revocation_is_timed_until_an_open_page_was_told(watched: House) -> None:
    fay, admin = watched.person("Fay"), watched.person("Gus", testers.ADMIN)
    before = scrape(watched)["greenroom_revocation_seconds_count"]
    job_id = fay.browser.post("/jobs", json=WISH).json()["id"]
    with fay.browser.stream("GET", f"/jobs/{job_id}/events") as events:
        lines = events.iter_lines()
        next(lines)
        path = f"/backstage/tokens/{fay.principal.token_id}/revoke"
        assert admin.browser.post(path, json={"reason": "rehearsal"}).status_code < 300
        assert any("revoked" in line for line in lines)
    assert scrape(watched)["greenroom_revocation_seconds_count"] == before + 1
