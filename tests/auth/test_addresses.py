"""Ten failed sign-ins a minute and network, and no more, whatever runs in parallel."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from auth.addresses import ADDRESSES_MAX, Addresses, network_of
from errors import TokenInvalid, TooManySignIns
from tests.auth.conftest import NOON


def fail(addresses: Addresses, address: str, now_ms: int = NOON) -> str:
    try:
        with addresses.trying(address, now_ms):
            raise TokenInvalid
    except (TokenInvalid, TooManySignIns) as refusal:
        return refusal.code


def test_trying_refuses_the_eleventh_failure_until_its_retry_after() -> None:
    addresses = Addresses()
    assert [fail(addresses, "192.0.2.1", NOON) for _ in range(10)] == ["token_invalid"] * 10
    with pytest.raises(TooManySignIns) as refusal, addresses.trying("192.0.2.1", NOON + 1):
        pytest.fail("looked the token up")
    assert (refusal.value.limit, refusal.value.retry_after_s) == ("sign_ins_per_minute", 6)
    assert fail(addresses, "192.0.2.1", NOON + 6001) == "token_invalid"
    assert fail(addresses, "192.0.2.1", NOON + 6001) == "too_many_sign_ins"
    assert fail(addresses, "192.0.2.2", NOON) == "token_invalid"


def test_trying_counts_nothing_but_invalid_tokens() -> None:
    addresses = Addresses()
    with ExitStack() as at_once:
        for _ in range(100):
            at_once.enter_context(addresses.trying("192.0.2.1", NOON))
    for _ in range(100):
        with pytest.raises(KeyError), addresses.trying("192.0.2.1", NOON):
            raise KeyError
    assert addresses.arrival_ms == {}


def test_trying_counts_parallel_failures_exactly() -> None:
    addresses, all_began = Addresses(), threading.Barrier(50)

    def fail_together(_number: int) -> str:
        try:
            with addresses.trying("192.0.2.1", NOON):
                all_began.wait()
                raise TokenInvalid
        except (TokenInvalid, TooManySignIns) as refusal:
            return refusal.code

    with ThreadPoolExecutor(50) as pool:
        codes = Counter(pool.map(fail_together, range(50)))
    assert codes == {"token_invalid": 10, "too_many_sign_ins": 40}


def test_trying_remembers_a_bounded_number_of_networks() -> None:
    addresses = Addresses()
    for number in range(ADDRESSES_MAX + 5):
        fail(addresses, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(addresses.arrival_ms) == ADDRESSES_MAX


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_network_of_counts_ipv6_by_its_64(address: str, network: str) -> None:
    assert network_of(address) == network
