"""The real web application on a real port, its database and gate real; only no worker draws."""

import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop
from sqlalchemy import func, select

from auth import scopes, testers, tokens
from auth.addresses import Addresses
from auth.gate import Gate, Principal
from auth.proofs import Proofs
from auth.signals import Signals
from auth.spending import open_spending
from auth.tallies import LocalTally, open_tally
from clients.greenroom_client import GreenroomAuth
from database import Database
from jobs.live import Hub
from jobs.queue import Queue, migrate_engine
from jobs.records import Clip, Job
from settings import Settings
from sora_core.store import Store
from studio.clock import now_ms
from studio.parts import Parts
from studio.provider import provider_of
from studio.server import Server, bind, make_server
from tests.services import free_port

WISH = {"prompt": "a red ball bouncing in a snowy forest", "seconds": 1, "size": "256x256"}
Check = Callable[[Any], bool]


class DeviceKey(GreenroomAuth):
    """The key of a browser, which signs what changes something, and learns nonces from the rest."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if request.method not in ("GET", "HEAD"):
            yield from super().auth_flow(request)
            return
        yield request


@dataclass(frozen=True)
class Person:
    """A tester with a token, and a browser of theirs that is signed in."""

    principal: Principal
    token: str
    browser: httpx.Client

    @property
    def cookie(self) -> str:
        return f"greenroom={self.browser.cookies['greenroom']}"

    def another_window(self, house: "House", **options: Any) -> httpx.Client:
        """The same browser once more: its key, and its cookies unless others are given."""
        options.setdefault("cookies", self.browser.cookies)
        return house.stranger(auth=self.browser.auth, **options)


@dataclass
class House:
    """A whole Greenroom but for its worker, serving at `url`."""

    parts: Parts
    url: str
    server: Server

    def forget_strangers(self) -> None:
        """As if nobody had come from this machine yet."""
        for counted in (self.parts.addresses, self.parts.knocks):
            assert isinstance(counted.tally, LocalTally)
            counted.tally.arrival_ms.clear()

    def server_loop(self, act: Callable[..., None], *arguments: Any) -> None:
        """Call `act` where the server's own code runs."""
        assert self.parts.hub.loop is not None
        self.parts.hub.loop.call_soon_threadsafe(act, *arguments)

    def stranger(self, **options: Any) -> httpx.Client:
        """A browser without a key or a sign-in; it names our own origin as browsers do."""
        options.setdefault("headers", {"origin": self.url})
        return httpx.Client(base_url=self.url, timeout=30, **options)

    def device(self, **options: Any) -> httpx.Client:
        """A browser with a key of its own that nobody is signed in with."""
        key_file = self.parts.settings.data / f"{uuid.uuid4().hex}.pem"
        return self.stranger(auth=DeviceKey(key_file), **options)

    def person(self, name: str, role: str = testers.TESTER) -> Person:
        with self.parts.database.begin() as db:
            tester = testers.add(db, name, role=role, now_ms=now_ms())
            keys = self.parts.gate.keys
            minted = tokens.mint(db, keys, tester.id, lifetime_ms=3_600_000, now_ms=now_ms())
        browser = self.device()
        assert browser.post("/sign-in", json={"token": minted.text}).status_code == 200
        with self.parts.database.read() as db:
            principal = self.parts.gate.authenticate(
                db, bearer=None, cookie=browser.cookies["greenroom"], now_ms=now_ms()
            )
        return Person(principal, minted.text, browser)

    def api_token(self, person: Person, **more: Any) -> str:
        """A new API token of this person; `bearer` and `jkt` as in tokens.mint."""
        with self.parts.database.begin() as db:
            return tokens.mint(
                db,
                self.parts.gate.keys,
                person.principal.tester_id,
                kind=tokens.API,
                given=scopes.API,
                lifetime_ms=3_600_000,
                now_ms=now_ms(),
                **more,
            ).text

    def count_jobs(self) -> int:
        with self.parts.database.read() as db:
            return db.scalar(select(func.count()).select_from(Job)) or 0

    def finish(self, job_id: str, content: bytes) -> None:
        """What the worker does at the end, without drawing: a film of `content`."""
        key, poster = self.parts.store.key(f"{job_id}.mp4"), self.parts.store.key(f"{job_id}.jpg")
        for name, text in ((key, content), (poster, b"still")):
            draft = self.parts.store.draft(f"{job_id}-draft")
            draft.write_bytes(text)
            self.parts.store.keep(draft, name)
        with self.parts.database.begin() as db:
            job = db.get_one(Job, job_id)
            job.state, job.ended_at = "finished", now_ms()
            db.add(clip_of(job, key, poster, len(content)))


