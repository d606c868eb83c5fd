"""One database for all packages: SQLite in a folder, or Postgres. Same code, same migrations."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, event, make_url
from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import NullPool

from postgres import Patience, be_patient

BUSY_TIMEOUT_MS = 15_000  # how long a writer of SQLite waits for another
# One for each thread that serves requests: opening one takes longer than most reads.
SQLITE_CONNECTIONS = 40
MIGRATIONS = Path(__file__).parent / "migrations"


class Record(DeclarativeBase):
    """The base of every table. Times are integers: milliseconds since the epoch, UTC."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database:
    """A handle on one database. Opens no connection until it is used.

    Its errors hold no parameters: among them are prompts and hashes, and errors end up in logs.
    Where the database cannot be reached, does not answer in time, or has no connection left, its
    transactions raise OperationalError. `patience` is for Postgres alone: SQLite's is a constant.
    """

    def __init__(self, url: str, patience: Patience = Patience()) -> None:  # noqa: B008 (frozen)
        self.url = driver_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self.file = make_url(self.url).database if self.is_sqlite else None
        self.session_info: dict[str, Any] = {}  # what every transaction carries in `db.info`
        self.engine: Engine
        if self.is_sqlite:
            self.engine = create_engine(
                self.url, hide_parameters=True, pool_size=SQLITE_CONNECTIONS
            )
            prepare_sqlite(self.engine)
        else:
            self.engine = create_engine(
                self.url,
                hide_parameters=True,
                pool_pre_ping=True,
                pool_size=10,
                max_overflow=20,
                pool_timeout=patience.pool_s,
            )
            be_patient(self.engine, patience)

    @contextmanager
    def begin(self, *, wait: bool = True) -> Iterator[Session]:
        """A transaction that commits at the end of the block, or rolls back whole on an error.

        On SQLite it takes the one write lock at its start, so that a read followed by a write
        cannot fail half-way with "database is locked"; with `wait=False` it raises
        OperationalError at once where another has that lock.
        """
        engine = self.engine if wait else self.engine.execution_options(greenroom_hurry=True)
        session = Session(engine, expire_on_commit=False, info=self.session_info)
        with pool_may_be_empty(), session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction for reading; takes no write lock, is always rolled back."""
        engine = self.engine.execution_options(greenroom_read=True)
        session = Session(engine, expire_on_commit=False, info=self.session_info)
        with pool_may_be_empty(), session:
            yield session

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to `revision`, by default the newest. Safe to run again.

        On Postgres it takes as long as it takes: rewriting a large table is not being away.
        """
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        engine = self.engine if self.is_sqlite else create_engine(self.url, poolclass=NullPool)
        config.attributes["engine"] = engine
        command.upgrade(config, revision)

    def is_current(self) -> bool:
        """Whether the schema is the newest that this release knows."""
        with self.read() as db:
            found = MigrationContext.configure(db.connection()).get_current_revision()
        return found == newest_revision()

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def pool_may_be_empty() -> Iterator[None]:
    """Waiting in vain for a connection is one more way in which a database cannot be reached."""
    try:
        yield
    except TimeoutError as error:
        raise OperationalError("a connection", None, error) from error


@lru_cache(maxsize=1)
def newest_revision() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def driver_url(url: str) -> str:
    """`postgres://` and `postgresql://` as providers hand them out, with the driver we pin."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        # Without this the driver opens transactions by itself, later than we need the lock.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def take_lock(connection: Any) -> None:
        options = connection.get_execution_options()
        if options.get("greenroom_read", False):
            connection.exec_driver_sql("BEGIN")
        elif options.get("greenroom_hurry", False):
            driver = connection.connection.driver_connection
            driver.execute("PRAGMA busy_timeout=0")
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            finally:
                driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
