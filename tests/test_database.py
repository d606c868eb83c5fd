"""The database is one thing, whichever server keeps it."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

import auth.idempotency
import auth.identities
import auth.joining
import auth.records
import auth.touching  # noqa: F401
import jobs.records  # noqa: F401
import programme.moderation.records
import programme.records
import programme.records_calls
import programme.records_clips
import programme.records_contributions
import programme.records_incidents  # noqa: F401
from database import Database, Record, driver_url

FIRST_RELEASE = (
    "INSERT INTO testers (id, name, role, created_at) VALUES ('t', 'Ada', 'admin', 1)",
    "INSERT INTO tokens (id, tester_id, kind, secret_hash, pepper_version, created_at) "
    "VALUES ('k', 't', 'access', 'h', 1, 1)",
    "INSERT INTO sign_ins (id, tester_id, token_id, created_at, expires_at) "
    "VALUES ('s', 't', 'k', 1, 2)",
)


def test_migrate_leaves_no_difference_between_records_and_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, Record.metadata)
    assert [d for d in differences if "dbos" not in str(d)] == []


def test_migrate_changes_nothing_the_second_time(database: Database) -> None:
    database.migrate()
    with database.read() as db:
        assert db.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_migrate_keeps_the_rows_of_the_first_release(empty_database_url: str) -> None:
    """Tables that others point at are made anew, and nothing falls out of them."""
    old = Database(empty_database_url)
    old.migrate("0001")
    with old.begin() as db:
        for statement in FIRST_RELEASE:
            db.execute(text(statement))
    old.migrate()
    with old.read() as db:
        token = db.execute(text("SELECT tester_id, kind, scopes FROM tokens")).one()
        assert token == ("t", "access", "admin generate read")
        assert db.scalar(text("SELECT count(*) FROM sign_ins")) == 0  # they belonged to no device
        assert db.scalar(text("SELECT name FROM testers")) == "Ada"
    with pytest.raises(IntegrityError), old.begin() as db:
        db.execute(text("DELETE FROM testers"))
    old.close()


def test_begin_leaves_nothing_when_the_block_fails(database: Database) -> None:
    insert = text("INSERT INTO testers (id, name, role, created_at) VALUES ('t', 'n', 'admin', 1)")
    try:
        with database.begin() as db:
            db.execute(insert)
            raise KeyError
    except KeyError:
        pass
    with database.read() as db:
        assert db.scalar(text("SELECT count(*) FROM testers")) == 0


def test_driver_url_names_the_pinned_driver_for_each_spelling() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert driver_url(f"{scheme}://h/d") == "postgresql+psycopg://h/d"
