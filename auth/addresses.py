"""Failed sign-ins of one network address, counted before any token is looked up."""

import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from auth.words import count, lasting
from errors import TokenInvalid, TooManySignIns

FAILURES_PER_MINUTE = 10
EVERY_MS = 60_000 // FAILURES_PER_MINUTE
ADDRESSES_MAX = 10_000


class Addresses:
    """Tries of each address, in this process. Ten failures at once, then one each six seconds."""

    def __init__(self) -> None:
        self.arrival_ms: dict[str, int] = {}
        self.lock = threading.Lock()

    @contextmanager
    def trying(self, address: str, now_ms: int) -> Iterator[None]:
        """Around a token's look-up: counts a try, and forgives it unless it was TokenInvalid.

        Counting first keeps parallel tries from passing together. Raises TooManySignIns.
        """
        network = network_of(address)
        self.count(network, now_ms)
        try:
            yield
        except TokenInvalid:
            raise
        except BaseException:
            self.forgive(network)
            raise
        self.forgive(network)

    def count(self, network: str, now_ms: int) -> None:
        with self.lock:
            arrival_ms = max(self.arrival_ms.pop(network, 0), now_ms)
            early_ms = arrival_ms - (now_ms + (FAILURES_PER_MINUTE - 1) * EVERY_MS)
            self.arrival_ms[network] = arrival_ms + (EVERY_MS if early_ms <= 0 else 0)
            if len(self.arrival_ms) > ADDRESSES_MAX:
                self.arrival_ms.pop(next(iter(self.arrival_ms)))  # the one silent for longest
        if early_ms > 0:
            wait_s = -(-early_ms // 1000)
            raise TooManySignIns(
                f"From your network {count(FAILURES_PER_MINUTE, 'sign-in')} failed within a "
                f"minute. Check the token and try again in {lasting(wait_s)}.",
                limit="sign_ins_per_minute",
                retry_after_s=wait_s,
            )

    def forgive(self, network: str) -> None:
        with self.lock:
            if network in self.arrival_ms:
                self.arrival_ms[network] -= EVERY_MS


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
