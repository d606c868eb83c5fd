"""Strangers get the sign-in page, static files and health, however they spell their request."""

import asyncio
import re
import socket
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.routing import BaseRoute

from errors import NotFound
from studio.doors import DOORS, Who, canonical_path, find_door
from studio.gateway import Gateway
from studio.site import build_site
from tests.studio.conftest import House, Person

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get")
OPEN = re.compile(
    r"/healthz|/readyz|/metrics|/sign-in(/provider(/callback)?|/terms)?|/static/.+|/invite(/open)?|/terms|/policy(/versions)?|/waitlist|/v1/tokens/revoke|/gallery(/.+)?|/shared/.+|/transparency|/credentials"
)


def spellings(path: str) -> Iterator[str]:
    """The path, and odd ways to write it that some server or other takes for the same."""
    yield path
    yield f"{path}/"
    yield f"/{path}"
    yield path.replace("/", "//")
    yield path.replace("/", "%2f")
    yield path.replace("/", "\\")
    yield f"/.{path}"
    yield f"/static/..{path}"
    yield f"/static/%2e%2e{path}"
    yield f"/static/..%2f{path[1:]}"
    yield f"/sign-in/..;{path}"
    yield f"{path}%00"
    yield f"{path}%20"
    yield f"{path};x=.css"
    yield path.upper()
    yield path[:1] + "".join(f"%{ord(mark):02x}" for mark in path[1:])
    yield f"http://127.0.0.1{path}"
    yield path[1:]


def addresses(routes: list[BaseRoute], above: str = "") -> Iterator[str]:
    """Every address below `routes`, Gradio's included, its parameters filled in."""
    for route in routes:
        path = above + str(getattr(route, "path", ""))
        included = getattr(route, "original_router", route)  # FastAPI includes routers lazily
        below = getattr(included, "routes", None)
        if below:
            yield from addresses(below, path)
        else:
            yield re.sub(r"\{[^}]*\}", "0" * 32, path) or "/"


def every_address(house: House) -> list[str]:
    site = build_site(house.parts).app.app  # type: ignore[attr-defined]
    return sorted(set(addresses(site.routes)))


async def knock(gateway: Gateway, method: str, raw: str, **headers: str) -> int:
    """The status the gateway answers to one request, its path given raw."""
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "method": method,
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 1),
    }
    await gateway(scope, receive, send)
    return status