def clip_of(job: Job, key: str, poster: str, size: int) -> Clip:
    return Clip(
        id=job.id,
        owner_id=job.owner_id,
        key=key,
        poster_key=poster,
        bytes=size,
        sha256="0" * 64,
        width=256,
        height=256,
        fps=24,
        frame_count=24,
        native_width=96,
        native_height=96,
        native_fps=12,
        created_at=now_ms(),
    )


def wire(database: Database, folder: Path, **environment: str) -> Parts:
    migrate_engine(database)
    settings = Settings.read(
        {
            "GREENROOM_DATA": str(folder),
            "GREENROOM_DATABASE_URL": database.url,
            "GRADIO_SERVER_PORT": str(free_port()),
            # Most films here are a few bytes that no sign can be drawn into.
            "GREENROOM_VISIBLE_MARK": "never",
            **environment,
        }
    )
    return Parts(
        settings=settings,
        database=database,
        gate=Gate.from_settings(settings),
        queue=Queue(database),
        hub=Hub(),
        store=Store(folder / "clips"),
        proofs=Proofs.from_settings(settings),
        spending=open_spending(settings, database),
        signals=Signals(database),
        addresses=Addresses(open_tally(settings, "failures")),
        knocks=Addresses(open_tally(settings, "knocks")),
        provider=provider_of(settings),
    )


@contextmanager
def serving(parts: Parts) -> Iterator[House]:
    """Serve `parts` from a thread with an event loop of its own, until the block ends."""
    server, listening = make_server(parts), bind(parts.settings)

    async def serve() -> None:
        await parts.hub.start()
        await server.serve(sockets=[listening])
        await parts.hub.stop()

    thread = threading.Thread(target=lambda: uvloop.run(serve()), daemon=True)
    thread.start()
    wait_for(lambda: server.started or not thread.is_alive())
    try:
        yield House(parts, parts.settings.public_url, server)
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def wait_for(happened: Callable[[], Any], limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


GENEROUS = {
    "GREENROOM_RATE_PER_MINUTE": "1000",
    "GREENROOM_CONCURRENT": "100",
    "GREENROOM_BEARER_RATE_PER_MINUTE": "1000",
    "GREENROOM_BEARER_CONCURRENT": "100",
    "GREENROOM_BEARER_CLIPS_PER_DAY": "100000",
    "GREENROOM_BEARER_GPU_SECONDS_PER_DAY": "1000000",
}


@contextmanager
def opened(folder: Path, **environment: str) -> Iterator[House]:
    """One Greenroom on SQLite, with limits nobody meets but those of a day."""
    database = Database(f"sqlite:///{folder / 'greenroom.db'}")
    database.migrate()
    with serving(wire(database, folder, **GENEROUS, **environment)) as house:
        yield house
    database.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One Greenroom on SQLite for a file of tests, with limits nobody meets."""
    folder = tmp_path_factory.mktemp("house")
    with opened(folder, GREENROOM_CLIPS_PER_DAY="100000") as house:
        yield house


@pytest.fixture(scope="module")
def ada(house: House) -> Person:
    return house.person("Ada")


@pytest.fixture(scope="module")
def ben(house: House) -> Person:
    return house.person("Ben")


@pytest.fixture(scope="module")
def admin(house: House) -> Person:
    return house.person("Cleo", testers.ADMIN)
