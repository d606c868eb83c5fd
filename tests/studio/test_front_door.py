"""`python app.py`: starting, refusing to start, leaving."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.greenroom import ROOT, Greenroom
from tests.studio.conftest import DeviceKey


@pytest.fixture(scope="module")
def greenroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Greenroom]:
    room = Greenroom(tmp_path_factory.mktemp("front-door"))
    room.start()
    yield room
    if room.process and room.process.poll() is None:
        room.end()


def refusal(data: Path, **environment: str) -> str:
    """What a start that is refused says; nothing else, and status 1."""
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "GREENROOM_DATA": str(data), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


def test_second_start_on_the_same_folder_is_refused(greenroom: Greenroom) -> None:
    assert "Another Greenroom is using this data folder" in refusal(greenroom.data)


def test_start_on_a_taken_port_is_refused_and_keeps_the_admin_link(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"Port {port}" in refusal(tmp_path, GRADIO_SERVER_PORT=port)
    room = Greenroom(tmp_path)
    room.start()
    assert room.admin_link.startswith(f"{room.url}/sign-in#link=grm_link_")
    assert room.end() == 0


def test_start_with_a_poor_secret_is_refused(tmp_path: Path) -> None:
    assert "GREENROOM_SECRET" in refusal(tmp_path, GREENROOM_SECRET="changeme")


def test_importing_the_front_door_touches_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); import app"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_leaving_ends_open_streams_and_the_worker(greenroom: Greenroom, tmp_path: Path) -> None:
    """Last in this file: it ends the Greenroom the others use."""
    origin = {"origin": greenroom.url}
    key = DeviceKey(tmp_path / "key.pem")
    with httpx.Client(base_url=greenroom.url, headers=origin, auth=key, timeout=60) as browser:
        browser.post("/sign-in", json={"token": greenroom.token_for("Ada")})
        wish = {"prompt": "a red ball", "seconds": 10, "size": "1280x720"}
        job_id = browser.post("/jobs", json=wish).json()["id"]
        with browser.stream("GET", f"/jobs/{job_id}/events") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: job"
            assert greenroom.process is not None
            greenroom.process.send_signal(signal.SIGTERM)
            assert "event: gone" not in list(lines)
    assert greenroom.process.wait(timeout=60) == 0
    assert greenroom.job(job_id).state in ("queued", "running")
    assert "Traceback" not in greenroom.said()
    first_start = greenroom.said().count("One-time admin link")
    greenroom.start()
    assert greenroom.said().count("One-time admin link") == first_start == 1
