"""Reading what a request brings."""

import json
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from starlette.requests import Request
from starlette.types import Scope

from errors import BadRequest, BadSpec

Network = IPv4Network | IPv6Network


def header_values(scope: Scope, name: str) -> list[str]:
    """Every value of one header, in order; most servers hide that there can be several."""
    wanted = name.encode()
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == wanted]


def address_of(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else "unknown"


def client_behind(scope: Scope, trusted: Sequence[Network]) -> tuple[str, int] | None:
    """Who asks: the peer, or where that is a trusted proxy, the last address it vouches for.

    Each proxy appends to X-Forwarded-For whom it heard, so the rightmost one that is not itself a
    trusted proxy is the client; what stands left of that the client may have written.
    """
    client: tuple[str, int] | None = scope.get("client")
    if not trusted or client is None or not is_within(client[0], trusted):
        return client
    heard = ",".join(header_values(scope, "x-forwarded-for")).split(",")
    for address in reversed([part.strip() for part in heard]):
        if not is_within(address, trusted):
            return (address, 0) if is_address(address) else client
    return client


def is_within(address: str, networks: Sequence[Network]) -> bool:
    return is_address(address) and any(ip_address(address) in network for network in networks)


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def actor_of(request: Request) -> str:
    """Whoever is signed in, as the audit log calls them."""
    return f"tester:{request.state.principal.tester_id}"


async def read_form(request: Request) -> dict[str, Any]:
    """The JSON object in the request's body. Raises BadRequest."""
    return form_in(await request.body())


def form_in(body: bytes) -> dict[str, Any]:
    """Raises BadRequest unless it is a JSON object."""
    try:
        form = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body must be a JSON object.") from error
    if not isinstance(form, dict):
        raise BadRequest("The body must be a JSON object.")
    return form


def read_text(form: dict[str, Any], field: str) -> str:
    """Raises BadSpec naming the field."""
    value = form.get(field)
    if not isinstance(value, str):
        raise BadSpec(f"The {field} must be text.", field=field)
    return value
