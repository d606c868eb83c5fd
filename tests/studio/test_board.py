"""What many open streams watch is read once for all of them."""

import asyncio

import pytest
from sqlalchemy import event

from database import Database
from jobs.queue import Queue, migrate_engine, new_job_id
from jobs.records import Job
from sora_core.spec import ClipSpec
from studio.board import Board
from studio.cards import cards_of
from studio.clock import now_ms

SPEC = ClipSpec.parse({"prompt": "a red ball", "size": "256x256", "seconds": 1, "seed": 7})


@pytest.fixture
def queue(database: Database) -> Queue:
    migrate_engine(database)
    return Queue(database)


def asked(database: Database, queue: Queue, count: int) -> list[str]:
    """So many clips in the line, each of an artist of its own; their ids, first come first."""
    ids = [new_job_id(now_ms()) for _ in range(count)]
    with database.begin() as db:
        for job_id in ids:
            queue.enqueue(
                db, SPEC, job_id=job_id, owner_id=job_id, admission_id="token", now_ms=now_ms()
            )
    return ids


def stop(database: Database, job_id: str) -> None:
    with database.begin() as db:
        job = db.get_one(Job, job_id)
        job.state, job.stop_reason = "stopped", "cancelled"


def test_fifty_cards_take_as_many_statements_as_two(database: Database, queue: Queue) -> None:
    ids = asked(database, queue, 50)
    sent: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *facts: sent.append(facts[2]))

    def statements(job_ids: list[str]) -> int:
        sent.clear()
        queue.forecast.read_at = float("-inf")
        with database.read() as db:
            assert [card["place"] for card in cards_of(db, queue, job_ids).values()] == [
                ids.index(job_id) + 1 for job_id in job_ids
            ]
        return len([statement for statement in sent if "SELECT" in statement])

    assert statements(ids[:2]) == statements(ids)


async def test_change_stirs_whoever_watches_that_job_or_waits_behind_it(
    database: Database, queue: Queue
) -> None:
    first, second, other = asked(database, queue, 3)
    with database.read() as db:
        cards = cards_of(db, queue, [first, second, other])
    board, behind, stopped = Board(database, queue), asyncio.Event(), asyncio.Event()
    with board.watch(cards[second], behind.set) as row, board.watch(cards[first], stopped.set):
        stop(database, first)
        board.ask(first)
        await asyncio.wait_for(stopped.wait(), 30)
        await asyncio.wait_for(behind.wait(), 30)
        assert row.card is not None
        assert (cards[second]["place"], row.card["place"]) == (2, 1)
    assert board.watches == {}


async def test_watch_shows_nothing_once_its_job_is_erased(database: Database, queue: Queue) -> None:
    [job_id] = asked(database, queue, 1)
    with database.read() as db:
        [card] = cards_of(db, queue, [job_id]).values()
    board, gone = Board(database, queue), asyncio.Event()
    with board.watch(card, gone.set) as row:
        with database.begin() as db:
            db.delete(db.get_one(Job, job_id))
        board.ask(job_id)
        await asyncio.wait_for(gone.wait(), 30)
        assert row.card is None


async def test_what_changed_before_it_was_watched_is_seen_without_asking(
    database: Database, queue: Queue
) -> None:
    [job_id] = asked(database, queue, 1)
    with database.read() as db:
        [card] = cards_of(db, queue, [job_id]).values()
    stop(database, job_id)
    board, changed = Board(database, queue), asyncio.Event()
    with board.watch(card, changed.set) as row:
        await asyncio.wait_for(changed.wait(), 30)
        assert row.card is not None
        assert row.card["state"] == "stopped"
