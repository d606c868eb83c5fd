"""Whether sign-ins still stand, asked for many open streams in one look at the database."""

import asyncio
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool

from auth.gate import Principal
from auth.standing import still_standing
from database import Database
from studio.clock import now_ms

GATHER_S = 0.03  # who asks within this time is answered by one look


class Standing:
    """Lives on one event loop."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.asked: list[tuple[Principal, asyncio.Future[bool]]] = []
        self.looking: asyncio.Task[None] | None = None

    async def stands(self, principal: Principal) -> bool:
        """Raises what the database raises where nobody can say."""
        answer = asyncio.get_running_loop().create_future()
        self.asked.append((principal, answer))
        if len(self.asked) == 1:
            self.looking = asyncio.create_task(self.look())
        return bool(await answer)

    async def look(self) -> None:
        await asyncio.sleep(GATHER_S)
        asked, self.asked = self.asked, []
        try:
            found = await run_in_threadpool(self.read, [principal for principal, _ in asked])
        except Exception as error:  # noqa: BLE001 (whoever asked gets it: nobody waits for ever)
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), stands in zip(asked, found, strict=True):
            if not answer.done():  # its stream may have ended meanwhile
                answer.set_result(stands)

    def read(self, principals: Sequence[Principal]) -> list[bool]:
        with self.database.read() as db:
            return still_standing(db, principals, now_ms())
