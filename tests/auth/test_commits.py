"""The database's word changes with every commit, and is never older than the question."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from auth import testers
from auth.commits import TOGETHER_NS, Commits, commits_of
from auth.commits_postgres import ServerCommits
from database import Database
from tests.auth.conftest import NOON
from tests.services import asleep


@pytest.fixture
def commits(database: Database) -> Iterator[Commits]:
    found = commits_of(database)
    yield found
    found.close()


@pytest.fixture
def of_server(commits: Commits) -> ServerCommits:
    if not isinstance(commits, ServerCommits):
        pytest.skip("an SQLite file has no server")
    return commits


async def first_word(commits: Commits) -> object:
    """The first ones to ask find no connection yet, and do not wait for it."""
    async with asyncio.timeout(20):
        while (word := await commits.word()) is None:
            await asyncio.sleep(0.01)
    return word


def write(db: Session, name: str) -> None:
    testers.add(db, name, now_ms=NOON)
    db.flush()


async def test_word_stays_while_others_only_read(database: Database, commits: Commits) -> None:
    word = await first_word(commits)
    with database.read() as db:
        testers.list(db)
    assert await commits.word() == word


async def test_word_changes_with_a_commit_and_not_before(
    database: Database, commits: Commits
) -> None:
    before = await first_word(commits)
    with database.begin() as db:
        write(db, "Ada")
        assert await commits.word() == before
    assert await commits.word() not in (None, before)


async def test_word_changes_with_each_of_several_open_transactions_whichever_ends_first(
    database: Database, of_server: ServerCommits
) -> None:
    """Its parts, the oldest that runs and the newest that ended, stay for some of these."""
    words = [await first_word(of_server)]
    opened = []
    for name in ("Ada", "Ben", "Cleo", "Dora"):
        db = Session(database.engine)
        write(db, name)
        opened.append(db)
    for db in (opened[1], opened[3], opened[0], opened[2]):
        db.commit()
        words.append(await of_server.word())
        db.close()
    assert None not in words
    assert len(set(words)) == len(words)


async def test_word_asked_for_after_a_commit_is_not_one_on_its_way_since_before(
    database: Database, commits: Commits
) -> None:
    """The commit is over before the event loop hears what was answered to the first question."""
    before = await first_word(commits)
    on_its_way = asyncio.create_task(commits.word())
    await asyncio.sleep(0)
    with database.begin() as db:
        write(db, "Ada")
    asked = await asyncio.gather(commits.word(), commits.word())
    await on_its_way
    assert asked[0] == asked[1]
    assert asked[0] not in (None, before)


async def test_word_said_since_a_request_came_is_shared_and_none_from_before_it(
    database: Database, commits: Commits
) -> None:
    """A batch that came together needs one answer, if it was asked for after the last of them."""
    came_first = time.monotonic_ns()
    before = await first_word(commits)
    with database.begin() as db:
        write(db, "Ada")
    came_later = time.monotonic_ns()
    after = await commits.word(came_later)
    assert after not in (None, before)
    assert await commits.word(came_first) == await commits.word(came_later) == after


async def test_word_is_asked_for_anew_for_a_request_that_waited_long(
    database: Database, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came before the last answer, and is begun behind another one, after a revocation."""
    came = time.monotonic_ns()
    before = await first_word(commits)
    with database.begin() as db:
        write(db, "Ada")
    later = time.monotonic_ns() + TOGETHER_NS
    monkeypatch.setattr(time, "monotonic_ns", lambda: later)
    assert await commits.word(came) not in (None, before)


async def test_word_is_none_while_the_server_sleeps_and_new_when_it_is_back(
    database: Database, of_server: ServerCommits, postgres_url: str
) -> None:
    before = await first_word(of_server)
    with asleep(postgres_url):
        asked = await asyncio.gather(*(of_server.word() for _ in range(5)))
        assert asked == [None] * 5
        assert of_server.connection is None
    assert await first_word(of_server) != before


async def test_word_of_a_new_connection_is_another_though_nothing_was_written(
    database: Database, of_server: ServerCommits
) -> None:
    before = await first_word(of_server)
    assert of_server.connection is not None
    pid = of_server.connection.pgconn.backend_pid
    with database.read() as db:
        db.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    async with asyncio.timeout(20):
        while of_server.connection is not None:  # it hears of it by itself
            await asyncio.sleep(0.01)
    assert await of_server.word() is None
    assert await first_word(of_server) != before


async def test_word_comes_to_the_others_where_one_request_is_given_up(
    of_server: ServerCommits,
) -> None:
    await first_word(of_server)
    asked = [asyncio.create_task(of_server.word()) for _ in range(6)]
    await asyncio.sleep(0)
    asked[0].cancel()  # of the question under way
    asked[3].cancel()  # of the next one
    for task in (asked[0], asked[3]):
        with suppress(asyncio.CancelledError):
            await task
    words = await asyncio.gather(*asked[1:3], *asked[4:])
    assert None not in words
    assert len(set(words)) == 1


async def test_word_is_none_of_a_server_that_cannot_be_reached() -> None:
    commits = commits_of(Database("postgresql://greenroom@127.0.0.1:1/none"))
    assert await commits.word() is None
    assert isinstance(commits, ServerCommits)
    async with asyncio.timeout(20):
        while commits.connecting is not None:
            await asyncio.sleep(0.01)
    assert await commits.word() is None
    assert commits.connecting is None  # it does not try again at once
    commits.close()
