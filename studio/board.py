"""Cards of the jobs that open streams watch, read for all of them in one look."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool

from database import Database
from jobs.queue import Queue
from studio.cards import cards_of

log = logging.getLogger("greenroom.studio")

# A worker's looks may be lost, and say nothing of a place in line: rows are read this often anyway.
REREAD_S = 1.5
GATHER_S = 0.03  # what is asked for within this time is answered by one look


class Watch:
    """One stream's eye on one job. `card` is the newest that was read, None once it is erased."""

    def __init__(self, card: dict[str, Any], stir: Callable[[], None]) -> None:
        self.card: dict[str, Any] | None = card
        self.stir = stir

    def show(self, card: dict[str, Any] | None) -> None:
        if card != self.card:
            self.card = card
            self.stir()


class Board:
    """Every watched job of this process. Lives on one event loop.

    Makes its rounds while something is watched: all of it every REREAD_S, and what somebody asked
    for at once.
    """

    def __init__(self, database: Database, queue: Queue) -> None:
        self.database, self.queue = database, queue
        self.watches: dict[str, set[Watch]] = {}
        self.asked: set[str] = set()
        self.bell = asyncio.Event()
        self.rounds: asyncio.Task[None] | None = None

    @contextmanager
    def watch(self, card: dict[str, Any], stir: Callable[[], None]) -> Iterator[Watch]:
        """Keep `card` up to date, and call `stir` whenever it changed.

        It is read once more at once: what it missed since it was read is not missed for long.
        """
        watch = Watch(card, stir)
        self.watches.setdefault(card["id"], set()).add(watch)
        self.ask(card["id"])
        if self.rounds is None or self.rounds.done():
            self.rounds = asyncio.create_task(self.keep_looking())
        try:
            yield watch
        finally:
            self.watches[card["id"]].discard(watch)
            if not self.watches[card["id"]]:
                del self.watches[card["id"]]

    def ask(self, job_id: str) -> None:
        """Read this job's row soon."""
        self.asked.add(job_id)
        self.bell.set()

    async def keep_looking(self) -> None:
        clock = asyncio.get_running_loop().time
        due_s = clock() + REREAD_S
        while self.watches:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due_s):
                    await self.bell.wait()
                    await asyncio.sleep(GATHER_S)
            wanted, self.asked = self.asked, set()
            self.bell.clear()
            if clock() >= due_s:
                wanted, due_s = set(self.watches), clock() + REREAD_S
            await self.look(wanted & self.watches.keys())

    async def look(self, job_ids: Collection[str]) -> None:
        try:
            cards = await run_in_threadpool(self.read, job_ids)
        except OperationalError as error:  # the next look may go better
            log.warning("open pages wait for the database: %s", error.orig)
            return
        except Exception:
            log.exception("open pages were not told")
            return
        for job_id in job_ids:
            for watch in self.watches.get(job_id, ()):
                watch.show(cards.get(job_id))

    def read(self, job_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        with self.database.read() as db:
            return cards_of(db, self.queue, job_ids)
