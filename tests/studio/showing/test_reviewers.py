"""Reviewers who are no admins: they reach the desk and nothing else of backstage."""

import pytest
from sqlalchemy import select

from auth import scopes, tokens
from auth.records import AuditEntry
from studio.clock import now_ms
from studio.doors import DOORS, Who, find_door
from studio.gateway import Gateway
from tests.studio.conftest import WISH, House, Person
from tests.studio.showing.conftest import approve, finished, mine
from tests.studio.test_closed_doors import METHODS, Inside, every_address, knock

DESK = "/backstage/reviews/list"


@pytest.fixture(scope="module")
def rhea(house: House, admin: Person) -> Person:
    """A tester whom an admin let review."""
    rhea = house.person("Rhea")
    answer = set_reviewer(admin, rhea, True)
    assert (answer.status_code, answer.json()["reviewer"]) == (200, True)
    return rhea


def set_reviewer(admin: Person, person: Person, granted: object):  # type: ignore[no-untyped-def]
    path = f"/backstage/testers/{person.principal.tester_id}/reviewer"
    return admin.browser.post(path, json={"reviewer": granted})


async def test_reviewer_reaches_the_desk_and_nothing_else_backstage(
    house: House, rhea: Person
) -> None:
    inside = Inside()
    gateway = Gateway(inside, house.parts)
    headers = {"cookie": rhea.cookie, "origin": house.url}
    for path in every_address(house):
        for method in METHODS:
            await knock(gateway, method, path, **headers)
    backstage = {find_door(*row).who for row in inside.reached if row[1].startswith("/backstage")}  # type: ignore[union-attr]
    assert backstage == {Who.REVIEWER}
    assert not any(find_door(*row).who is Who.ADMIN for row in inside.reached)  # type: ignore[union-attr]


def test_doors_of_reviewers_are_the_desk_alone() -> None:
    """Who adds one says so here too."""
    assert {row.pattern.pattern for row in DOORS if row.who is Who.REVIEWER} == {
        r"/backstage/reviews(/list)?",
        r"/backstage/reviews/[0-9a-f]{32}\.(mp4|jpg)",
        r"/backstage/reviews/decide",
        r"/backstage/refusals",
        r"/backstage/refusals/[0-9a-f]{32}\.jpg",
        r"/backstage/refusals/[0-9a-f]{32}/decide",
    }


def test_reviewer_decides_on_the_appeal_of_a_prompt_and_not_on_their_own(
    ada: Person, rhea: Person
) -> None:
    codes = []
    for person in (ada, rhea):
        wish = {**WISH, "prompt": "a deepfake of my neighbour"}
        refusal = person.browser.post("/jobs", json=wish).json()["refusal"]
        person.browser.post(f"/refusals/{refusal}/appeal", json={"plea": "He agreed."})
        verdict = {"verdict": "allowed", "words": "With his word."}
        answer = rhea.browser.post(f"/backstage/refusals/{refusal}/decide", json=verdict)
        codes.append(answer.json().get("code", answer.json().get("state")))
    assert codes == ["allowed", "own_work"]


def test_reviewer_decides_on_a_clip_of_somebody_else_and_not_on_their_own(
    house: House, ada: Person, rhea: Person
) -> None:
    theirs, own = finished(house, ada), finished(house, rhea)
    for person, clip_id in ((ada, theirs), (rhea, own)):
        person.browser.post(f"/showing/{clip_id}/submit", json={})
    assert rhea.browser.get(f"/backstage/reviews/{theirs}.mp4").status_code == 200
    assert approve(rhea, theirs)["state"] == "approved"
    assert approve(rhea, own)["problem"]["code"] == "own_work"
    [review] = mine(ada, theirs)["reviews"]
    assert (review["state"], review["by"]) == ("approved", "a reviewer")


def test_desk_tells_a_reviewer_of_who_submitted_and_of_nobody_else(
    house: House, ada: Person, rhea: Person, admin: Person
) -> None:
    """What hangs in the gallery, and may be taken down, is told to admins."""
    silent = house.person("Silent")
    clip_id = finished(house, ada)
    ada.browser.post(f"/showing/{clip_id}/submit", json={})
    approve(admin, clip_id)
    hung = {"title": "Ball", "credit": "Ada", "prompt_shown": False}
    assert ada.browser.post(f"/showing/{clip_id}/publish", json=hung).status_code == 201
    told = rhea.browser.get(DESK).json()
    assert ada.principal.tester_id in told["artists"]
    assert silent.principal.tester_id not in told["artists"]
    assert told["shown"] == []
    assert clip_id in {row["clip"] for row in admin.browser.get(DESK).json()["shown"]}


def test_reviewer_whose_role_is_taken_back_finds_no_desk_at_the_next_request(
    house: House, ada: Person, admin: Person
) -> None:
    sam = house.person("Sam")
    assert sam.browser.get(DESK).status_code == 404
    set_reviewer(admin, sam, True)
    assert sam.browser.get(DESK).status_code == 200
    assert sam.browser.get("/me").json()["may_review"] is True
    clip_id = finished(house, ada)
    ada.browser.post(f"/showing/{clip_id}/submit", json={})
    set_reviewer(admin, sam, False)
    wish = {"cases": [{"clip": clip_id, "round": 1}], "verdict": "approved"}
    assert sam.browser.post("/backstage/reviews/decide", json=wish).status_code == 404
    assert mine(ada, clip_id)["reviews"][0]["state"] == "waiting"


def test_grant_and_withdrawal_are_in_the_audit_log_once_each(house: House, admin: Person) -> None:
    tess = house.person("Tess")
    for granted in (True, True, False, False):
        assert set_reviewer(admin, tess, granted).status_code == 200
    subject = f"tester:{tess.principal.tester_id}"
    with house.parts.database.read() as db:
        rows = db.execute(
            select(AuditEntry.action, AuditEntry.actor)
            .where(AuditEntry.subject == subject, AuditEntry.action.like("reviewer.%"))
            .order_by(AuditEntry.seq)
        ).tuples()
        by = f"tester:{admin.principal.tester_id}"
        assert rows.all() == [("reviewer.grant", by), ("reviewer.withdraw", by)]


@pytest.mark.parametrize("granted", [None, 1, "yes"])
def test_set_reviewer_refuses_what_is_neither_yes_nor_no(
    house: House, admin: Person, ada: Person, granted: object
) -> None:
    assert set_reviewer(admin, ada, granted).status_code == 422


def test_only_an_admin_makes_a_reviewer(ada: Person, rhea: Person) -> None:
    assert set_reviewer(ada, ada, True).status_code == 404
    assert set_reviewer(rhea, ada, True).status_code == 404


def test_script_reviews_with_the_scope_and_not_without(house: House, rhea: Person) -> None:
    """A script of an artist's own (`api`) opens no desk; nor does the scope in other hands."""

    def status(person: Person, *given: str) -> int:
        with house.parts.database.begin() as db:
            token = tokens.mint(
                db,
                house.parts.gate.keys,
                person.principal.tester_id,
                kind=tokens.API,
                given=frozenset(given),
                bearer=True,
                lifetime_ms=60_000,
                now_ms=now_ms(),
            )
        headers = {"authorization": f"Bearer {token.text}"}
        return house.stranger(headers=headers).get(DESK).status_code

    assert status(rhea, scopes.REVIEW) == 200
    assert status(rhea, scopes.READ, scopes.GENERATE) == 403
    assert status(house.person("Uma"), scopes.REVIEW) == 404
