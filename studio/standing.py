"""Whether the sign-ins of open streams still stand: asked for all of them in one look.

A look at the database for each stream, each second, would be most of what a web process does: so
the process makes one round for all its streams, whoever they are.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from auth import switch
from auth.gate import Principal
from auth.standing import still_standing
from database import Database
from studio.clock import now_ms
from studio.leases import Leases

log = logging.getLogger("greenroom.studio")

RECHECK_S = 1.0  # a revocation by another process is seen this late at most


class Standing:
    """Ends each stream whose sign-in ended, and stirs all when a switch was turned.

    Makes its rounds while a stream is open, every RECHECK_S and when somebody says `look_again`.
    Lives on one event loop.
    """

    def __init__(self, database: Database, leases: Leases) -> None:
        self.database, self.leases = database, leases
        self.rounds: asyncio.Task[None] | None = None
        self.stops: Sequence[object] = ()

    def watch(self) -> None:
        """See to it that somebody makes the rounds: a stream was opened."""
        if self.rounds is None or self.rounds.done():
            self.rounds = asyncio.create_task(self.keep_looking())

    async def keep_looking(self) -> None:
        while self.leases.open:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECHECK_S):
                    await self.leases.again.wait()
            self.leases.again.clear()
            await self.look()

    async def look(self) -> None:
        leases = list(self.leases.open)
        try:
            found, stops = await run_in_threadpool(self.read, [lease.principal for lease in leases])
        except Exception as error:  # noqa: BLE001 (when nobody can say, nobody stays)
            log.warning("nobody can say whose sign-in stands: %s", type(error).__name__)
            for lease in leases:
                lease.end()
            return
        for lease, stands in zip(leases, found, strict=True):
            if not stands:
                lease.end()
        if stops != self.stops:
            self.stops = stops
            self.leases.stir()

    def read(self, principals: Sequence[Principal]) -> tuple[list[bool], Sequence[object]]:
        with self.database.read() as db:
            return still_standing(db, principals, now_ms()), switch.stops(db)
