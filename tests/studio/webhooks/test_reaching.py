"""Webhooks go to public addresses only, whatever name leads elsewhere, and at whatever moment."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from errors import BadSpec
from studio.webhooks.reaching import NotReached, Reach, post, require_public
from tests.studio.webhooks.conftest import Ear

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104 (an address that is refused)
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
]
PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_address_is_refused_in_every_spelling(address: str) -> None:
    assert not Reach(loopback=False).is_allowed(address)
    if "127." not in address and address not in ("::1", "64:ff9b::7f00:1", "2002:7f00:1::"):
        assert not Reach(loopback=True).is_allowed(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    assert Reach(loopback=False).is_allowed(address)


class Names:
    """A name server in a stranger's hand: each question takes the next answer."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked += 1
        found = self.answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, port)) for name in found]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def answer(*answers: list[str]) -> Names:
        names = Names(*answers)
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "getaddrinfo", names.getaddrinfo, raising=False)
        return names

    return answer


async def test_name_with_one_private_address_among_public_ones_is_refused(names: Any) -> None:
    names([PUBLIC[0], "10.0.0.1"])
    with pytest.raises(NotReached, match="public"):
        await Reach(loopback=False).resolve("evil.example", 443)


async def test_name_that_changes_after_it_was_registered_reaches_nothing(
    names: Any, ear: Ear
) -> None:
    """Rebinding: public when it is added, this machine when the message goes."""
    asked = names([PUBLIC[0]], ["127.0.0.1"])
    port = ear.url.split(":")[2].split("/")[0]
    url = f"http://evil.example:{port}/hooks"
    await require_public(url, loopback=False)
    with pytest.raises(NotReached, match="public"):
        await post(url, {}, b"{}", loopback=False)
    assert (asked.asked, ear.heard) == (2, [])


async def test_address_that_was_checked_is_the_one_connected_to(names: Any, ear: Ear) -> None:
    """One question for one message: a second answer could be another address."""
    asked = names(["127.0.0.1"], ["10.0.0.1"])
    port = ear.url.split(":")[2].split("/")[0]
    assert await post(f"http://mine.example:{port}/hooks", {}, b"{}", loopback=True) == 204
    assert asked.asked == 1
    assert ear.heard[0][0]["host"] == f"mine.example:{port}"


async def test_numbers_that_resolvers_read_as_loopback_are_refused(ear: Ear) -> None:
    port = ear.url.split(":")[2].split("/")[0]
    for host in ("127.1", "2130706433", "0x7f.0.0.1", "localhost"):
        with pytest.raises(BadSpec):
            await require_public(f"https://{host}:{port}/", loopback=False)
        with pytest.raises(NotReached):
            await post(f"http://{host}:{port}/", {}, b"{}", loopback=False)
    assert ear.heard == []


async def test_certificate_must_be_for_the_name(ear: Ear) -> None:
    """A server that speaks no TLS, or shows no certificate of that name, hears nothing."""
    with pytest.raises(NotReached):
        await post(ear.url.replace("http:", "https:"), {}, b"{}", loopback=True)
    assert ear.heard == []
