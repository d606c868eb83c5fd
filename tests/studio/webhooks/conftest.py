"""A server of a tester's own that hears webhooks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.studio.conftest import House, Person, opened


@dataclass
class Ear:
    """What came, headers in lower case; and what it answers next: the last status for good."""

    url: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=lambda: [204])
    location: str | None = None


@contextmanager
def listening() -> Iterator[Ear]:
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            ear.heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(ear.answers.pop(0) if len(ear.answers) > 1 else ear.answers[0])
            if ear.location is not None:
                self.send_header("location", ear.location)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    ear.url = f"http://127.0.0.1:{server.server_port}/hooks"
    try:
        yield ear
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as ear:
        yield ear


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One that lets webhooks go to this machine."""
    with opened(tmp_path_factory.mktemp("house"), GREENROOM_WEBHOOKS_LOOPBACK="on") as house:
        yield house


@pytest.fixture
def dora(house: House, request: pytest.FixtureRequest) -> Person:
    """Somebody new for each test."""
    return house.person(f"Dora {request.node.name[:60]}".replace("_", " ").partition("[")[0])
