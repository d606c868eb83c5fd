"""What a web process does beside its requests when Redis counts: keep it filled, and listen.

Every process renews the places of all jobs that live, so that those of a dead process lapse, and
fills a Redis that came back empty. When another process stops or revokes somebody, open pages here
are told at once; should that message be lost, each stream finds out within a second by itself.
"""

import asyncio
import logging
from contextlib import suppress

import redis
import redis.asyncio
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool

from auth.meters import meters_of
from auth.meters_redis import CHANNEL, LEASE_MS
from errors import StoreUnavailable
from studio.parts import Parts

log = logging.getLogger("greenroom.studio")

RENEW_S = LEASE_MS / 3000


class Keeper:
    """Lives on the server's event loop, between start and stop. Idle without Redis."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Returns once Redis was filled, or could not be reached."""
        if self.parts.settings.redis_url is None:
            return
        await self.renew()
        self.tasks = [
            asyncio.create_task(self.keep_renewing()),
            asyncio.create_task(self.listen(self.parts.settings.redis_url)),
        ]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            await self.renew()

    async def renew(self) -> None:
        def restore() -> None:
            with self.parts.database.read() as db:
                meters_of(db).restore(db)

        try:
            await run_in_threadpool(restore)
        except (StoreUnavailable, OperationalError) as error:
            log.warning("places were not renewed: %s", error)

    async def listen(self, redis_url: str) -> None:
        while True:
            with suppress(redis.RedisError, OSError):
                server = redis.asyncio.Redis.from_url(redis_url, decode_responses=True)
                async with server, server.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self.parts.leases.look_again()
            await asyncio.sleep(0.5)
