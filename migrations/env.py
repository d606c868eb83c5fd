"""Alembic's entry: one history for SQLite and Postgres."""

from alembic import context
from sqlalchemy import create_engine

import auth.binding
import auth.idempotency
import auth.identities
import auth.joining
import auth.records  # noqa: F401
import jobs.records  # noqa: F401
import programme.moderation.records
import programme.records
import programme.records_calls
import programme.records_clips
import programme.records_contributions
import programme.records_incidents  # noqa: F401  (all, so that their tables are known)
import studio.webhooks.records  # noqa: F401
from database import Record

engine = context.config.attributes.get("engine") or create_engine(
    context.config.get_main_option("sqlalchemy.url") or "sqlite://"
)
with engine.connect() as connection:
    driver = connection.connection.driver_connection
    assert driver is not None
    # SQLite changes a table by making it anew, which must not look like deleting what others
    # point at; and this switch works outside of a transaction only.
    # https://www.sqlite.org/lang_altertable.html#otheralter
    if engine.dialect.name == "sqlite":
        driver.execute("PRAGMA foreign_keys=OFF")
    context.configure(connection=connection, target_metadata=Record.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    if engine.dialect.name == "sqlite":
        driver.execute("PRAGMA foreign_keys=ON")
