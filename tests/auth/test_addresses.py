"""Ten failed sign-ins a minute and network, and no more, whatever runs in parallel."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from auth.addresses import Addresses, network_of
from auth.tallies import CORRECTED_MS, EVERY_MS, NETWORKS_MAX, PER_MINUTE, LocalTally, RedisTally
from errors import StoreUnavailable, TokenInvalid, TooMany, TooManySignIns
from tests.auth.conftest import NOON, ToldTally
from tests.proxy import proxy_to

HERE = "192.0.2.1"


@pytest.fixture(params=["in this process", "in redis"])
def addresses(request: pytest.FixtureRequest) -> Addresses:
    if request.param == "in this process":
        return Addresses()
    return Addresses(ToldTally(request.getfixturevalue("redis_url")))


def fail(addresses: Addresses, address: str = HERE, now_ms: int = NOON) -> str:
    try:
        with addresses.trying(address, now_ms):
            raise TokenInvalid
    except (TokenInvalid, TooManySignIns) as refusal:
        return refusal.code


def fail_together(addresses: Callable[[int], Addresses]) -> Counter[str]:
    """The refusals of 50 failures of one network, all begun before any of them failed."""
    all_began = threading.Barrier(50)

    def fail_one(number: int) -> str:
        try:
            with addresses(number).trying(HERE, NOON):
                all_began.wait()
                raise TokenInvalid
        except (TokenInvalid, TooManySignIns) as refusal:
            return refusal.code

    with ThreadPoolExecutor(50) as pool:
        return Counter(pool.map(fail_one, range(50)))


def test_trying_refuses_the_eleventh_failure_until_its_retry_after(addresses: Addresses) -> None:
    assert [fail(addresses) for _ in range(10)] == ["token_invalid"] * 10
    with pytest.raises(TooManySignIns) as refusal, addresses.trying(HERE, NOON + 1):
        pytest.fail("looked the token up")
    assert (refusal.value.limit, refusal.value.retry_after_s) == ("sign_ins_per_minute", 6)
    assert fail(addresses, now_ms=NOON + 6001) == "token_invalid"
    assert fail(addresses, now_ms=NOON + 6001) == "too_many_sign_ins"
    assert fail(addresses, "192.0.2.2") == "token_invalid"


def test_trying_lets_ten_fail_while_the_clock_is_set_back_a_little() -> None:
    """A machine's clock that is kept right goes back by some milliseconds now and then."""
    addresses = Addresses()
    codes = [fail(addresses, now_ms=NOON - 90 * n) for n in range(11)]
    assert codes == ["token_invalid"] * 10 + ["too_many_sign_ins"]


def test_wait_goes_by_a_clock_that_was_turned_back_by_more_than_a_correction() -> None:
    tally = LocalTally()
    assert [tally.count(HERE, NOON) for _ in range(PER_MINUTE)] == [0] * PER_MINUTE
    assert tally.wait_ms(HERE, NOON) == EVERY_MS
    assert tally.wait_ms(HERE, NOON - CORRECTED_MS + 1) == EVERY_MS
    assert tally.wait_ms(HERE, NOON - CORRECTED_MS) == EVERY_MS + CORRECTED_MS


def test_trying_counts_nothing_but_invalid_tokens(addresses: Addresses) -> None:
    with ExitStack() as at_once:
        for _ in range(100):
            at_once.enter_context(addresses.trying(HERE, NOON))
    for _ in range(100):
        with pytest.raises(KeyError), addresses.trying(HERE, NOON):
            raise KeyError
    assert [fail(addresses) for _ in range(11)] == ["token_invalid"] * 10 + ["too_many_sign_ins"]


def test_trying_counts_parallel_failures_exactly(addresses: Addresses) -> None:
    counted = fail_together(lambda _number: addresses)
    assert counted == {"token_invalid": 10, "too_many_sign_ins": 40}


def test_trying_counts_the_failures_of_several_processes_together(redis_url: str) -> None:
    processes = [Addresses(ToldTally(redis_url)) for _ in range(4)]
    counted = fail_together(lambda number: processes[number % 4])
    assert counted == {"token_invalid": 10, "too_many_sign_ins": 40}


def test_knock_counts_good_and_bad_calls_alike(addresses: Addresses) -> None:
    for _ in range(10):
        addresses.knock(HERE, NOON)
    with pytest.raises(TooMany) as refusal:
        addresses.knock(HERE, NOON)
    assert (refusal.value.limit, refusal.value.retry_after_s) == ("calls_per_minute", 6)
    addresses.knock(HERE, NOON + 6000)


def test_turn_away_refuses_what_is_known_to_be_too_much(addresses: Addresses) -> None:
    """Until the wait is over, and not when the clock was turned back."""
    addresses.turn_away(HERE, NOON)
    for _ in range(11):
        fail(addresses)
    with pytest.raises(TooManySignIns) as refusal:
        addresses.turn_away(HERE, NOON + 5999)
    assert refusal.value.retry_after_s == 1
    addresses.turn_away(HERE, NOON + 6000)
    addresses.turn_away("192.0.2.2", NOON)


def test_trying_asks_redis_again_where_the_clock_of_this_process_was_turned_back(
    redis_url: str,
) -> None:
    tally = ToldTally(redis_url)
    for _ in range(11):
        fail(Addresses(tally))
    assert tally.known_wait_ms(HERE, NOON) == 6000
    assert tally.known_wait_ms(HERE, NOON - 3_600_000) == 0


def test_trying_looks_nothing_up_while_redis_is_away_and_goes_on_when_it_is_back(
    redis_url: str,
) -> None:
    with proxy_to(urlsplit(redis_url).port or 0) as proxy:
        addresses = Addresses(RedisTally(f"redis://127.0.0.1:{proxy.port}/0", "away"))
        for how in ("cut", "hang"):
            proxy.call(how)
            with pytest.raises(StoreUnavailable) as refusal, addresses.trying(HERE, NOON):
                pytest.fail("looked the token up")
            assert (refusal.value.status, refusal.value.retry_after_s) == (503, 2)
            with pytest.raises(StoreUnavailable):
                addresses.knock(HERE, NOON)
            addresses.turn_away(HERE, NOON)
            proxy.call("open")
        assert fail(addresses) == "token_invalid"


def test_count_goes_by_the_clock_of_redis(redis_url: str) -> None:
    """Two processes an hour apart count into one minute."""
    now_ms = 1_700_000_000_000
    slow, fast = (Addresses(RedisTally(redis_url, "clocks")) for _ in range(2))
    refusals = [fail(slow, "192.0.2.9", now_ms) for _ in range(5)]
    refusals += [fail(fast, "192.0.2.9", now_ms + 3_600_000) for _ in range(6)]
    assert refusals == ["token_invalid"] * 10 + ["too_many_sign_ins"]


def test_count_remembers_a_bounded_number_of_networks() -> None:
    tally = LocalTally()
    for number in range(NETWORKS_MAX + 5):
        tally.count(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", NOON)
    assert len(tally.arrival_ms) == NETWORKS_MAX
    assert "10.0.0.4" not in tally.arrival_ms
    assert "10.0.0.5" in tally.arrival_ms


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
