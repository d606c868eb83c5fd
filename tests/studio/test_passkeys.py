"""Step-up over HTTP: refused, touched, admitted; and every way an answer may be wrong."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select

from auth.records import AuditEntry, Reservation
from clients.greenroom_client import GreenroomAuth
from tests.authenticator import PRESENT, Authenticator
from tests.studio.conftest import WISH, House, Person


def key_for(house: House, **change: Any) -> Authenticator:
    """An authenticator beside a browser that shows our page."""
    port = urlsplit(house.url).port
    return Authenticator(**{"origin": f"http://localhost:{port}", **change})


def enrol(browser: httpx.Client, key: Authenticator) -> httpx.Response:
    options = browser.post("/passkeys/challenge").json()
    return browser.post("/passkeys", json={"answer": key.create(options), "label": "Blue key"})


def touch(browser: httpx.Client, key: Authenticator) -> httpx.Response:
    options = browser.post("/touches/challenge").json()
    return browser.post("/touches", json={"answer": key.get(options)})


def ask_of(admin: Person, who: Person, needed: bool | None = True) -> None:
    """An admin says whether this tester must touch a passkey."""
    path = f"/backstage/testers/{who.principal.tester_id}/step-up"
    assert admin.browser.post(path, json={"needed": needed}).status_code == 200


def count_held(house: House, who: Person) -> int:
    with house.parts.database.read() as db:
        mine = select(Reservation).where(Reservation.tester_id == who.principal.tester_id)
        return len(db.scalars(mine).all())


def actions(house: House, who: Person) -> list[str]:
    with house.parts.database.read() as db:
        mine = AuditEntry.actor == f"tester:{who.principal.tester_id}"
        return list(db.scalars(select(AuditEntry.action).where(mine).order_by(AuditEntry.seq)))


def test_clips_need_a_touch_which_opens_five_of_them(house: House, admin: Person) -> None:
    tia, key = house.person("Tia"), key_for(house)
    assert tia.browser.post("/jobs", json=WISH).status_code == 202
    ask_of(admin, tia)
    refused = tia.browser.post("/jobs", json=WISH)
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    assert (refused.json()["passkeys"], refused.headers["x-should-retry"]) == (0, "false")
    assert count_held(house, tia) == 1
    made = enrol(tia.browser, key)
    assert (made.status_code, made.json()["touch"]["clips_left"]) == (201, 5)
    for _ in range(2):
        answers = [tia.browser.post("/jobs", json=WISH) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 5 + [403]
        assert answers[-1].json()["passkeys"] == 1
        assert touch(tia.browser, key).status_code == 201
    assert count_held(house, tia) == 1 + 2 * 5
    ask_of(admin, tia, needed=False)
    assert tia.browser.post("/jobs", json=WISH).status_code == 202
    log = actions(house, tia)
    assert log.count("passkey.enrol") == 1
    assert log.count("passkey.touch") == 2


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"origin": "https://evil.example"}, "answer"),
        ({"rp_id": "evil.example"}, "answer"),
        ({"flags": PRESENT}, "answer"),
        ({"cross_origin": True}, "answer"),
        ({"credential_id": b"of somebody else"}, "passkey"),
        ({"sign_count": 0}, "counter"),
    ],
    ids=str,
)
def test_answer_that_is_not_right_opens_nothing(
    house: House, admin: Person, change: dict[str, Any], fault: str
) -> None:
    """Of another origin or site, without a person verified, of another's key, counted back."""
    tom, key = house.person(f"Tom {change}"), key_for(house)
    assert enrol(tom.browser, key).status_code == 201
    ask_of(admin, tom)
    for name, value in change.items():
        setattr(key, name, value)
    answer = touch(tom.browser, key)
    assert (answer.status_code, answer.json()["code"]) == (403, "touch_invalid")
    assert answer.json()["fault"] == fault
    assert tom.browser.post("/jobs", json=WISH).json()["code"] == "step_up_required"
    assert ("passkey.copied" in actions(house, tom)) == (fault == "counter")


def test_answer_is_good_once_and_in_its_own_browser(house: House) -> None:
    una, vic = house.person("Una"), house.person("Vic")
    key, other = key_for(house), key_for(house)
    enrol(una.browser, key)
    enrol(vic.browser, other)
    answer = key.get(una.browser.post("/touches/challenge").json())
    statuses = [
        browser.post("/touches", json={"answer": answer}).status_code
        for browser in (vic.browser, una.browser, una.browser)
    ]
    assert statuses == [403, 201, 403]


def test_passkey_of_a_revoked_token_opens_nothing(house: House, admin: Person) -> None:
    wes, key = house.person("Wes"), key_for(house)
    enrol(wes.browser, key)
    answer = key.get(wes.browser.post("/touches/challenge").json())
    path = f"/backstage/tokens/{wes.principal.token_id}/revoke"
    assert admin.browser.post(path, json={"reason": "pasted"}).status_code == 200
    assert wes.browser.post("/touches", json={"answer": answer}).status_code == 401


