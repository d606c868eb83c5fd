"""Prompts backstage: closed by default; where a policy opens them, their artist reads of it."""

from dataclasses import replace

import pytest

from programme import policy
from studio.clock import now_ms
from tests.studio.conftest import House, Person
from tests.studio.showing.conftest import finished

WHY = "A <b>film</b> turned up."


def read(person: Person, of: Person, **more: object):  # type: ignore[no-untyped-def]
    wish = {"artist": of.principal.tester_id, "why": WHY, **more}
    return person.browser.post("/backstage/prompts", json=wish)


@pytest.fixture(scope="module")
def opened(house: House, ada: Person) -> None:
    """Admins read prompts, and Ada agreed."""
    with house.parts.database.begin() as db:
        wanted = replace(policy.current(db).policy, prompts="admins")
        policy.announce(db, wanted, "A leak.", after=0, by="operator", now_ms=now_ms())
        policy.accept(db, ada.principal.tester_id, 1, now_ms())


def test_admin_reads_no_prompt_where_the_policy_keeps_them(
    house: House, ada: Person, admin: Person
) -> None:
    finished(house, ada, "a secret sunrise")
    answer = read(admin, ada)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_granted")
    assert "does not let admins read" in answer.json()["detail"]
    listed = admin.browser.get("/backstage/prompts/list").json()
    assert listed["policy"] == policy.PROMPTS_WORDS["reviewers"]
    [row] = [row for row in listed["artists"] if row["name"] == "Ada"]
    assert row["may"] is False
    assert "No admin read any so far." in ada.browser.get("/transparency/inside").text


@pytest.mark.usefixtures("opened")
def test_admin_reads_prompts_and_the_artist_is_told_when_and_why(
    house: House, ada: Person, ben: Person, admin: Person
) -> None:
    clip_id = finished(house, ada, "a second sunrise")
    found = read(admin, ada).json()
    assert (found["prompts"][0]["id"], found["prompts"][0]["prompt"], found["more"]) == (
        clip_id,
        "a second sunrise",
        False,
    )
    page = ada.browser.get("/transparency/inside").text
    assert "<td>An admin: A &lt;b&gt;film&lt;/b&gt; turned up.</td>" in page
    assert "No admin read any so far." in ben.browser.get("/transparency/inside").text
    public = house.stranger().get("/transparency").text
    assert "Who read your prompts" not in public
    assert "turned up" not in public
    assert "tester&#x27;s prompts</th><td>1</td>" in public


@pytest.mark.usefixtures("opened")
def test_scenes_and_what_to_leave_out_are_shown_too(
    house: House, ada: Person, admin: Person
) -> None:
    wish = {"storyboard": ["dawn", "dusk"], "seconds": 2, "negative_prompt": "rain"}
    ada.browser.post("/jobs", json={**wish, "size": "256x256"})
    newest = read(admin, ada).json()["prompts"][0]
    assert (newest["scenes"], newest["leaves_out"]) == (["dawn", "dusk"], "rain")


@pytest.mark.usefixtures("opened")
def test_nobody_but_an_admin_whose_device_signs_reads_prompts(
    house: House, ada: Person, ben: Person, admin: Person
) -> None:
    assert read(ben, ada).status_code == 404
    for path in ("/backstage/prompts", "/backstage/prompts/list"):
        assert ben.browser.get(path).status_code == 404
        assert admin.browser.get(path).status_code == 200
    copied = house.stranger(cookies=admin.browser.cookies)
    wish = {"artist": ada.principal.tester_id, "why": WHY}
    assert copied.post("/backstage/prompts", json=wish).json()["code"] == "proof_required"


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"why": ""}, "why"), ({"artist": "\x00"}, "artist"), ({"before": "x"}, "before")],
)
def test_odd_look_is_refused(ada: Person, admin: Person, wrong: dict[str, str], field: str) -> None:
    answer = read(admin, ada, **wrong)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
