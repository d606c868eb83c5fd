"""What a web process does for the house beside its requests: look for lost workers, and tidy up.

Every process does all of it, and minds nobody else: whatever is done twice changes nothing.
"""

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool

from auth import idempotency, sign_ins
from auth.budget import release
from errors import GreenroomError
from jobs import erasing
from jobs.presence import BEAT_S, looks
from jobs.reaper import Reaper
from jobs.records import Job
from jobs.reels import drop_reels
from jobs.tidying import DAY_MS, remove_lost, remove_orders, remove_orphans, retire
from programme import retention
from studio.clock import now_ms
from studio.parts import Parts

log = logging.getLogger("greenroom.studio")

TIDY_S = 3600.0
#: Films that were brought for jobs which never came to a worker, or were deleted.
REELS_S = 30.0
SIGN_INS_KEPT_MS = 30 * DAY_MS


class Caretaker:
    """Lives on the server's event loop, between start and stop."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.reaper = Reaper(
            parts.database,
            parts.queue,
            parts.store,
            parts.hub,
            release,
            now_ms,
            looks(parts.settings.lost_s),
        )
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self.tasks = [
            asyncio.create_task(every(BEAT_S, self.reaper.look)),
            asyncio.create_task(
                every(REELS_S, lambda: drop_reels(self.parts.database, self.parts.store))
            ),
            asyncio.create_task(every(TIDY_S, lambda: tidy(self.parts, now_ms()))),
        ]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def every(pause_s: float, act: Callable[[], object]) -> None:
    while True:
        await asyncio.sleep(pause_s)
        try:
            await run_in_threadpool(act)
        except (OperationalError, GreenroomError) as error:
            log.warning("put off: %s", error)
        except Exception:
            log.exception("looking after the house failed")


def tidy(parts: Parts, now_ms: int) -> None:
    """Remove what is over: clips past their time, files and orders of nobody, old sign-ins.

    Raises OperationalError, StoreFailed; what was not reached is removed the next time.
    """
    with parts.database.begin() as db:
        sign_ins.forget_old(db, now_ms - SIGN_INS_KEPT_MS)
        idempotency.forget_old(db, now_ms)
    remove_lost(parts.database, now_ms)
    remove_orders(parts.database, parts.queue, now_ms)
    if parts.settings.keep_ms is not None:
        before_ms = now_ms - parts.settings.keep_ms
        kept = Job.id.not_in(retention.on_view(now_ms))
        retire(parts.database, parts.store, release, before_ms, now_ms, kept)
    keep_to_policy(parts, now_ms)
    remove_orphans(parts.database, parts.store, now_ms)


def keep_to_policy(parts: Parts, now_ms: int) -> None:
    """Erase each clip that its artist's policy keeps no longer."""
    with parts.database.read() as db:
        over = retention.overdue(db, now_ms)
    for job_id, owner_id in over:
        with parts.database.begin() as db:
            job = erasing.erase(db, job_id, owner_id, now_ms, release)
        erasing.discard(parts.store, job)
