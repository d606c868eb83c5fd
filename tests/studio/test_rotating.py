"""A script changes its own token: with its key, for no longer, and past no limit."""

import httpx
import pytest

from auth import switch
from auth.limits import set_own
from auth.records import Subject
from auth.rows import insert_new
from clients.greenroom_client import GreenroomAuth
from studio.clock import now_ms
from tests.studio.conftest import WISH, House, Person


def script(house: House, person: Person, token: str) -> httpx.Client:
    key_file = house.parts.settings.data / f"{person.principal.name}.pem"
    return house.stranger(auth=GreenroomAuth(key_file, token=token))


def id_of(token: str) -> str:
    return token.split("_")[2]


def test_script_rotates_its_token_which_ends_when_the_old_one_would(house: House) -> None:
    ida = house.person("Ida")
    old = house.api_token(ida)
    answer = script(house, ida, old).post("/v1/tokens/rotate")
    assert answer.status_code == 201
    made = answer.json()
    assert made["replaces"] == id_of(old)
    assert 0 < made["expires_at"] - now_ms() <= 3_600_000
    assert made["old_expires_at"] == made["expires_at"]
    for token in (made["token"], old):
        assert script(house, ida, token).post("/jobs", json=WISH).status_code == 202
    stranger = house.stranger(
        auth=GreenroomAuth(house.parts.settings.data / "other.pem", token=made["token"])
    )
    assert stranger.post("/jobs", json=WISH).status_code == 401
    assert script(house, ida, old).post("/v1/tokens/rotate").status_code == 409


def test_bearer_key_and_browser_rotate_nothing(house: House) -> None:
    """Whoever found a bearer key would have fresh caps with each new one."""
    jil = house.person("Jil")
    token = house.api_token(jil, bearer=True)
    bearer = house.stranger(headers={"authorization": f"Bearer {token}"})
    assert bearer.post("/v1/tokens/rotate").status_code == 403
    assert jil.browser.post("/v1/tokens/rotate").status_code == 403
    assert house.stranger().post("/v1/tokens/rotate").status_code == 401


@pytest.mark.parametrize("how", ["stopped", "limited"])
def test_token_that_an_admin_stopped_or_limited_does_not_slip_out_of_it(
    house: House, how: str
) -> None:
    kim = house.person(f"Kim {how}")
    token = house.api_token(kim)
    key = f"token:{id_of(token)}"
    with house.parts.database.begin() as db:
        if how == "stopped":
            switch.stop(db, key, "wait", now_ms())
        else:
            insert_new(db, Subject, key=key, epoch=0)
            set_own(db, db.get_one(Subject, key), {"clips_per_day": 1})
    assert script(house, kim, token).post("/v1/tokens/rotate").status_code == 403
