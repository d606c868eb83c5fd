"""Redis as the gate uses it: one Lua script a decision, and no answer is a no."""

from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from errors import StoreUnavailable

HERE = Path(__file__).parent
TIMEOUT_S = 1.0
ASK_AGAIN_S = 2


def connect(url: str) -> Any:
    """A client that threads may share; it gives up after TIMEOUT_S and does not try again."""
    return Redis.from_url(
        url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def read_text(name: str) -> str:
    """The script of that name in this folder."""
    return (HERE / f"{name}.lua").read_text()


def unavailable(what: str = "Greenroom cannot reach a part of its gate") -> StoreUnavailable:
    return StoreUnavailable(
        f"{what}. Nothing was made; try again in a moment.", retry_after_s=ASK_AGAIN_S
    )
