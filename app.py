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

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from auth import audit, testers, tokens
from auth.addresses import Addresses
from auth.gate import Gate
from auth.meters_redis import wire_redis
from auth.proofs import Proofs
from auth.signals import Signals
from auth.spending import open_spending
from auth.tallies import open_tally
from database import Database
from errors import BootRefused
from jobs.live import Hub
from jobs.queue import Queue, migrate_engine
from jobs.supervisor import Supervisor
from observe import logs, traces
from programme.moderation.judge import Judge
from settings import Settings
from sora_core.store import Store
from studio.clock import now_ms
from studio.page import build_page
from studio.parts import Parts
from studio.provider import provider_of
from studio.server import serve

LINK_LIFETIME_MS = 24 * 3_600_000


def wire(settings: Settings) -> Parts:
    database = Database(settings.database_url)
    wire_redis(database, settings)
    database.migrate()
    migrate_engine(database)
    audit.sign_with(database, settings.secret)
    return Parts(
        settings=settings,
        database=database,
        gate=Gate.from_settings(settings),
        queue=Queue(database),
        hub=Hub(settings.redis_url),
        store=Store(settings.media, scratch=settings.data / "drafts"),
        proofs=Proofs.from_settings(settings),
        spending=open_spending(settings, database),
        signals=Signals(database),
        addresses=Addresses(open_tally(settings, "failures")),
        knocks=Addresses(open_tally(settings, "knocks")),
        provider=provider_of(settings),
        judge=Judge.from_settings(settings),
    )


def greeting(parts: Parts) -> str:
    """The address; at the first start also the link that signs in the first admin, made here."""
    open_at = f"Greenroom is open at {parts.settings.public_url}"
    now = now_ms()
    with parts.database.begin() as db:
        if testers.list(db):
            return open_at
        admin = testers.add(db, "Admin", role=testers.ADMIN, now_ms=now)
        link = tokens.mint(
            db,
            parts.gate.keys,
            admin.id,
            kind=tokens.LINK,
            lifetime_ms=LINK_LIFETIME_MS,
            now_ms=now,
        )
    door = f"{parts.settings.public_url}/sign-in#link={link.text}"
    return f"One-time admin link (valid 24 h): {door}\n{open_at}"


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


def main() -> int:
    try:
        settings = Settings.read()
        logs.configure(settings.log, "web")
        send_last_spans = traces.configure(settings.traces_to, "web")
        with only_one(settings.data):
            parts = wire(settings)
            supervisor = Supervisor(settings, parts.hub)
            uvloop.run(serve(parts, supervisor, partial(greeting, parts)))
        send_last_spans()
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
