"""Failed sign-ins of one network address, counted before any token is looked up."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from auth.quotas import seconds
from auth.tallies import NETWORKS_MAX, PER_MINUTE, LocalTally, Tally
from auth.words import count, lasting
from errors import InviteInvalid, TokenInvalid, TooMany, TooManySignIns


class Addresses:
    """What networks may try in vain, or ask for as strangers; see Tally for how often."""

    def __init__(self, tally: Tally | None = None) -> None:
        self.tally = tally or LocalTally()

    @contextmanager
    def trying(self, address: str, now_ms: int) -> Iterator[None]:
        """Around a token's look-up: refuses it after too many failures, and counts each one.

        Good tokens are never counted, however many come at once. Of failures in parallel ten
        learn that they failed; the others get TooManySignIns too. Raises StoreUnavailable.
        """
        network = network_of(address)
        refuse_to_try(self.tally.wait_ms(network, now_ms))
        try:
            yield
        except (TokenInvalid, InviteInvalid):
            refuse_to_try(self.tally.count(network, now_ms))
            raise

    def turn_away(self, address: str, now_ms: int) -> None:
        """Refuse a network that is known to have failed too often. Asks nobody, waits for nothing.

        Raises TooManySignIns.
        """
        refuse_to_try(self.tally.known_wait_ms(network_of(address), now_ms))

    def knock(self, address: str, now_ms: int) -> None:
        """Count one call of a stranger, good or bad. Raises TooMany, StoreUnavailable."""
        wait_s = seconds(self.tally.count(network_of(address), now_ms))
        if wait_s:
            raise TooMany(
                f"Too much came from your network at once. Try again in {lasting(wait_s)}.",
                limit="calls_per_minute",
                retry_after_s=wait_s,
            )


def refuse_to_try(wait_ms: int) -> None:
    if not wait_ms:
        return
    wait_s = seconds(wait_ms)
    raise TooManySignIns(
        f"From your network {count(PER_MINUTE, 'sign-in')} failed within a minute. "
        f"Check the token and try again in {lasting(wait_s)}.",
        limit="sign_ins_per_minute",
        retry_after_s=wait_s,
    )


@lru_cache(maxsize=NETWORKS_MAX)
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
