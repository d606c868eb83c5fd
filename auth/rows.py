"""The two statements exact counts are made of, the same on SQLite and Postgres."""

from typing import Any, cast

from sqlalchemy import CursorResult, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from database import Record


def insert_new(db: Session, record: type[Record], **values: Any) -> bool:
    """Insert one row unless its key is taken; whether it was inserted.

    Waits for a parallel insert of the same key to commit or roll back, and never fails for it.
    """
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(cast("Table", record.__table__)).values(**values).on_conflict_do_nothing()
    return row_count(db.execute(statement, execution_options={"preserve_rowcount": True})) == 1


def changed(db: Session, guarded: Update) -> int:
    """How many rows a guarded UPDATE changed.

    The guard stands in the statement's own WHERE, where the database checks it and writes in
    one step: parallel callers cannot both pass on the same count. Objects that were read before
    are not refreshed.
    """
    return row_count(db.execute(guarded, execution_options={"synchronize_session": False}))


def row_count(result: Any) -> int:
    return cast("CursorResult[Any]", result).rowcount
