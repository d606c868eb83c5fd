"""The database is one thing, whichever server keeps it."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

import auth.records  # noqa: F401
import jobs.records  # noqa: F401
from database import Database, Record, driver_url


def test_migrate_leaves_no_difference_between_records_and_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, Record.metadata)
    assert [d for d in differences if "dbos" not in str(d)] == []


def test_migrate_changes_nothing_the_second_time(database: Database) -> None:
    database.migrate()
    with database.read() as db:
        assert db.scalar(text("SELECT count(*) FROM alembic_version")) == 1


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
