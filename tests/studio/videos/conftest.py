"""Scripts of two testers, and a real film for what needs one."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from clients.greenroom_client import GreenroomAuth
from tests.studio.conftest import House, Person

Script = httpx.Client


@pytest.fixture(scope="module")
def script_of(house: House, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Person], Script]:
    def open_script(person: Person) -> Script:
        key_file = tmp_path_factory.mktemp("key") / "key.pem"
        auth = GreenroomAuth(key_file, house.api_token(person))
        return httpx.Client(base_url=f"{house.url}/v1", auth=auth, timeout=30)

    return open_script


@pytest.fixture(scope="module")
def script(script_of: Callable[[Person], Script], ada: Person) -> Script:
    """A program of Ada's, with a token and a key."""
    return script_of(ada)


@pytest.fixture(scope="module")
def other(script_of: Callable[[Person], Script], ben: Person) -> Script:
    return script_of(ben)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One second of H.264, 256×256, 24 frames."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_film(path)
    return path.read_bytes()


def make_film(path: Path) -> None:
    source = "testsrc=size=256x256:rate=24:duration=1"
    quiet = ("-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i", source)
    subprocess.run([get_ffmpeg_exe(), *quiet, "-pix_fmt", "yuv420p", path], check=True)
