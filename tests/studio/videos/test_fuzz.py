"""Malformed requests break nothing and leave nothing held; fuzz.py sends as many as it is told."""

from collections.abc import Iterator

import pytest

from database import Database
from tests.studio.conftest import House, serving, wire
from tests.studio.videos.fuzz import UNLIMITED, fuzz


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    database = Database(f"sqlite:///{folder / 'greenroom.db'}")
    database.migrate()
    with serving(wire(database, folder, **UNLIMITED)) as house:
        yield house
    database.close()


def test_malformed_requests_break_nothing_and_leave_nothing_held(house: House) -> None:
    seen = fuzz(house, house.person("Ada"), count=400, seed=7)
    assert seen[200] > 20, "nearly nothing got in: the fuzzer knocks at closed doors only"
    assert seen[400] + seen[404] + seen[422] > 200
