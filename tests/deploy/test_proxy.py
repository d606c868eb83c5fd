"""The real proxy, with the Caddyfile as it is deployed, before two web processes."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from database import Database
from tests.services import find_program, free_port, wait_until
from tests.studio.conftest import GENEROUS, House, Person, serving, wait_for, wire

CADDYFILE = Path(__file__).parent.parent.parent / "deploy/Caddyfile"
METRICS_TOKEN = "thirty-two characters or more, all mine"


@dataclass
class Site:
    """Two web processes' worth of Greenroom behind one address."""

    houses: list[House]
    ada: Person

    def served(self) -> list[int]:
        """How many requests each has answered."""
        return [house.server.server_state.total_requests for house in self.houses]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    caddy = find_program("caddy")
    database = Database(f"sqlite:///{folder / 'greenroom.db'}")
    database.migrate()
    with ExitStack() as stack:
        houses = []
        for name in ("web-1", "web-2"):
            parts = wire(
                database,
                folder / name,
                GREENROOM_SECRET="a secret of at least thirty-two characters",
                GREENROOM_PUBLIC_URL=f"http://127.0.0.1:{port}",
                GREENROOM_TRUSTED_PROXIES="127.0.0.1/32",
                GREENROOM_METRICS_TOKEN=METRICS_TOKEN,
                **GENEROUS,
            )
            houses.append(stack.enter_context(serving(parts)))
        upstreams = " ".join(f"127.0.0.1:{house.parts.settings.port}" for house in houses)
        proxy = subprocess.Popen(
            [caddy, "run", "--adapter", "caddyfile", "--config", str(CADDYFILE)],
            env=os.environ
            | {
                "GREENROOM_SITE": f"http://127.0.0.1:{port}",
                "GREENROOM_WEB": upstreams,
                "XDG_DATA_HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder),
            },
            stderr=(folder / "caddy.log").open("wb"),
        )
        stack.callback(proxy.wait, 20)
        stack.callback(proxy.terminate)
        wait_until(proxy, port)
        yield Site(houses, houses[0].person("Ada"))
    database.close()


def test_api_is_answered_by_any_process_without_stickiness(site: Site) -> None:
    """One sign-in, made at one of them, is good at both."""
    before = site.served()
    answers = [site.ada.browser.get("/me") for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 12
    grew = [now - then for now, then in zip(site.served(), before, strict=True)]
    assert min(grew) >= 1  # the proxy chooses at random: one process alone is one case in 2,048


def test_what_a_page_has_open_in_gradio_stays_with_its_process(site: Site) -> None:
    for number in range(6):
        page = site.ada.another_window(site.houses[0])
        assert page.get("/").status_code == 200
        session = f"session{number}"
        join = {"data": [], "fn_index": 0, "session_hash": session, "event_data": {"prompt": ""}}
        assert page.post("/gradio_api/queue/join", json=join).status_code == 200
        with page.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as stream:
            lines = list(filter(None, stream.iter_lines()))
        assert "close_stream" in lines[-1]


def test_event_stream_is_not_held_back(site: Site) -> None:
    with site.ada.browser.stream("GET", "/notice") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert next(stream.iter_lines()) == "event: notice"


def test_metrics_are_not_for_outside(site: Site) -> None:
    house, admit = site.houses[0], {"authorization": f"Bearer {METRICS_TOKEN}"}
    assert httpx.get(f"{house.url}/metrics", headers=admit).status_code == 404
    inside = f"http://127.0.0.1:{house.parts.settings.port}/metrics"
    assert httpx.get(inside, headers=admit).status_code == 200


def test_nobody_notices_when_a_process_goes(site: Site) -> None:
    """The last test of this file: one of the two is gone after it."""
    going, staying = site.houses
    going.server.should_exit = True
    wait_for(lambda: not going.server.servers[0].is_serving())
    before = staying.server.server_state.total_requests
    answers = [site.ada.browser.get("/me").status_code for _ in range(10)]
    assert answers == [200] * 10
    assert staying.server.server_state.total_requests >= before + 10
