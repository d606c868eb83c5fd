"""Backstage's audit log: what admins did stands in it, and only admins read it."""

import csv
import io
import json
from typing import Any

import pytest

from tests.studio.conftest import WISH, House, Person

PATHS = ("", ".csv", ".jsonl", "/entries", "/verdict")


def newest(admin: Person, **asked: str) -> dict[str, Any]:
    found = admin.browser.get("/backstage/audit/entries", params=asked).json()
    row: dict[str, Any] = found["entries"][0]
    return row


@pytest.mark.parametrize("path", PATHS)
def test_log_is_not_there_for_testers(ada: Person, path: str) -> None:
    assert ada.browser.get(f"/backstage/audit{path}").status_code == 404


def test_everything_an_admin_does_backstage_is_a_row(house: House, admin: Person) -> None:
    me = f"tester:{admin.principal.tester_id}"
    added = admin.browser.post("/backstage/testers", json={"name": "Iris"}).json()
    row = newest(admin)
    assert (row["actor"], row["action"]) == (me, "tester.add")
    assert row["subject"] == f"tester:{added['id']}"
    assert json.loads(row["details"]) == {"role": "tester"}

    issued = admin.browser.post(f"/backstage/testers/{added['id']}/tokens", json={"days": 1}).json()
    row = newest(admin)
    assert (row["action"], row["subject"]) == ("token.issue", f"token:{issued['id']}")
    assert json.loads(row["details"])["tester"] == added["id"]
    assert issued["token"] not in json.dumps(row)

    path = f"/backstage/tokens/{issued['id']}/revoke"
    admin.browser.post(path, json={"reason": "seen in public"})
    row = newest(admin)
    assert (row["actor"], row["action"], row["reason"]) == (me, "token.revoke", "seen in public")
    assert row["subject"] == f"token:{issued['id']}"


def test_stopping_somebodys_clip_is_a_row_without_its_prompt(admin: Person, ada: Person) -> None:
    wish = {**WISH, "prompt": "a secret sunrise"}
    job_id = ada.browser.post("/jobs", json=wish).json()["id"]
    admin.browser.post(f"/backstage/jobs/{job_id}/cancel")
    row = newest(admin)
    assert (row["action"], row["subject"]) == ("job.cancel", f"job:{job_id}")
    assert json.loads(row["details"]) == {"owner": ada.principal.tester_id}
    assert "sunrise" not in admin.browser.get("/backstage/audit.jsonl").text


def test_holder_who_ends_a_token_is_a_row(house: House, admin: Person) -> None:
    joe = house.person("Joe")
    house.stranger().post("/v1/tokens/revoke", data={"token": joe.token})
    row = newest(admin)
    assert (row["actor"], row["action"]) == ("holder", "token.revoke")
    assert row["subject"] == f"token:{joe.principal.token_id}"


def test_signing_in_is_a_row(house: House, admin: Person) -> None:
    ian = house.person("Ian")
    row = newest(admin, action="sign_in")
    assert (row["actor"], row["action"]) == (f"tester:{ian.principal.tester_id}", "sign_in.open")
    assert row["subject"] == f"token:{ian.principal.token_id}"
    assert json.loads(row["details"])["by"] == "access"


def test_signing_out_is_a_row(house: House, admin: Person) -> None:
    eve = house.person("Eve")
    eve.browser.post("/sign-out")
    row = newest(admin, action="sign_in")
    assert (row["actor"], row["action"]) == (f"tester:{eve.principal.tester_id}", "sign_in.end")


def test_rows_are_found_by_what_is_asked(admin: Person) -> None:
    for number in range(2):
        admin.browser.post("/backstage/testers", json={"name": f"Found {number}"})
    first = newest(admin)
    older = newest(admin, before=str(first["seq"]))
    assert older["seq"] == first["seq"] - 1
    assert newest(admin, subject=older["subject"])["seq"] == older["seq"]
    answer = admin.browser.get("/backstage/audit/entries", params={"actor": "nobody"})
    assert answer.json()["entries"] == []
    assert answer.json()["names"][admin.principal.tester_id] == "Cleo"


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "٣", "1" * 20])
def test_row_that_is_no_number_is_refused(admin: Person, before: str) -> None:
    answer = admin.browser.get("/backstage/audit/entries", params={"before": before})
    assert (answer.status_code, answer.json()["field"]) == (422, "before")


def test_verdict_says_that_the_log_is_whole(admin: Person) -> None:
    admin.browser.post("/backstage/testers", json={"name": "Whole"})
    verdict = admin.browser.get("/backstage/audit/verdict").json()
    assert verdict["bad_seq"] is None
    assert verdict["rows"] == newest(admin)["seq"]


def test_files_hold_every_row_oldest_first(admin: Person) -> None:
    admin.browser.post("/backstage/testers", json={"name": "In a file"})
    last = newest(admin)["seq"]
    table = admin.browser.get("/backstage/audit.csv")
    assert table.headers["content-disposition"] == 'attachment; filename="greenroom-audit.csv"'
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [int(row["seq"]) for row in rows] == list(range(1, last + 1))
    lines = admin.browser.get("/backstage/audit.jsonl").text.splitlines()
    assert [json.loads(line)["hash"] for line in lines] == [row["hash"] for row in rows]
