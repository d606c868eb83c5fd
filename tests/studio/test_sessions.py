"""Where one is signed in: seen, ended elsewhere at once with its streams; nobody else's."""

import httpx
import pytest

from tests.studio.conftest import WISH, House, Person
from tests.studio.test_streams import ask, events, listening


def second_device(house: House, person: Person, label: str = "Firefox on Android") -> httpx.Client:
    """Signed in by a link that the person's browser made."""
    phone = house.device()
    text = person.browser.post("/devices/link").json()["link"].partition("#link=")[2]
    assert phone.post("/sign-in", json={"token": text, "device": label}).status_code == 200
    return phone


def others(person: Person) -> list[str]:
    rows = person.browser.get("/sessions").json()["sessions"]
    return [row["id"] for row in rows if not row["here"]]


def test_session_elsewhere_is_seen_and_ended_with_its_open_stream(house: House) -> None:
    uma = house.person("Uma")
    phone = second_device(house, uma)
    rows = uma.browser.get("/sessions").json()["sessions"]
    assert [(row["label"], row["here"]) for row in rows] == [
        ("Firefox on Android", False),
        (rows[1]["label"], True),
    ]
    job_id = ask(uma)
    with phone.stream("GET", f"/jobs/{job_id}/events") as stream:
        told = events(stream)
        next(told)
        assert uma.browser.post(f"/sessions/{rows[0]['id']}/end").json() == {"ended": 1}
        name, why = next(told)
        assert list(told) == []
    assert (name, why["code"]) == ("gone", "signed_out")
    assert phone.get("/me").status_code == 401
    assert phone.post("/jobs", json=WISH).status_code == 401
    assert uma.browser.get(f"/jobs/{job_id}").json()["state"] == "queued"  # the clip goes on
    assert others(uma) == []


def test_ending_all_others_ends_their_streams_and_not_ones_own(house: House) -> None:
    vera = house.person("Vera")
    phones = [second_device(house, vera, f"Phone {number}") for number in range(2)]
    job_id, path = ask(vera), "/jobs/{}/events"
    with (
        vera.browser.stream("GET", path.format(job_id)) as mine,
        phones[0].stream("GET", path.format(job_id)) as theirs,
    ):
        listening(house, 2)
        told = events(theirs)
        next(told)
        assert vera.browser.post("/sessions/end").json() == {"ended": 2}
        assert [name for name, _ in told] == ["gone"]
        assert next(events(mine))[0] == "job"
    assert [phone.get("/me").status_code for phone in phones] == [401, 401]
    assert vera.browser.post("/sessions/end").json() == {"ended": 0}


def test_session_of_somebody_else_is_neither_seen_nor_ended(
    house: House, ada: Person, ben: Person
) -> None:
    [own] = [row["id"] for row in ada.browser.get("/sessions").json()["sessions"]]
    assert own not in ben.browser.get("/sessions").text
    assert ben.browser.post(f"/sessions/{own}/end").status_code == 404
    ben.browser.post("/sessions/end")
    assert ada.browser.get("/me").status_code == 200


def test_copied_cookie_sees_sessions_and_ends_none(house: House) -> None:
    wim = house.person("Wim")
    phone = second_device(house, wim)
    copied = house.stranger(cookies=phone.cookies)
    assert copied.post("/sessions/end").json()["code"] == "proof_required"
    assert wim.browser.get("/me").status_code == 200


@pytest.mark.parametrize("path", ["/sessions/end", f"/sessions/{'0' * 32}/end"])
def test_script_ends_no_session(house: House, ada: Person, path: str) -> None:
    token = house.api_token(ada, bearer=True)
    script = house.stranger(headers={"authorization": f"Bearer {token}"})
    assert script.post(path).json()["code"] == "not_granted"
