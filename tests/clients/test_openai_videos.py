"""The stock `openai` package makes real clips: the newest, and the last of 2025."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from sqlalchemy import func, select

from clients.greenroom_client import GreenroomAuth
from jobs.records import Reel
from sora_core.credentials.identity import open_identity, utc
from sora_core.credentials.reading import read_credentials
from studio.clock import now_ms
from tests.clients.speak_openai import http_client
from tests.journeys.greenroom import ROOT, Greenroom, wait_for
from tests.studio.videos.conftest import make_film
from tests.studio.webhooks.conftest import Ear, ear

__all__ = ["ear"]

OLD = "2.14.0"
# What that version needs and today's does not bring along.
OLD_NEEDS = (f"openai=={OLD}", "distro==1.9.0", "sniffio==1.3.1")
KEPT = ROOT / ".cache" / f"openai-{OLD}"


@pytest.fixture(scope="module")
def greenroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Greenroom]:
    settings = {"GREENROOM_RATE_PER_MINUTE": "60", "GREENROOM_WEBHOOKS_LOOPBACK": "on"}
    room = Greenroom(tmp_path_factory.mktemp("room"), **settings)
    room.start()
    yield room
    room.end()


def path_of(version: str) -> str:
    """Where Python finds that `openai`; another than ours is kept beside, from run to run."""
    if version != OLD:
        return ""
    if not (KEPT / "openai" / "_version.py").exists():
        quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade")
        install = [sys.executable, "-m", "pip", "install", *quiet, "--target", KEPT, *OLD_NEEDS]
        subprocess.run(install, check=True, timeout=200)
    return str(KEPT)


@pytest.mark.parametrize("version", [openai.VERSION, OLD])
def test_stock_client_creates_polls_downloads_lists_remixes_extends_and_deletes(
    greenroom: Greenroom, tmp_path: Path, ear: Ear, version: str
) -> None:
    """And a server of its user's hears of its clips, by messages that the client verifies."""
    name = f"Ada {version}"
    greenroom.command("tester", "add", name)
    issued = greenroom.command("token", "issue", name, "--scope", "api", "--json")
    done = subprocess.run(
        [
            sys.executable,
            Path(__file__).with_name("speak_openai.py"),
            greenroom.url,
            tmp_path / "k",
            ear.url,
        ],
        input=json.loads(issued)["token"],
        env=os.environ | {"PYTHONPATH": path_of(version)},
        capture_output=True,
        text=True,
        timeout=220,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    first, remix, longer = said.pop("ids")
    wait_for(lambda: len(ear.heard) >= 2, 60)
    webhooks, secret = openai.OpenAI(api_key="none").webhooks, said.pop("secret")
    told = [webhooks.unwrap(body, headers, secret=secret) for headers, body in ear.heard]
    assert {(event.object, event.type) for event in told} == {("event", "video.completed")}
    # The last one is deleted as soon as it is there, and then nobody need hear of it.
    assert sorted(event.data.id for event in told) in ([first, remix], [first, remix, longer])
    assert said == {
        "version": version,
        "statuses": ["completed"] * 3,
        "progress": [100] * 3,
        "seconds": ["1", "1", "2"],
        "sizes": ["256x256"] * 3,
        "remix_is_of_first": True,
        "kinds": ["ftyp", "ffd8ff", "ffd8ff"],
        "listed": True,
        "deleted": [True] * 3,
        "refusal": {"code": "not_found", "type": "not_found_error", "request_id": True},
    }


def test_stock_client_extends_a_film_from_elsewhere_which_is_then_gone(
    greenroom: Greenroom, tmp_path: Path
) -> None:
    """The new clip is signed, and says that it goes on from a film which says nothing itself."""
    greenroom.command("tester", "add", "Grace")
    issued = greenroom.command("token", "issue", "Grace", "--scope", "api", "--json")
    token = json.loads(issued)["token"]
    client = openai.OpenAI(
        base_url=f"{greenroom.url}/v1",
        api_key=token,
        http_client=http_client(GreenroomAuth(tmp_path / "key")),
    )
    make_film(tmp_path / "mine.mp4")
    asked = client.videos.extend(
        video=tmp_path / "mine.mp4", prompt="the colours melt", seconds="1"
    )
    longer = client.videos.poll(asked.id)
    assert (longer.status, longer.seconds, longer.size) == ("completed", "2", "256x256")
    client.videos.download_content(longer.id).write_to_file(tmp_path / "longer.mp4")

    roots = open_identity(greenroom.data, utc(now_ms())).roots
    steps = read_credentials(tmp_path / "longer.mp4", roots)
    chain = [(step.relation, step.state, step.title) for step in steps]
    assert chain == [("itself", "trusted", "longer.mp4"), ("parent", "none", "a film")]

    def is_gone() -> bool:
        with greenroom.reading() as db:
            rows = db.scalar(select(func.count()).select_from(Reel))
        return rows == 0 and not list(greenroom.data.rglob("*film_*"))

    wait_for(is_gone, 60)
