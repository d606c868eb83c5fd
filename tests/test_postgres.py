"""A Postgres that says nothing counts as away, soon, and everything goes on when it is back."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from database import Database
from postgres import Patience
from tests.services import asleep

HASTY = Patience(connect_s=2, answer_s=1, pool_s=1)
ONE = text("SELECT 1")


@pytest.fixture
def hasty(postgres_url: str) -> Iterator[Database]:
    opened = Database(f"{postgres_url}/postgres", HASTY)
    yield opened
    opened.close()


def test_begin_gives_up_on_a_server_that_accepts_and_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql://ada@127.0.0.1:{silent.getsockname()[1]}/none", HASTY)
        with pytest.raises(OperationalError), database.begin() as db:
            db.execute(ONE)


def test_begin_gives_up_on_a_server_that_fell_asleep_and_goes_on_when_it_wakes(
    hasty: Database, postgres_url: str
) -> None:
    """In the middle of a transaction, and with a connection that lay in the pool."""
    with asleep(postgres_url), pytest.raises(OperationalError), hasty.read() as db:
        db.execute(ONE)
    with hasty.read() as db:
        db.execute(ONE)
        with asleep(postgres_url), pytest.raises(OperationalError):
            db.execute(text("SELECT 2"))
    with hasty.read() as db:
        assert db.scalar(text("SELECT 3")) == 3


def test_begin_gives_up_a_statement_on_the_server_too(hasty: Database) -> None:
    """What nobody waits for any more must not keep its locks."""
    with pytest.raises(OperationalError, match="statement timeout"), hasty.begin() as db:
        db.execute(text("SELECT pg_sleep(60) -- given up"))
    active = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%-- given up%'")
    with hasty.read() as db:
        idle = " AND state = 'active' AND pid <> pg_backend_pid()"
        assert db.scalar(text(f"{active.text}{idle}")) == 0


def test_begin_gives_up_where_no_connection_comes_free(hasty: Database) -> None:
    with ExitStack() as others:
        for _ in range(30):
            others.enter_context(hasty.read()).execute(ONE)
        with pytest.raises(OperationalError), hasty.begin() as db:
            db.execute(ONE)
    with hasty.begin() as db:
        assert db.scalar(ONE) == 1


def test_open_keeps_the_timeout_that_an_operator_gave(postgres_url: str) -> None:
    database = Database(f"{postgres_url}/postgres?connect_timeout=7&application_name=ours", HASTY)
    with database.read() as db:
        driver = db.connection().connection.driver_connection
        assert driver is not None
        assert driver.info.get_parameters()["connect_timeout"] == "7"
    database.close()
