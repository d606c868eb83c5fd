"""Reaching a stranger's server, and never one of our own network.

A name is resolved once, all its addresses are checked, and the connection goes to one of those: so
a name cannot lead elsewhere a moment later (DNS rebinding). TLS still verifies the name. Redirects
and the environment's proxies are not followed, and of an answer only its status is read.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

import httpcore2

from errors import BadSpec

TIMEOUT_S = 15
URL_MAX_CHARS = 2000
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
TARGET = re.compile(r"[!-~]*")
# IPv4 within IPv6 that a gateway would unpack (RFC 6052); ipaddress knows the other kinds.
NAT64 = IPv6Network("64:ff9b::/96")
AGENT = "Greenroom-Webhooks/1"


class NotReached(Exception):
    """Nothing answered there, or it is not an address we go to. `str()` says which."""


class Reach(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses only.

    loopback  this machine's own count as public: for development
    """

    def __init__(self, *, loopback: bool) -> None:
        self.loopback = loopback
        self.backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        address = await self.resolve(host, port)
        return await self.backend.connect_tcp(address, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self.backend.sleep(seconds)

    async def resolve(self, host: str, port: int) -> str:
        """An address of `host`. Raises NotReached where it has none, or one that is not public."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise NotReached("there is no such host") from error
        addresses = [str(row[4][0]) for row in found]
        if not addresses or not all(self.is_allowed(address) for address in addresses):
            raise NotReached("it is not a public address")
        return addresses[0]

    def is_allowed(self, text: str) -> bool:
        address = plain(ip_address(text))
        if address.is_loopback:
            return self.loopback
        return address.is_global and not (address.is_multicast or address.is_reserved)


def plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that stands inside an IPv6 one, if one does: that is where it leads."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or teredo or address


async def post(url: str, headers: Mapping[str, str], body: bytes, *, loopback: bool) -> int:
    """The status that `url` answers. Raises NotReached, also where it takes too long."""
    place = urlsplit(url)
    sent = {
        "host": place.netloc,
        "user-agent": AGENT,
        "content-type": "application/json",
        "content-length": str(len(body)),
        **headers,
    }
    target = (place.path or "/") + (f"?{place.query}" if place.query else "")
    address = httpcore2.URL(
        scheme=place.scheme, host=place.hostname or "", port=place.port, target=target
    )
    pool = httpcore2.AsyncConnectionPool(
        ssl_context=ssl.create_default_context(),
        network_backend=Reach(loopback=loopback),
        max_keepalive_connections=0,
    )
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            pool,
            pool.stream(
                "POST",
                address,
                headers=[*sent.items()],
                content=body,
            ) as answer,
        ):
            return int(answer.status)
    except TimeoutError as error:
        raise NotReached(f"it did not answer within {TIMEOUT_S} seconds") from error
    except (
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.TimeoutException,
        OSError,
    ) as error:
        raise NotReached("the connection failed") from error


def checked_url(value: object, *, loopback: bool) -> str:
    """An https address without credentials or fragment; http for this machine itself.

    Where its name leads is asked anew at every message. Raises BadSpec.
    """
    sentence = "The url must be an https:// address that can be reached from anywhere."
    if not isinstance(value, str) or len(value) > URL_MAX_CHARS or not TARGET.fullmatch(value):
        raise BadSpec(sentence, field="url")
    try:
        place = urlsplit(value)
        port, host = place.port, place.hostname or ""
    except ValueError as error:
        raise BadSpec(sentence, field="url") from error
    schemes = ("https", "http") if loopback else ("https",)
    odd = "@" in place.netloc or "#" in value or "\\" in value or port == 0
    if place.scheme not in schemes or odd or not HOST.fullmatch(host):
        raise BadSpec(sentence, field="url")
    return value


async def require_public(url: str, *, loopback: bool) -> None:
    """Raises BadSpec unless the name leads to a public address now."""
    place = urlsplit(url)
    try:
        await Reach(loopback=loopback).resolve(place.hostname or "", place.port or 443)
    except NotReached as error:
        raise BadSpec(f"This url cannot be used: {error}.", field="url") from error