class Inside:
    """Stands where the application would, and remembers who came through."""

    def __init__(self) -> None:
        self.reached: set[tuple[str, str]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached.add((scope["method"], scope["path"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def test_every_route_of_gradio_is_seen(house: House) -> None:
    """The matrix below is worth what this enumeration finds."""
    found = every_address(house)
    for known in ("/gradio_api/cancel", "/gradio_api/queue/join", "/config", "/jobs", "/backstage"):
        assert known in found
    assert len(found) > 60


async def test_anonymous_request_reaches_nothing_inside_in_any_spelling(house: House) -> None:
    inside = Inside()
    gateway = Gateway(inside, house.parts)
    paths = {odd for path in every_address(house) for odd in spellings(path)}
    knocks = [knock(gateway, method, path) for method, path in product(METHODS, sorted(paths))]
    statuses = await asyncio.gather(*knocks)
    assert {path for _, path in inside.reached if not OPEN.fullmatch(path)} == set()
    assert {method for method, _ in inside.reached} <= {"GET", "HEAD", "POST"}
    assert len(statuses) > 10_000
    assert set(statuses) <= {200, 401, 403, 404}


async def test_browser_without_a_sign_in_is_shown_the_way_to_the_door(house: House) -> None:
    gateway = Gateway(Inside(), house.parts)
    for path in ("/", "/backstage", "/jobs", "/config", "/nowhere"):
        assert await knock(gateway, "GET", path, accept="text/html") == 303


async def test_tester_reaches_only_what_the_table_opens(house: House, ada: Person) -> None:
    inside = Inside()
    gateway = Gateway(inside, house.parts)
    paths = sorted({odd for path in every_address(house) for odd in spellings(path)})
    headers = {"cookie": ada.cookie, "origin": house.url}
    for start in range(0, len(paths), 200):
        some = product(METHODS, paths[start : start + 200])
        await asyncio.gather(*(knock(gateway, method, path, **headers) for method, path in some))
    for method, path in inside.reached:
        door = find_door(method, path)
        assert door is not None
        assert door.who is not Who.ADMIN
    of_gradio = {path for _, path in inside.reached if path.startswith("/gradio_api")}
    assert of_gradio <= {"/gradio_api/queue/join"}


@pytest.mark.parametrize(
    "request_line",
    [
        "GET //jobs HTTP/1.1",
        "GET /%6aobs HTTP/1.1",
        "GET /static/../jobs HTTP/1.1",
        "GET /static/%2e%2e/jobs HTTP/1.1",
        "GET /static/..%2fjobs HTTP/1.1",
        "GET /sign-in/../jobs HTTP/1.1",
        "GET /jobs/ HTTP/1.1",
        "GET /JOBS HTTP/1.1",
        "GET \\jobs HTTP/1.1",
        "GET http://127.0.0.1/jobs HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "OPTIONS /jobs HTTP/1.1",
        "TRACE /jobs HTTP/1.1",
        "HEAD /jobs HTTP/1.1",
        "GET /jobs?token=x HTTP/1.0",
        "GET /gradio_api/heartbeat/abc HTTP/1.1",
        "GET /gradio_api/startup-events HTTP/1.1",
        "POST /gradio_api/cancel HTTP/1.1",
        "GET /gradio_api/file=/etc/passwd HTTP/1.1",
    ],
)
def test_odd_request_over_the_wire_gets_no_page(house: House, request_line: str) -> None:
    settings = house.parts.settings
    with socket.create_connection((settings.host, settings.port), timeout=10) as wire:
        wire.sendall(f"{request_line}\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    status = int(answer.split(b" ", 2)[1])
    assert status in (400, 401, 404)
    assert b"<html" not in answer


async def test_websocket_is_refused(house: House) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    inside = Inside()
    await Gateway(inside, house.parts)({"type": "websocket", "path": "/"}, None, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert inside.reached == set()


def test_path_that_can_be_read_two_ways_is_not_canonical() -> None:
    assert canonical_path("/jobs", b"/jobs") == "/jobs"
    assert canonical_path("/", b"/") == "/"
    for raw in (
        "",
        "*",
        "/a/",
        "//a",
        "/a//b",
        "/./a",
        "/a/..",
        "/a/../b",
        "/%61",
        "/a b",
        "/a\\b",
    ):
        with pytest.raises(NotFound):
            canonical_path(raw, raw.encode())
    with pytest.raises(NotFound):
        canonical_path("/jobs", b"/%6aobs")


def test_every_door_of_ours_leads_to_a_route(house: House) -> None:
    """A door without a room behind it is a mistake in the table."""
    found = [path.replace("//", "/") for path in every_address(house)]
    words = [re.sub(r"0{12,32}", "", path) for path in found]
    for row in DOORS:
        start = re.split(r"[\[(\\]", row.pattern.pattern)[0].rstrip("/")
        assert any(word.startswith(start) for word in words), row.pattern.pattern


def test_documentation_lists_every_door_and_no_other() -> None:
    page = (Path(__file__).parent.parent.parent / "docs/studio.md").read_text()
    listed = set()
    for methods, paths, who in re.findall(r"^\| ([A-Z ]+) \| (`/.*?) \| (.*?) \|$", page, re.M):
        for path in re.findall(r"`(.*?)`", paths):
            listed.update((method, path, who) for method in methods.split())
    fill = {
        "…": "a.css",
        "ID.": f"{'0' * 32}.",
        "tokens/ID": f"tokens/{'0' * 12}",
        "invites/ID": f"invites/{'0' * 12}",
        "ID": "0" * 32,
    }
    leads = []
    for method, path, who in sorted(listed):
        for word, value in fill.items():
            path = path.replace(word, value)
        found = find_door(method, path)
        assert found is not None, f"{method} {path} is documented and does not exist"
        marks = (", stream" if found.stream else "") + (", proof" if found.proof else "")
        assert who == found.who.value + marks
        leads.append((method, found))
    assert set(leads) == {(method, row) for row in DOORS for method in row.methods}
