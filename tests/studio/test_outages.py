"""A database that says nothing: 503 with a time to ask again, no clip, and recovery by itself."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from auth import testers
from database import Database
from postgres import Patience
from tests.proxy import proxy_to
from tests.services import asleep, new_database
from tests.studio.conftest import GENEROUS, WISH, House, serving, wire


@pytest.fixture
def house(postgres_url: str, tmp_path: Path) -> Iterator[House]:
    """On Postgres, and quick to give it up."""
    hasty = Patience(connect_s=2, answer_s=1, pool_s=1)
    database = Database(new_database(postgres_url), hasty)
    database.migrate()
    with serving(wire(database, tmp_path, **GENEROUS)) as house:
        yield house
    database.close()


def test_server_answers_503_while_postgres_sleeps_and_goes_on_when_it_wakes(
    house: House, postgres_url: str
) -> None:
    ada = house.person("Ada")
    ada.browser.get("/me")  # the nonce of the next proof
    with asleep(postgres_url):
        for answer in (
            ada.browser.post("/jobs", json=WISH),
            ada.browser.get("/jobs"),
            ada.browser.get("/me"),
        ):
            assert answer.status_code == 503
            assert answer.json()["code"] == "unavailable"
            assert int(answer.headers["retry-after"]) > 0
        assert house.stranger().get("/healthz").status_code == 200
    assert house.count_jobs() == 0
    assert ada.browser.post("/jobs", json=WISH).status_code == 202


def test_server_answers_503_while_every_connection_is_in_use(house: House) -> None:
    ada = house.person("Ada")
    ada.browser.get("/me")  # the nonce of the next proof
    holding = [house.parts.database.engine.connect() for _ in range(30)]
    try:
        answers = [ada.browser.get("/jobs"), ada.browser.post("/jobs", json=WISH)]
    finally:
        for connection in holding:
            connection.close()
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert ada.browser.get("/jobs").status_code == 200
    assert house.count_jobs() == 0


def test_server_answers_503_while_its_audit_log_cannot_be_written(house: House) -> None:
    """What would not be in the log does not happen: the token it made is no token."""
    admin = house.person("Cleo", testers.ADMIN)
    with house.parts.database.begin() as db:
        db.execute(text("ALTER TABLE audit_head RENAME TO audit_head_away"))
    invite = {"name": "Ada", "hours": 1}
    answer = admin.browser.post("/backstage/invites", json=invite)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    with house.parts.database.begin() as db:
        db.execute(text("ALTER TABLE audit_head_away RENAME TO audit_head"))
    assert admin.browser.post("/backstage/invites", json=invite).status_code < 300


def test_server_answers_503_to_tokens_while_redis_is_away_and_lets_browsers_look(
    redis_url: str, tmp_path: Path
) -> None:
    """Nobody can tell how often a network failed, so no token is tried until somebody can."""
    database = Database(f"sqlite:///{tmp_path / 'greenroom.db'}")
    database.migrate()
    with proxy_to(urlsplit(redis_url).port or 0) as proxy:
        redis = {"GREENROOM_REDIS_URL": f"redis://127.0.0.1:{proxy.port}/0"}
        with serving(wire(database, tmp_path, **redis, **GENEROUS)) as house:
            ada = house.person("Ada")
            script = house.stranger()
            script.headers["authorization"] = f"Bearer {house.api_token(ada, bearer=True)}"
            assert script.get("/me").status_code == 200
            proxy.call("cut")
            answer = script.get("/me")
            assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert ada.browser.get("/me").status_code == 200
            proxy.call("open")
            assert script.get("/me").status_code == 200
    database.close()
