"""A JSON answer out of one transaction, beside the event loop."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from studio.parts import Parts


async def read_json(parts: Parts, look: Callable[[Session], dict[str, Any]]) -> Response:
    """200 and what `look` finds, in a transaction that only reads."""

    def run() -> dict[str, Any]:
        with parts.database.read() as db:
            return look(db)

    return JSONResponse(await run_in_threadpool(run))


async def write_json(
    parts: Parts, act: Callable[[Session], dict[str, Any]], status: int = 200
) -> Response:
    """`status` and what `act` gives, once its transaction is committed; what it raises, undone."""

    def run() -> dict[str, Any]:
        with parts.database.begin() as db:
            return act(db)

    return JSONResponse(await run_in_threadpool(run), status)
