"""Alembic's entry: one history for SQLite and Postgres."""

from alembic import context
from sqlalchemy import create_engine

import auth.records  # noqa: F401  (imported so that their tables are known)
import jobs.records  # noqa: F401
from database import Record

engine = context.config.attributes.get("engine") or create_engine(
    context.config.get_main_option("sqlalchemy.url") or "sqlite://"
)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Record.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
