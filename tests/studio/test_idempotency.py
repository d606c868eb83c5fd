"""The same wish under the same key is one job and one charge, however often it is sent."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from auth.idempotency import KEPT_MS, IdempotencyKey, first_job, forget_old
from database import Database
from errors import Conflict
from tests.studio.conftest import WISH, House, Person, serving, wire

HEADER = "idempotency-key"


def test_same_key_fifty_times_at_once_makes_one_job_and_one_charge(
    database: Database, tmp_path: Path
) -> None:
    with serving(wire(database, tmp_path / "data", GREENROOM_CONCURRENT="50")) as house:
        ada = house.person("Ada")

        def ask(_number: int) -> tuple[int, str]:
            answer = ada.browser.post("/jobs", json=WISH, headers={HEADER: "once"})
            return answer.status_code, answer.json()["id"]

        with ThreadPoolExecutor(20) as pool:
            answers = Counter(pool.map(ask, range(50)))
        [(answer, times)] = answers.items()
        assert (answer[0], times) == (202, 50)
        assert house.count_jobs() == 1
        allowance = ada.browser.get("/me").json()["allowance"]
        assert (allowance["held"], allowance["clips_left"]) == (1, 49)


def test_another_wish_under_the_same_key_is_refused(house: House, ada: Person) -> None:
    before = house.count_jobs()
    assert ada.browser.post("/jobs", json=WISH, headers={HEADER: "k"}).status_code == 202
    other = ada.browser.post("/jobs", json={**WISH, "seed": 5}, headers={HEADER: "k"})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert other.headers["x-should-retry"] == "false"
    assert house.count_jobs() == before + 1


def test_refused_wish_leaves_its_key_unused(house: House, ada: Person) -> None:
    wrong = {**WISH, "seconds": 0}
    assert ada.browser.post("/jobs", json=wrong, headers={HEADER: "later"}).status_code == 422
    assert ada.browser.post("/jobs", json=WISH, headers={HEADER: "later"}).status_code == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "two words"])
def test_key_that_is_none_is_refused(house: House, ada: Person, key: str) -> None:
    before = house.count_jobs()
    answer = ada.browser.post("/jobs", json=WISH, headers={HEADER: key})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert house.count_jobs() == before


def test_first_job_keeps_a_key_for_a_day_and_for_its_tester_alone(database: Database) -> None:
    def use(tester: str, job: str, now_ms: int, wish: str = "a") -> str:
        with database.begin() as db:
            return first_job(db, tester, "key", {"prompt": wish}, job, now_ms)

    assert use("ada", "1", 0) == "1"
    assert use("ada", "2", KEPT_MS - 1) == "1"
    assert use("ben", "3", 1, "b") == "3"
    with pytest.raises(Conflict):
        use("ada", "4", KEPT_MS - 1, "b")
    assert use("ada", "5", KEPT_MS, "b") == "5"
    with database.begin() as db:
        assert db.query(IdempotencyKey).count() == 2
        forget_old(db, KEPT_MS + 1)
        assert [row.job_id for row in db.query(IdempotencyKey)] == ["5"]
