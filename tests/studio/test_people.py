"""The pages of what testers are asked, told and owed, over HTTP: each sees their own alone."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auth import testers
from auth.audit import Search, entries
from database import Database, Record
from jobs.records import Job
from programme.holdings import NOBODYS
from studio.people.kept import KEPT
from tests.studio.conftest import GENEROUS, WISH, House, Person, serving, wire


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[House]:
    """A Greenroom of its own, for tests that change what holds for everybody."""
    database = Database(f"sqlite:///{tmp_path / 'greenroom.db'}")
    database.migrate()
    with serving(wire(database, tmp_path, **GENEROUS)) as house:
        yield house
    database.close()


def test_policy_is_announced_read_by_strangers_and_waits_for_a_yes(fresh: House) -> None:
    admin, ada = fresh.person("Cleo", testers.ADMIN), fresh.person("Ada")
    wish: dict[str, Any] = {"keep_days": 30, "sharing": "review"}
    dry = admin.browser.post("/backstage/policy", json=wish | {"dry": True})
    assert (dry.status_code, dry.json()["lost"]) == (
        200,
        ["Clips are kept for less long: 30 days."],
    )
    said = wish | {"words": "Disks are full.", "after": 0}
    assert admin.browser.post("/backstage/policy", json=said).status_code == 201
    assert admin.browser.post("/backstage/policy", json=said).status_code == 409
    told = fresh.stranger().get("/policy/versions").json()
    assert [row["number"] for row in told["versions"]] == [1, 0]
    assert ["Clips a minute", "1,000"] in told["limits"]
    refused = ada.browser.post("/jobs", json=WISH)
    assert (refused.status_code, refused.json()["code"]) == (403, "policy_unaccepted")
    assert fresh.count_jobs() == 0
    assert ada.browser.get("/policy/mine").json()["awaits"]["number"] == 1
    assert ada.browser.post("/policy/accept", json={"number": 1}).status_code == 200
    assert ada.browser.post("/jobs", json=WISH).status_code == 202


def test_policy_stands_on_the_page_that_an_invite_opens(house: House) -> None:
    page = house.stranger().get("/invite").text
    assert "You may show a clip to others once a reviewer approved it." in page


def test_archive_holds_the_askers_clips_and_is_no_longer_on_the_disk(
    house: House, ada: Person, ben: Person
) -> None:
    for person, content in ((ada, b"ada's film"), (ben, b"ben's film")):
        job = person.browser.post("/jobs", json=WISH).json()
        house.finish(job["id"], content)
    answer = ada.browser.post("/data/archive")
    assert answer.headers["content-type"] == "application/zip"
    archived = zipfile.ZipFile(io.BytesIO(answer.content))
    films = [archived.read(name) for name in archived.namelist() if name.endswith(".mp4")]
    assert b"ada's film" in films
    assert b"ben's film" not in films
    about = json.loads(archived.read("about.json"))
    assert {row["file"] for row in about["files"]} == {f"{row.name}.json" for row in KEPT}
    assert list(house.parts.settings.data.glob("*.zip")) == []


def test_every_table_is_exported_or_is_known_to_hold_nobody() -> None:
    """Whoever adds a table of the studio's says in studio/people/kept.py whose it is."""
    held = {holding.record.__tablename__ for holding in KEPT}
    personal = {
        name
        for name, table in Record.metadata.tables.items()
        if {"tester_id", "owner_id", "endpoint_id"} & set(table.c.keys())
    }
    assert personal - held == set()
    assert held & set(NOBODYS) == set()


def test_erasing_signs_out_at_once_and_hands_a_receipt(house: House) -> None:
    eve = house.person("Eve")
    job = eve.browser.post("/jobs", json=WISH).json()
    house.finish(job["id"], b"a film of Eve")
    kept = drawn_once(house, job["id"])
    assert eve.browser.post("/data/erase", json={"name": "Eva"}).status_code == 422
    answer = eve.browser.post("/data/erase", json={"name": "Eve"})
    assert answer.json()["deleted"]["clips"] == 1
    assert eve.browser.get("/me").status_code == 401
    assert not kept.exists()


