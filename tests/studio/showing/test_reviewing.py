"""A clip's way through review, as its artist and the reviewers see it."""

import pytest

from tests.studio.conftest import House, Person
from tests.studio.showing.conftest import FILM, approve, finished, mine

REJECT = {"verdict": "rejected", "reason": "likeness", "words": "It looks like a singer."}


def case(clip_id: str, round: int = 1) -> dict[str, object]:
    return {"clip": clip_id, "round": round}


def test_rejected_clip_is_appealed_and_its_artist_sees_every_state(
    house: House, ada: Person, admin: Person, dora: Person
) -> None:
    clip_id = finished(house, ada)
    assert mine(ada, clip_id)["reviews"] == []
    asked = ada.browser.post(f"/showing/{clip_id}/submit", json={"plea": "Mine <b>alone</b>."})
    assert (asked.status_code, asked.json()["state"], asked.json()["place"]) == (201, "waiting", 1)
    assert asked.json()["promised_at"] - asked.json()["submitted_at"] == 48 * 3_600_000

    told = admin.browser.post(
        "/backstage/reviews/decide", json={"cases": [case(clip_id)], **REJECT}
    ).json()
    assert told["cases"] == [{**case(clip_id), "state": "rejected", "problem": None}]
    [review] = mine(ada, clip_id)["reviews"]
    assert review["by"] == "a reviewer"
    assert review["sentence"] == "It shows or names a real person, or somebody who looks like one."
    assert review["words"] == "It looks like a singer."
    assert admin.principal.tester_id not in str(mine(ada, clip_id))

    ada.browser.post(f"/showing/{clip_id}/appeal", json={"plea": "It is nobody."})
    assert approve(admin, clip_id, 2)["problem"]["code"] == "same_reviewer"
    assert approve(dora, clip_id, 2)["state"] == "approved"
    last = mine(ada, clip_id)["reviews"][-1]
    assert (last["round"], last["state"], last["by"]) == (2, "approved", "a second reviewer")


def test_many_are_decided_at_once_and_each_says_what_became_of_it(
    house: House, ada: Person, ben: Person, admin: Person
) -> None:
    fine, deleted, theirs = finished(house, ada), finished(house, ben), finished(house, admin)
    for person, clip_id in ((ada, fine), (ben, deleted), (admin, theirs)):
        person.browser.post(f"/showing/{clip_id}/submit", json={})
    assert ben.browser.delete(f"/v1/videos/{deleted}").status_code == 200
    wish = {"cases": [case(c) for c in (fine, deleted, theirs, fine, "0" * 32)]}
    answer = admin.browser.post("/backstage/reviews/decide", json={**wish, "verdict": "approved"})
    codes = [row["problem"] and row["problem"]["code"] for row in answer.json()["cases"]]
    assert codes == [None, "clip_deleted", "own_work", "already_decided", "not_found"]
    assert mine(ada, fine)["reviews"][0]["state"] == "approved"


@pytest.mark.parametrize(
    "wish",
    [
        {"verdict": "approved"},
        {"cases": [], "verdict": "approved"},
        {"cases": [{"clip": 7, "round": 1}], "verdict": "approved"},
        {"cases": [{"clip": "0" * 32, "round": 3}], "verdict": "approved"},
        {"cases": [{"clip": "0" * 32, "round": True}] * 101, "verdict": "approved"},
        {"cases": [case("0" * 32)], "verdict": "maybe"},
        {"cases": [case("0" * 32)], "verdict": "rejected", "words": "No."},
    ],
)
def test_odd_decision_is_refused_and_decides_nothing(
    admin: Person, wish: dict[str, object]
) -> None:
    assert admin.browser.post("/backstage/reviews/decide", json=wish).status_code == 422


def test_reviewers_see_a_clip_only_while_it_is_submitted(
    house: House, ada: Person, admin: Person
) -> None:
    clip_id = finished(house, ada, "a secret sunrise")
    film = f"/backstage/reviews/{clip_id}.mp4"
    assert admin.browser.get(film).status_code == 404
    assert "sunrise" not in admin.browser.get("/backstage/reviews/list").text
    ada.browser.post(f"/showing/{clip_id}/submit", json={})
    assert admin.browser.get(film).content == FILM
    assert admin.browser.get(film.replace(".mp4", ".jpg")).content == b"still"
    assert "sunrise" in admin.browser.get("/backstage/reviews/list").text
    ada.browser.post(f"/showing/{clip_id}/withdraw", json={})
    assert admin.browser.get(film).status_code == 404


def test_testers_have_no_desk(house: House, ada: Person) -> None:
    clip_id = finished(house, ada)
    ada.browser.post(f"/showing/{clip_id}/submit", json={})
    for path in ("", "/list", f"/{clip_id}.mp4"):
        assert ada.browser.get(f"/backstage/reviews{path}").status_code == 404
    wish = {"cases": [case(clip_id)], "verdict": "approved"}
    assert ada.browser.post("/backstage/reviews/decide", json=wish).status_code == 404


def test_desk_is_filtered_and_says_who_cannot_decide(
    house: House, ada: Person, admin: Person
) -> None:
    own = finished(house, admin)
    admin.browser.post(f"/showing/{own}/submit", json={})
    asked = {"artist": admin.principal.tester_id, "state": "waiting"}
    found = admin.browser.get("/backstage/reviews/list", params=asked).json()
    [row] = [row for row in found["cases"] if row["clip"] == own]
    assert row["barred"] == "This is your own work. Somebody else has to decide about it."
    assert {case["artist"] for case in found["cases"]} == {"Cleo"}
    answer = admin.browser.get("/backstage/reviews/list", params={"state": "odd"})
    assert (answer.status_code, answer.json()["field"]) == (422, "state")


def test_nobody_acts_on_somebody_elses_clip(house: House, ada: Person, ben: Person) -> None:
    clip_id = finished(house, ada)
    acts = {
        "submit": {},
        "appeal": {"plea": "x"},
        "links": {"credit": "", "days": 1},
        "publish": {"title": "x", "credit": ""},
        "unpublish": {},
    }
    for act, wish in acts.items():
        assert ben.browser.post(f"/showing/{clip_id}/{act}", json=wish).status_code == 404
    ada.browser.post(f"/showing/{clip_id}/submit", json={})
    assert ben.browser.post(f"/showing/{clip_id}/withdraw", json={}).status_code == 409
    assert mine(ada, clip_id)["reviews"][0]["state"] == "waiting"


def test_video_api_tells_what_a_person_said_of_it(house: House, ada: Person, admin: Person) -> None:
    clip_id = finished(house, ada)
    path = f"/v1/videos/{clip_id}"
    assert ada.browser.get(path).json()["review"] is None
    ada.browser.post(f"/showing/{clip_id}/submit", json={})
    waiting = {"state": "waiting", "appeal": False, "reason": None, "words": ""}
    assert ada.browser.get(path).json()["review"] == waiting
    admin.browser.post("/backstage/reviews/decide", json={"cases": [case(clip_id)], **REJECT})
    said = {**waiting, "state": "rejected", "reason": "likeness", "words": REJECT["words"]}
    assert ada.browser.get(path).json()["review"] == said
    newest = ada.browser.get("/v1/videos", params={"limit": 1}).json()["data"][0]
    assert (newest["id"], newest["review"]) == (clip_id, said)
