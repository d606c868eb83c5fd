"""Calls of each network, counted here, or in Redis where many web processes share one count."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from redis.exceptions import RedisError

from auth.quotas import moved
from auth.redis_client import connect, read_text, unavailable
from settings import Settings

log = logging.getLogger("greenroom.gate")

PER_MINUTE = 10
EVERY_MS = 60_000 // PER_MINUTE
NETWORKS_MAX = 10_000
#: A clock that is kept right goes back by less than this at once; it then stands still here.
CORRECTED_MS = 1000


class Tally(Protocol):
    """Ten calls of a network at once, then one each six seconds. Waits are in ms; 0: now."""

    def known_wait_ms(self, network: str, now_ms: int) -> int:
        """How long the network must wait, as far as this process knows. Asks nobody."""

    def wait_ms(self, network: str, now_ms: int) -> int:
        """How long the network must wait. Raises StoreUnavailable."""

    def count(self, network: str, now_ms: int) -> int:
        """Count one call, unless the network must wait, and how long. Raises StoreUnavailable."""


def open_tally(settings: Settings, name: str) -> Tally:
    """Redis where it is set, so that every web process counts into the same one."""
    return RedisTally(settings.redis_url, name) if settings.redis_url else LocalTally()


class LocalTally:
    """In this process, and gone with it."""

    def __init__(self) -> None:
        self.arrival_ms: dict[str, int] = {}
        self.counted_ms = 0
        self.lock = threading.Lock()

    def wait_ms(self, network: str, now_ms: int) -> int:
        latest_ms = self.steady(now_ms) + (PER_MINUTE - 1) * EVERY_MS
        return max(0, self.arrival_ms.get(network, 0) - latest_ms)

    known_wait_ms = wait_ms

    def count(self, network: str, now_ms: int) -> int:
        with self.lock:
            self.counted_ms = now_ms = self.steady(now_ms)
            wait_ms = self.wait_ms(network, now_ms)
            if not wait_ms:
                arrival_ms = self.arrival_ms.get(network, 0)
                remember(self.arrival_ms, network, moved(arrival_ms, PER_MINUTE, 60_000, now_ms))
            return wait_ms

    def steady(self, now_ms: int) -> int:
        """The time, but not before the last call's: else the tenth of ten at once had to wait."""
        return self.counted_ms if 0 < self.counted_ms - now_ms < CORRECTED_MS else now_ms


class RedisTally:
    """In one Redis, on its clock. One that restarts with nothing begins to count anew.

    A no is remembered here until it has passed, so that a flood costs Redis nothing; a yes never.
    """

    def __init__(self, url: str, name: str, read_script: Callable[[str], str] = read_text) -> None:
        self.name = name
        self.redis = connect(url)
        self.script = self.redis.register_script(read_script("knock"))
        self.until_ms: dict[str, int] = {}
        self.lock = threading.Lock()

    def known_wait_ms(self, network: str, now_ms: int) -> int:
        wait_ms = self.until_ms.get(network, 0) - now_ms
        # Nobody waits longer: the clock of this process was turned back.
        return wait_ms if 0 < wait_ms <= EVERY_MS else 0

    def wait_ms(self, network: str, now_ms: int) -> int:
        return self.known_wait_ms(network, now_ms) or self.ask(network, now_ms, 0)

    def count(self, network: str, now_ms: int) -> int:
        return self.known_wait_ms(network, now_ms) or self.ask(network, now_ms, 1)

    def ask(self, network: str, now_ms: int, calls: int) -> int:
        try:
            key = f"greenroom:gate:{self.name}:{network}"
            wait_ms = int(self.script(keys=[key], args=[EVERY_MS, PER_MINUTE, calls]))
        except RedisError as error:
            log.warning("Redis does not answer: %s", error)
            raise unavailable() from error
        if wait_ms:
            with self.lock:
                remember(self.until_ms, network, now_ms + wait_ms)
        return wait_ms


def remember(table: dict[str, int], network: str, at_ms: int) -> None:
    """Keep the latest of a bounded number of networks."""
    table.pop(network, None)
    table[network] = at_ms
    if len(table) > NETWORKS_MAX:
        table.pop(next(iter(table)))  # the one silent for longest
