"""Failed sign-ins of one network address, counted before any token is looked up."""

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from auth.words import count, lasting
from errors import InviteInvalid, TokenInvalid, TooMany, TooManySignIns

FAILURES_PER_MINUTE = 10
EVERY_MS = 60_000 // FAILURES_PER_MINUTE
ADDRESSES_MAX = 10_000


class Addresses:
    """Failures of each network, in this process. Ten at once, then one each six seconds."""

    def __init__(self) -> None:
        self.arrival_ms: dict[str, int] = {}
        self.lock = threading.Lock()

    @contextmanager
    def trying(self, address: str, now_ms: int) -> Iterator[None]:
        """Around a token's look-up: refuses it after too many failures, and counts each one.

        Good tokens are never counted, however many come at once. Of failures in parallel ten
        learn that they failed; the others get TooManySignIns too.
        """
        network = network_of(address)
        with self.lock:
            self.check(network, now_ms)
        try:
            yield
        except (TokenInvalid, InviteInvalid):
            with self.lock:
                self.check(network, now_ms)
                self.count_one(network, now_ms)
            raise

    def knock(self, address: str, now_ms: int) -> None:
        """Count one call of a stranger, good or bad. Raises TooMany after too many."""
        network = network_of(address)
        with self.lock:
            wait_s = self.wait_s(network, now_ms)
            if wait_s:
                raise TooMany(
                    f"Too much came from your network at once. Try again in {lasting(wait_s)}.",
                    limit="calls_per_minute",
                    retry_after_s=wait_s,
                )
            self.count_one(network, now_ms)

    def wait_s(self, network: str, now_ms: int) -> int:
        """Whole seconds until the network may try again; 0: now."""
        latest_ms = now_ms + (FAILURES_PER_MINUTE - 1) * EVERY_MS
        return max(0, -(-(self.arrival_ms.get(network, 0) - latest_ms) // 1000))

    def check(self, network: str, now_ms: int) -> None:
        wait_s = self.wait_s(network, now_ms)
        if not wait_s:
            return
        raise TooManySignIns(
            f"From your network {count(FAILURES_PER_MINUTE, 'sign-in')} failed within a minute. "
            f"Check the token and try again in {lasting(wait_s)}.",
            limit="sign_ins_per_minute",
            retry_after_s=wait_s,
        )

    def count_one(self, network: str, now_ms: int) -> None:
        self.arrival_ms[network] = max(self.arrival_ms.pop(network, 0), now_ms) + EVERY_MS
        if len(self.arrival_ms) > ADDRESSES_MAX:
            self.arrival_ms.pop(next(iter(self.arrival_ms)))  # the one silent for longest


def network_of(address: str) -> str:
    """The address; of IPv6 the /64, which one household or one machine has to itself."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if ip.version == 4:
        return str(ip)
    mapped = ip.ipv4_mapped
    return str(mapped or ipaddress.ip_network((ip, 64), strict=False))
