"""A tester has one name that can stand in a list."""

import pytest

from auth import testers
from database import Database
from errors import BadSpec, Conflict, NotFound
from tests.auth.conftest import NOON


def test_add_makes_a_tester_or_an_admin_to_be_found_by_name(database: Database) -> None:
    with database.begin() as db:
        testers.add(db, "Zoë", now_ms=NOON)
        testers.add(db, " Ada [bold] ", role=testers.ADMIN, now_ms=NOON)
    with database.read() as db:
        assert [(t.name, t.role) for t in testers.list(db)] == [
            ("Ada [bold]", "admin"),
            ("Zoë", "tester"),
        ]
        assert testers.find(db, "Zoë").created_at == NOON


def test_add_refuses_a_name_that_is_taken_and_leaves_the_transaction_whole(
    database: Database,
) -> None:
    with database.begin() as db:
        first = testers.add(db, "Ada", now_ms=NOON)
        with pytest.raises(Conflict, match="Ada"):
            testers.add(db, "Ada", role=testers.ADMIN, now_ms=NOON)
    with database.read() as db:
        assert [(t.id, t.role) for t in testers.list(db)] == [(first.id, "tester")]


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\nb", "a\x00b", "a\x1b[0m", "\u202eada"])
def test_add_refuses_a_name_that_cannot_stand_in_a_list(database: Database, name: str) -> None:
    with database.begin() as db, pytest.raises(BadSpec) as refusal:
        testers.add(db, name, now_ms=NOON)
    assert refusal.value.field == "name"


def test_find_raises_not_found_for_an_unknown_name(database: Database) -> None:
    with database.read() as db, pytest.raises(NotFound):
        testers.find(db, "nobody")
