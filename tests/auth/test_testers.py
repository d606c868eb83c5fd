"""A tester has one name that can stand in a list."""

import pytest
from sqlalchemy import event, text

from auth import cohorts, testers
from auth.audit import OPERATOR
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


def test_with_cohort_reads_what_was_written_since_the_tester_was_read(database: Database) -> None:
    """The decision follows a sign-in in one session: what was read then is not what counts now."""
    with database.begin() as db:
        tester = testers.add(db, "Ada", now_ms=NOON)
        first = cohorts.add(db, "First", by=OPERATOR, now_ms=NOON)
        move = text("UPDATE testers SET cohort_id = :cohort_id, clips_per_day = 3")
        db.execute(move, {"cohort_id": first.id})
        db.execute(text("UPDATE cohorts SET clips_per_day = 7"))
        found, cohort = testers.with_cohort(db, tester.id)
        assert (found.cohort_id, found.clips_per_day) == (first.id, 3)
        assert cohort is not None
        assert (cohort.id, cohort.clips_per_day) == (first.id, 7)


def test_find_raises_not_found_for_an_unknown_name(database: Database) -> None:
    with database.read() as db, pytest.raises(NotFound):
        testers.find(db, "nobody")


def test_add_reads_no_more_rows_however_many_testers_there_are(database: Database) -> None:
    """An import of thousands would read each name for each other one."""
    read: list[str] = []
    with database.begin() as db:
        for number in range(30):
            testers.add(db, f"Tester {number}", now_ms=NOON)

        @event.listens_for(database.engine, "before_cursor_execute")
        def note(_connection, _cursor, statement, *_more) -> None:  # type: ignore[no-untyped-def]
            read.append(statement)

        with pytest.raises(Conflict, match="Tester 7"):
            testers.add(db, "tester 7", now_ms=NOON)
        event.remove(database.engine, "before_cursor_execute", note)
    assert len(read) == 1
    assert "look =" in read[0]


def test_rename_frees_the_old_look_and_takes_the_new(database: Database) -> None:
    with database.begin() as db:
        ada = testers.add(db, "Ada", now_ms=NOON)
        testers.rename(db, ada.id, "Nobody")
        testers.add(db, "ADA", now_ms=NOON)
        with pytest.raises(Conflict, match="Nobody"):
            testers.add(db, "nobody", now_ms=NOON)


def test_testers_of_an_older_release_are_known_by_their_look(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.migrate("0022")
    with database.begin() as db:
        row = "INSERT INTO testers (id, name, role, created_at) VALUES ('1', 'Zoë B', 'tester', 0)"
        db.execute(text(row))
    database.migrate()
    with database.begin() as db, pytest.raises(Conflict, match="Zoë B"):
        testers.add(db, "zoëb", now_ms=NOON)
    database.close()
