"""Coming in with a token or a link, and going out."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from auth import tokens
from settings import Settings
from studio.clock import now_ms
from studio.credentials import SessionCookie
from tests.studio.conftest import House, Person


def link_for(house: House, person: Person) -> str:
    with house.parts.database.begin() as db:
        return tokens.mint(
            db,
            house.parts.gate.keys,
            person.principal.tester_id,
            kind=tokens.LINK,
            lifetime_ms=60_000,
            now_ms=now_ms(),
        ).text


@pytest.fixture(autouse=True)
def forgiven(house: House) -> None:
    """Each test begins with no failed sign-in from our address."""
    house.forget_strangers()


def test_page_can_be_read_by_anyone_and_is_not_gradios(house: House) -> None:
    answer = house.stranger().get("/sign-in")
    assert answer.status_code == 200
    assert "Greenroom" in answer.text
    assert "gradio" not in answer.text.lower()


def test_token_opens_a_session_whose_cookie_scripts_cannot_read(house: House, ada: Person) -> None:
    browser = ada.another_window(house, cookies={})
    answer = browser.post("/sign-in", json={"token": f"  {ada.token}\n"})
    assert answer.json() == {"name": "Ada"}
    cookie = answer.headers["set-cookie"]
    for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="):
        assert attribute in cookie
    assert ada.token not in cookie
    assert browser.get("/me").json()["name"] == "Ada"


def test_link_opens_one_session_however_many_hurry(house: House, ada: Person) -> None:
    link = link_for(house, ada)
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(
            lambda _: house.device().post("/sign-in", json={"token": link}).status_code, range(8)
        )
    assert sorted(answers) == [200] + [401] * 7


def test_failed_sign_ins_are_slowed_before_the_token_is_looked_up(
    house: House, ada: Person
) -> None:
    stranger = house.device()
    answers = [stranger.post("/sign-in", json={"token": "wrong"}) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    late = stranger.post("/sign-in", json={"token": ada.token})
    assert (late.status_code, late.json()["code"]) == (429, "too_many_sign_ins")
    assert int(late.headers["retry-after"]) > 0
    bearer = {"authorization": f"Bearer {ada.token}"}
    assert house.stranger(headers=bearer).get("/me").status_code == 429
    assert ada.browser.get("/me").status_code == 200


@pytest.mark.parametrize("form", [{}, {"token": 5}, {"token": None}, {"token": ["x"]}])
def test_sign_in_without_a_token_says_so(house: House, form: dict[str, object]) -> None:
    answer = house.device().post("/sign-in", json=form)
    assert (answer.status_code, answer.json()["field"]) == (422, "token")


def test_sign_in_from_another_site_is_refused(house: House, ada: Person) -> None:
    browser = house.device(headers={"origin": "https://elsewhere.example"})
    assert browser.post("/sign-in", json={"token": ada.token}).status_code == 403


def test_signing_out_kills_the_cookie_everywhere(house: House, ada: Person) -> None:
    browser = ada.another_window(house, cookies={})
    browser.post("/sign-in", json={"token": ada.token})
    stolen = house.stranger(cookies=dict(browser.cookies))
    answer = browser.post("/sign-out")
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert stolen.get("/me").status_code == 401


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "greenroom=v; Path=/; Max-Age=9; HttpOnly; SameSite=Lax"),
        (
            {"GREENROOM_PUBLIC_URL": "https://room.example"},
            "__Host-greenroom=v; Path=/; Max-Age=9; HttpOnly; SameSite=Lax; Secure",
        ),
        (
            {"SPACE_HOST": "us-room.hf.space"},
            "__Host-greenroom=v; Path=/; Max-Age=9; HttpOnly; SameSite=None; Partitioned; Secure",
        ),
    ],
)
def test_cookie_fits_the_address_it_is_set_at(
    tmp_path: object, environment: dict[str, str], expected: str
) -> None:
    settings = Settings.read({"GREENROOM_DATA": str(tmp_path), **environment})
    assert SessionCookie.at(settings).header("v", 9) == expected