@pytest.mark.parametrize("answer", [None, 5, "text", [], {}, {"id": "x"}, {"response": {}}])
def test_answer_that_is_none_is_refused(house: House, ada: Person, answer: Any) -> None:
    for path in ("/touches", "/passkeys"):
        assert ada.browser.post(path, json={"answer": answer}).status_code in (403, 422)


def test_script_touches_nothing_and_draws_on_its_testers_touch(house: House, admin: Person) -> None:
    xia, key = house.person("Xia"), key_for(house)
    signing = house.stranger(
        auth=GreenroomAuth(house.parts.settings.data / "xia.pem", token=house.api_token(xia))
    )
    bearer_token = house.api_token(xia, bearer=True)
    bearer = house.stranger(headers={"authorization": f"Bearer {bearer_token}"})
    ask_of(admin, xia)
    refused = signing.post("/jobs", json=WISH).json()
    assert refused["code"] == "step_up_required"
    video = signing.post("/v1/videos", json={"prompt": WISH["prompt"]})
    assert (video.status_code, "step_up_required" in video.text) == (403, True)
    for path in ("/passkeys/challenge", "/touches/challenge"):
        assert signing.post(path).json()["code"] == "not_granted"
    enrol(xia.browser, key)
    assert signing.post("/jobs", json=WISH).status_code == 202
    answer = bearer.post("/jobs", json=WISH)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_granted")
    assert "signs with a key of its own" in answer.json()["detail"]


def test_passkeys_are_listed_named_and_removed_by_their_owner_alone(house: House) -> None:
    yan, zoe = house.person("Yan"), house.person("Zoe")
    key = key_for(house)
    made = enrol(yan.browser, key).json()
    assert yan.browser.get("/passkeys").json()["passkeys"][0]["label"] == "Blue key"
    assert zoe.browser.get("/passkeys").json()["passkeys"] == []
    one = f"/passkeys/{made['id']}"
    enrol(zoe.browser, key_for(house))
    assert zoe.browser.post(f"{one}/name", json={"label": "Mine"}).status_code == 404
    assert zoe.browser.post(f"{one}/remove").status_code == 404
    assert yan.browser.post(f"{one}/name", json={"label": "Red key"}).status_code == 204
    assert yan.browser.get("/passkeys").json()["passkeys"][0]["label"] == "Red key"
    assert yan.browser.post(f"{one}/remove").status_code == 204
    assert yan.browser.post("/touches/challenge").status_code == 404


def test_admin_says_how_much_a_touch_of_a_tester_opens(house: House, admin: Person) -> None:
    """What is left out of the form stays; null takes it back; nonsense is refused by its name."""
    ines, key = house.person("Ines"), key_for(house)
    path = f"/backstage/testers/{ines.principal.tester_id}/step-up"
    enrol(ines.browser, key)
    told = admin.browser.post(path, json={"needed": True, "clips": 2, "hours": 3}).json()
    assert (told["step_up"], told["touch_clips"], told["touch_hours"]) == (True, 2, 3)
    told = admin.browser.post(path, json={"hours": None}).json()
    assert (told["step_up"], told["touch_clips"], told["touch_hours"]) == (True, 2, None)
    assert ines.browser.get("/passkeys").json()["how_often"].startswith("every 2 clips")
    assert touch(ines.browser, key).json()["clips_left"] == 2
    answers = [ines.browser.post("/jobs", json=WISH).status_code for _ in range(3)]
    assert answers == [202, 202, 403]
    for form, field in (({}, "needed"), ({"clips": "many"}, "clips"), ({"hours": 25}, "hours")):
        refused = admin.browser.post(path, json=form)
        assert (refused.status_code, refused.json()["field"]) == (422, field)
    room = admin.browser.get("/backstage/room").json()
    assert (room["touch_clips"], room["touch_hours"]) == (5, 2)


def test_admin_resets_the_passkeys_of_who_lost_them(house: House, admin: Person) -> None:
    lou = house.person("Lou")
    enrol(lou.browser, key_for(house))
    path = f"/backstage/testers/{lou.principal.tester_id}/passkeys/reset"
    assert lou.browser.post(path).status_code == 404
    assert admin.browser.post(path).json() == {"removed": 1}
    assert lou.browser.get("/passkeys").json()["passkeys"] == []
    [told] = [
        row
        for row in admin.browser.get("/backstage/room").json()["testers"]
        if row["id"] == lou.principal.tester_id
    ]
    assert (told["passkeys"], told["step_up"]) == (0, None)
    assert enrol(lou.browser, key_for(house)).status_code == 201
