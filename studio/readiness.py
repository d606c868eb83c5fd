"""May requests be sent here? So asks `/readyz`; `/healthz` says only that the process lives."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import redis
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jobs.presence import workers_there
from studio.clock import now_ms

if TYPE_CHECKING:
    from studio.parts import Parts

LIMIT_S = 3.0  # for one check
FRESH_S = 1.0  # anybody may ask, so the answer is kept this long
OK, UNREACHABLE = "ok", "unreachable"


class Readiness:
    """The newest answer of this process. Lives on one event loop."""

    def __init__(self) -> None:
        self.checks: dict[str, str] = {}
        self.asked_s = -FRESH_S
        self.turn = asyncio.Lock()

    async def look(self, parts: "Parts") -> dict[str, str]:
        """Each check's word: OK, or what is wrong."""
        async with self.turn:
            if time.monotonic() - self.asked_s >= FRESH_S:
                self.checks = await look(parts)
                self.asked_s = time.monotonic()
        return self.checks


async def show_ready(parts: "Parts", _request: Request) -> Response:
    """200 where every check is OK, else 503."""
    checks = await parts.readiness.look(parts)
    ready = set(checks.values()) == {OK}
    return JSONResponse({"ready": ready, "checks": checks}, 200 if ready else 503)


async def look(parts: "Parts") -> dict[str, str]:
    asked = [database, worker] + ([store] if parts.settings.redis_url else [])
    words = await asyncio.gather(*(within_limit(check, parts) for check in asked))
    return {check.__name__: word for check, word in zip(asked, words, strict=True)}


async def within_limit(check: Callable[["Parts"], str], parts: "Parts") -> str:
    try:
        return await asyncio.wait_for(run_in_threadpool(check, parts), LIMIT_S)
    except (TimeoutError, OperationalError, redis.RedisError):
        return UNREACHABLE


def database(parts: "Parts") -> str:
    """It answers, and its tables are those this release works with."""
    return OK if parts.database.is_current() else "not migrated"


def worker(parts: "Parts") -> str:
    with parts.database.read() as db:
        return OK if workers_there(db, now_ms()) else "none"


def store(parts: "Parts") -> str:
    """Redis, which counts for all web processes."""
    url = str(parts.settings.redis_url)
    with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as server:
        server.ping()
    return OK
