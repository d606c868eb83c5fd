"""Coming into the programme over the web, and what admins do about it."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from auth import terms
from auth.joining import Invite, WaitlistEntry
from database import Database
from studio.joining import ON_THE_LIST
from tests.studio.conftest import GENEROUS, House, Person, serving, wire

WISH = {"name": "Lin", "email": "lin@example.org", "about": "films about rain"}


@pytest.fixture(autouse=True)
def forgiven(house: House) -> Iterator[None]:
    """Each test leaves no call from our address behind."""
    yield
    house.forget_strangers()


@pytest.fixture
def closed_house(tmp_path: Path) -> Iterator[House]:
    database = Database(f"sqlite:///{tmp_path / 'greenroom.db'}")
    database.migrate()
    with serving(wire(database, tmp_path, GREENROOM_WAITLIST="off", **GENEROUS)) as house:
        yield house
    database.close()


def invite(admin: Person, **wishes: str) -> str:
    """The secret of a new invite."""
    answer = admin.browser.post("/backstage/invites", json=wishes)
    assert answer.status_code == 201
    address, _, secret = str(answer.json()["link"]).partition("#invite=")
    assert address.endswith("/invite")
    return secret


def acceptance(secret: str, **more: str | None) -> dict[str, str | None]:
    return {"invite": secret, "terms_sha256": terms.current().sha256, "name": None, **more}


def test_invited_person_accepts_the_terms_and_gets_a_link_that_signs_them_in(
    house: House, admin: Person
) -> None:
    secret = invite(admin, name="Mo", email="mo@example.org")
    stranger = house.stranger()
    assert stranger.post("/invite/open", json={"invite": secret}).json()["name"] == "Mo"
    joined = stranger.post("/invite", json=acceptance(secret))
    assert (joined.status_code, joined.json()["name"]) == (201, "Mo")
    assert joined.json()["link"].startswith("grm_link_")
    room = admin.browser.get("/backstage/room")
    assert secret not in room.text
    [row] = [row for row in room.json()["invites"] if row["name"] == "Mo"]
    assert row["status"] == "used"


def test_page_shows_the_terms_whose_hash_it_sends(house: House) -> None:
    in_force = terms.current()
    for path in ("/invite", "/terms"):
        page = house.stranger().get(path).text
        assert in_force.sha256 in page
        assert in_force.version in page
        assert "<h1>Terms of early access</h1>" in page
        assert "TERMS_" not in page


def test_invite_redeemed_twice_at_once_has_one_winner(house: House, admin: Person) -> None:
    secret = invite(admin)
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda n: house.stranger().post("/invite", json=acceptance(secret, name=f"Twin {n}")),
            range(8),
        )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 401: 7}


def test_dead_invite_says_what_to_do_and_nothing_else(house: House, admin: Person) -> None:
    used = invite(admin)
    assert house.stranger().post("/invite", json=acceptance(used, name="Nia")).status_code == 201
    answers = [
        house.stranger().post(path, json=acceptance(secret, name="Ola"))
        for secret in (used, "grm_invite_nonsense", "x" * 50_000, "\u202e\x00")
        for path in ("/invite", "/invite/open")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert "Ask whoever invited you for a new one" in answers[0].json()["detail"]


def test_guessing_invites_is_slowed_before_the_look_up(house: House, admin: Person) -> None:
    secret, stranger = invite(admin), house.stranger()
    for _ in range(10):
        stranger.post("/invite/open", json={"invite": "wrong"})
    late = stranger.post("/invite/open", json={"invite": secret})
    assert (late.status_code, late.json()["code"]) == (429, "too_many_sign_ins")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"terms_sha256": "0" * 64, "name": "Pia"}, 409),
        ({"name": "Ada"}, 409),
        ({"name": ""}, 422),
        ({"name": "Аԁа"}, 409),
        ({"name": "Аdaм"}, 422),
    ],
)
def test_refused_redemption_leaves_the_invite_open(
    house: House, admin: Person, ada: Person, more: dict[str, str], status: int
) -> None:
    secret = invite(admin)
    refused = house.stranger().post("/invite", json=acceptance(secret, **more))
    assert refused.status_code == status
    opened = house.stranger().post("/invite/open", json={"invite": secret})
    assert opened.status_code == 200


@pytest.mark.parametrize("path", ["/invite", "/invite/open", "/waitlist"])
def test_other_sites_can_post_nothing_here(house: House, path: str) -> None:
    elsewhere = house.stranger(headers={"origin": "https://elsewhere.example"})
    assert elsewhere.post(path, json=WISH).status_code == 403
    assert house.stranger(headers={}).post(path, json=WISH).status_code == 403


def test_invite_that_leaked_can_be_ended_by_whoever_holds_it(house: House, admin: Person) -> None:
    secret = invite(admin)
    assert house.stranger().post("/v1/tokens/revoke", data={"token": secret}).status_code == 200
    assert house.stranger().post("/invite/open", json={"invite": secret}).status_code == 401


def test_waitlist_answers_known_and_unknown_alike(house: House, admin: Person) -> None:
    stranger = house.stranger()
    first, again = (stranger.post("/waitlist", json=WISH) for _ in range(2))
    assert (first.status_code, first.json()) == (202, {"sentence": ON_THE_LIST})
    assert first.content == again.content
    waiting = admin.browser.get("/backstage/room").json()["waitlist"]
    assert [row["email"] for row in waiting].count("lin@example.org") == 1


def test_waitlist_counts_by_address(house: House) -> None:
    stranger = house.stranger()
    answers = [
        stranger.post("/waitlist", json={**WISH, "email": f"a{n}@example.org"}).status_code
        for n in range(11)
    ]
    assert answers == [202] * 10 + [429]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({}, "name"),
        ({**WISH, "name": None}, "name"),
        ({**WISH, "email": 5}, "email"),
        ({**WISH, "email": "nobody"}, "email"),
        ({**WISH, "about": "x" * 401}, "about"),
    ],
)
def test_waitlist_names_the_field_that_is_wrong(
    house: House, form: dict[str, object], field: str
) -> None:
    answer = house.stranger().post("/waitlist", json=form)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_closed_waitlist_says_so_and_takes_nobody(closed_house: House) -> None:
    stranger = closed_house.stranger()
    assert "The waitlist is closed" in stranger.get("/waitlist").text
    refused = stranger.post("/waitlist", json=WISH)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_granted")
    with closed_house.parts.database.read() as db:
        assert db.scalar(select(func.count()).select_from(WaitlistEntry)) == 0


def test_admin_invites_from_the_waitlist_and_takes_people_off(house: House, admin: Person) -> None:
    house.stranger().post("/waitlist", json={**WISH, "name": "Quin", "email": "q@example.org"})
    room = admin.browser.get("/backstage/room").json()
    [entry] = [row for row in room["waitlist"] if row["email"] == "q@example.org"]
    path = f"/backstage/waitlist/{entry['id']}"
    made = admin.browser.post(f"{path}/invite").json()
    assert (made["name"], "#invite=grm_invite_" in made["link"]) == ("Quin", True)
    assert admin.browser.post(f"{path}/invite").status_code == 409
    assert admin.browser.post(f"{path}/remove").status_code == 200
    assert admin.browser.post(f"{path}/remove").status_code == 404
    assert admin.browser.post(f"/backstage/invites/{made['id']}/revoke").status_code == 200
    assert admin.browser.post(f"/backstage/invites/{made['id']}/revoke").status_code == 409
    with house.parts.database.read() as db:
        assert db.get_one(Invite, made["id"]).revoked_at is not None


def test_admin_adds_a_cohort_and_moves_a_tester(house: House, admin: Person, ada: Person) -> None:
    cohort = admin.browser.post("/backstage/cohorts", json={"name": "First"}).json()
    assert admin.browser.post("/backstage/cohorts", json={"name": "first"}).status_code == 409
    path = f"/backstage/testers/{ada.principal.tester_id}/cohort"
    assert admin.browser.post(path, json={"cohort_id": cohort["id"]}).status_code == 200
    room = admin.browser.get("/backstage/room").json()
    assert [row["testers"] for row in room["cohorts"] if row["id"] == cohort["id"]] == [1]
    assert admin.browser.post(path, json={"cohort_id": "0" * 32}).status_code == 404
    assert admin.browser.post(path, json={"cohort_id": None}).status_code == 200


def test_testers_reach_none_of_it_backstage(ada: Person) -> None:
    for path in (
        "/backstage/invites",
        "/backstage/cohorts",
        f"/backstage/invites/{'0' * 12}/revoke",
        f"/backstage/waitlist/{'0' * 32}/invite",
        f"/backstage/waitlist/{'0' * 32}/remove",
        f"/backstage/testers/{'0' * 32}/cohort",
    ):
        assert ada.browser.post(path, json={}).status_code == 404