def drawn_once(house: House, job_id: str) -> Path:
    """The film of its first attempt, under the name a worker gives it."""
    store, name = house.parts.store, f"{job_id}-1.mp4"
    draft = store.draft(name)
    draft.write_bytes(b"a film")
    store.keep(draft, store.key(name))
    with house.parts.database.begin() as db:
        db.get_one(Job, job_id).attempts = 1
    return Path(store.at(store.key(name)))


def test_script_erases_nobody(house: House, ada: Person) -> None:
    token = house.api_token(ada, bearer=True)
    script = house.stranger(headers={"authorization": f"Bearer {token}"})
    assert script.post("/data/erase", json={"name": "Ada"}).status_code == 403


def test_consent_is_said_and_withdrawn_and_a_word_that_is_neither_is_refused(ben: Person) -> None:
    say = ben.browser.post("/data/consent", json={"purpose": "training", "given": True})
    assert say.json()["in_general"] == {"training": True, "publicity": False, "analytics": False}
    ben.browser.post("/data/consent", json={"purpose": "training", "given": False})
    assert ben.browser.get("/data/list").json()["in_general"]["training"] is False
    assert ben.browser.post("/data/consent", json={"purpose": "training"}).status_code == 422


def test_report_is_answered_credited_paid_and_both_sides_read_the_same(
    house: House, admin: Person, ada: Person, ben: Person
) -> None:
    rate = {"kind": "report", "amount": 500, "currency": "EUR"}
    assert admin.browser.post("/backstage/ledger/rates", json=rate).status_code == 201
    sent = ada.browser.post("/feedback", json={"kind": "bug", "words": "It flickers."}).json()
    [case] = admin.browser.get("/backstage/feedback/list").json()["feedback"]
    assert (case["id"], case["who"]) == (sent["id"], "Ada")
    decided = {"state": "accepted", "answer": "We see it."}
    admin.browser.post(f"/backstage/feedback/{sent['id']}/decide", json=decided)
    [mine] = ada.browser.get("/feedback/list").json()["feedback"]
    assert (mine["state"], mine["answer"]) == ("accepted", "We see it.")
    tester_id = ada.principal.tester_id
    own = ada.browser.get("/ledger/list").json()
    theirs = admin.browser.get(f"/backstage/ledger/{tester_id}/list").json()
    assert own["credits"] == theirs["credits"]
    assert own["totals"][0]["said"]["owed"] == "5.00 EUR"
    [row] = own["credits"]
    paid = {"credits": [row["id"]], "reference": "transfer 7"}
    assert admin.browser.post("/backstage/ledger/pay", json=paid).json() == {"paid": 1}
    assert ben.browser.post(f"/ledger/{row['id']}/dispute", json={"words": "x"}).status_code == 404
    with house.parts.database.read() as db:
        assert len(entries(db, Search(action="credit.pay"), 10)) == 1


def test_statement_is_sent_as_csv_and_as_pdf_and_of_others_to_admins_alone(
    admin: Person, ada: Person, ben: Person
) -> None:
    ada.browser.post("/ledger/hours", json={"day": today(ada), "minutes": 90, "words": "=1+1"})
    text = ada.browser.get("/ledger/statement.csv")
    assert "'=1+1" in text.text
    assert text.headers["content-disposition"].startswith("attachment")
    assert ada.browser.get("/ledger/statement.pdf").content.startswith(b"%PDF-")
    address = f"/backstage/ledger/{ada.principal.tester_id}/statement.csv"
    assert admin.browser.get(address).text == text.text
    assert ben.browser.get(address).status_code == 404


def today(person: Person) -> str:
    return str(person.browser.get("/ledger/list").json()["today"])


@pytest.mark.parametrize(
    "path", ["/policy", "/data", "/feedback", "/ledger", "/backstage/policy", "/backstage/ledger"]
)
def test_page_is_sent(admin: Person, path: str) -> None:
    assert "<!doctype html>" in admin.browser.get(path).text
