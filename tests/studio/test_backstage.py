"""Backstage: admins only; what they may see and do."""

import pytest

from auth.revocation import REASON_MAX_CHARS
from jobs.records import Job
from studio.clock import now_ms
from tests.studio.conftest import WISH, House, Person

POSTS = (
    "/backstage/testers",
    f"/backstage/testers/{'0' * 32}/tokens",
    f"/backstage/tokens/{'0' * 12}/revoke",
    f"/backstage/jobs/{'0' * 32}/cancel",
)


def test_backstage_is_not_there_for_testers(ada: Person) -> None:
    for path in ("/backstage", "/backstage/room"):
        assert ada.browser.get(path).status_code == 404
    for path in POSTS:
        assert ada.browser.post(path, json={}).status_code == 404


def test_admin_adds_a_tester_and_issues_a_token_that_works(house: House, admin: Person) -> None:
    tester = admin.browser.post("/backstage/testers", json={"name": "Ida"}).json()
    issued = admin.browser.post(f"/backstage/testers/{tester['id']}/tokens", json={"days": 30})
    assert issued.status_code == 201
    text = issued.json()["token"]
    browser = house.device()
    assert browser.post("/sign-in", json={"token": text}).json() == {"name": "Ida"}
    room = admin.browser.get("/backstage/room")
    assert text not in room.text
    [token] = [row for row in room.json()["tokens"] if row["tester_id"] == tester["id"]]
    assert (token["id"], token["status"]) == (issued.json()["id"], "live")
    assert abs(token["last_used_at"] - now_ms()) < 60_000


@pytest.mark.parametrize(
    ("form", "status", "field"),
    [
        ({}, 422, "name"),
        ({"name": ""}, 422, "name"),
        ({"name": "x" * 81}, 422, "name"),
        ({"name": "a\nb"}, 422, "name"),
        ({"name": "Zoe", "role": "owner"}, 422, "role"),
        ({"name": "Cleo"}, 409, None),
    ],
)
def test_tester_with_a_wrong_name_is_not_added(
    admin: Person, form: dict[str, str], status: int, field: str | None
) -> None:
    answer = admin.browser.post("/backstage/testers", json=form)
    assert (answer.status_code, answer.json().get("field")) == (status, field)


@pytest.mark.parametrize("days", [0, -1, 3651, 1.5, "30", True, None])
def test_token_for_a_wrong_number_of_days_is_not_issued(
    admin: Person, ada: Person, days: object
) -> None:
    path = f"/backstage/testers/{ada.principal.tester_id}/tokens"
    assert admin.browser.post(path, json={"days": days}).json()["field"] == "days"


def test_token_for_nobody_is_not_issued(admin: Person) -> None:
    path = f"/backstage/testers/{'0' * 32}/tokens"
    assert admin.browser.post(path, json={"days": 1}).status_code == 404


@pytest.mark.parametrize("form", [{}, {"reason": "  "}, {"reason": "x" * (REASON_MAX_CHARS + 1)}])
def test_revoking_wants_a_reason(admin: Person, ada: Person, form: dict[str, str]) -> None:
    path = f"/backstage/tokens/{ada.principal.token_id}/revoke"
    answer = admin.browser.post(path, json=form)
    assert (answer.status_code, answer.json()["field"]) == (422, "reason")
    assert ada.browser.get("/me").status_code == 200


def test_revoking_stops_what_waits_and_marks_what_runs(house: House, admin: Person) -> None:
    joe = house.person("Joe")
    before = joe.browser.get("/me").json()["allowance"]
    waiting, running = (joe.browser.post("/jobs", json=WISH).json()["id"] for _ in range(2))
    with house.parts.database.begin() as db:
        db.get_one(Job, running).state = "running"
    path = f"/backstage/tokens/{joe.principal.token_id}/revoke"
    assert admin.browser.post(path, json={"reason": "seen in public"}).status_code == 200
    with house.parts.database.read() as db:
        stopped, marked = db.get_one(Job, waiting), db.get_one(Job, running)
        left = house.parts.gate.allowance(db, joe.principal, now_ms())
    assert (stopped.state, stopped.stop_reason) == ("stopped", "revoked")
    assert (marked.state, marked.stop_reason) == ("running", "revoked")
    assert left.clips_left == before["clips_left"] - 1  # the worker gives the other one back
    assert joe.browser.get("/me").status_code == 401


def test_admin_cancels_anybodys_clip(house: House, admin: Person, ada: Person) -> None:
    job_id = ada.browser.post("/jobs", json=WISH).json()["id"]
    assert admin.browser.post(f"/backstage/jobs/{job_id}/cancel").status_code == 202
    card = ada.browser.get(f"/jobs/{job_id}").json()
    assert (card["state"], card["stop_reason"]) == ("stopped", "by_admin")
    assert card["error"]["sentence"] == "An admin stopped this clip. It was not charged."
    assert admin.browser.post(f"/backstage/jobs/{'0' * 32}/cancel").status_code == 404


def test_room_shows_how_far_a_clip_is_and_never_its_prompt(admin: Person, ada: Person) -> None:
    wish = {**WISH, "prompt": "nobody else reads this"}
    job = ada.browser.post("/jobs", json=wish).json()
    room = admin.browser.get("/backstage/room")
    assert "nobody else reads this" not in room.text
    [row] = [row for row in room.json()["jobs"] if row["id"] == job["id"]]
    assert (row["who"], row["state"]) == ("Ada", "queued")
