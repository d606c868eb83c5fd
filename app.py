"""The front door: read the settings, wire the parts, serve. `python app.py`; Spaces run it so."""

import os

# What libraries read while they are imported. Nothing is sent anywhere, nothing is fetched from
# a hub, and Gradio does not group up to 10,000 records of its own statistics at every event.
os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    GRADIO_ANALYTICS_CACHE_FREQUENCY="1000000000",
    GRADIO_MCP_SERVER="False",
    GRADIO_RUN_HISTORY="False",
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
)

import asyncio
import fcntl
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from auth import testers, tokens
from auth.gate import Gate
from database import Database
from errors import BootRefused
from jobs.live import Hub
from jobs.queue import Queue, migrate_engine
from jobs.supervisor import Supervisor
from settings import Settings
from sora_core.store import Store
from studio.clock import now_ms
from studio.page import build_page
from studio.parts import Parts
from studio.site import build_site

LINK_LIFETIME_MS = 24 * 3_600_000


class Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # `serve` below listens itself: open streams and the worker have to end as well


def wire(settings: Settings) -> Parts:
    database = Database(settings.database_url)
    database.migrate()
    migrate_engine(database)
    return Parts(
        settings=settings,
        database=database,
        gate=Gate.from_settings(settings),
        queue=Queue(database),
        hub=Hub(settings.redis_url),
        store=Store(settings.data / "clips"),
    )


def first_link(parts: Parts) -> str | None:
    """At the first start: make the first admin, and the one-time link that signs them in."""
    with parts.database.begin() as db:
        if testers.list(db):
            return None
        admin = testers.add(db, "Admin", role=testers.ADMIN, now_ms=now_ms())
        link = tokens.mint(
            db,
            parts.gate.keys,
            admin.id,
            kind=tokens.LINK,
            lifetime_ms=LINK_LIFETIME_MS,
            now_ms=now_ms(),
        )
    return f"{parts.settings.public_url}/sign-in#link={link.text}"


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder. Raises BootRefused where another Greenroom does."""
    with (data / "web.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BootRefused(
                "Another Greenroom is using this data folder. Stop it first, or set "
                "GREENROOM_DATA to another folder."
            ) from error
        yield


def bind(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.host, settings.port), backlog=512)
    except OSError as error:
        raise BootRefused(
            f"Port {settings.port} of {settings.host} cannot be used: {error.strerror}. "
            "Set GRADIO_SERVER_PORT to another one."
        ) from error


async def serve(parts: Parts) -> None:
    """Serve until SIGTERM or Ctrl-C; then end the streams and let the worker drain."""
    config = uvicorn.Config(
        build_site(parts),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=5,
    )
    server, listening = Server(config), bind(parts.settings)
    supervisor = Supervisor(parts.settings, parts.hub)

    def leave() -> None:
        server.force_exit = server.should_exit  # asked twice: do not wait for anybody
        server.should_exit = True
        parts.leases.shut_down()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, leave)
    await parts.hub.start()
    await supervisor.start()
    if link := first_link(parts):
        print(f"One-time admin link (valid 24 h): {link}", flush=True)
    print(f"Greenroom is open at {parts.settings.public_url}", flush=True)
    try:
        await server.serve(sockets=[listening])
    finally:
        await supervisor.stop()
        await parts.hub.stop()
        parts.database.close()


def main() -> int:
    try:
        settings = Settings.read()
        with only_one(settings.data):
            asyncio.run(serve(wire(settings)))
    except BootRefused as refusal:
        print(f"Greenroom did not start. {refusal}", file=sys.stderr)
        return 1
    return 0


def __getattr__(name: str) -> Any:
    """`app.demo`, the Blocks, for whoever imports this file; importing alone touches nothing."""
    if name == "demo":
        return build_page(wire(Settings.read()))
    raise AttributeError(name)


if __name__ == "__main__":
    sys.exit(main())
