"""A tester's own devices: seen, added by a link, removed; nobody else's."""

from tests.studio.conftest import WISH, House, Person


def test_second_device_comes_in_by_a_link_and_goes_when_it_is_removed(house: House) -> None:
    uma = house.person("Uma")
    phone = house.device()
    assert phone.post("/sign-in", json={"token": uma.token}).json()["code"] == "wrong_device"
    text = uma.browser.post("/devices/link").json()["link"].partition("#link=")[2]
    form = {"token": text, "device": "Firefox on Android"}
    assert phone.post("/sign-in", json=form).status_code == 200
    assert house.device().post("/sign-in", json=form).status_code == 401
    assert phone.post("/jobs", json=WISH).status_code == 202
    listed = uma.browser.get("/devices/list").json()["devices"]
    [other] = [device for device in listed if not device["here"]]
    assert (len(listed), other["label"]) == (2, "Firefox on Android")
    assert uma.browser.post(f"/devices/{other['id']}/remove").status_code == 204
    assert phone.get("/me").status_code == 401
    assert phone.post("/jobs", json=WISH).status_code == 401
    assert [device["here"] for device in uma.browser.get("/devices/list").json()["devices"]] == [
        True
    ]


def test_device_of_somebody_else_is_neither_seen_nor_removed(
    house: House, ada: Person, ben: Person
) -> None:
    [device] = ada.browser.get("/devices/list").json()["devices"]
    assert device["id"] not in ben.browser.get("/devices/list").text
    assert ben.browser.post(f"/devices/{device['id']}/remove").status_code == 404
    assert ada.browser.get("/me").status_code == 200


def test_script_lets_no_device_in(house: House, ada: Person) -> None:
    token = house.api_token(ada, bearer=True)
    script = house.stranger(headers={"authorization": f"Bearer {token}"})
    assert script.post("/devices/link").status_code == 403
