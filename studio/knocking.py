"""Strangers at the door: counted by network address, before anything is looked up for them."""

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from studio.clock import now_ms
from studio.parts import Parts
from studio.requests import address_of

T = TypeVar("T")


async def try_token(parts: Parts, scope: Scope, look_up: Callable[[], T]) -> T:
    """What `look_up()` returns, called in a thread while its address has not failed too often.

    A flood of failures that is known here holds no thread. Raises TooManySignIns,
    StoreUnavailable, and what `look_up` raises.
    """
    address = address_of(scope)
    parts.addresses.turn_away(address, now_ms())

    def counted() -> T:
        with parts.addresses.trying(address, now_ms()):
            return look_up()

    return await run_in_threadpool(counted)


async def knock(parts: Parts, scope: Scope) -> None:
    """Count one call of a stranger. Raises TooMany, StoreUnavailable."""
    await run_in_threadpool(parts.knocks.knock, address_of(scope), now_ms())
