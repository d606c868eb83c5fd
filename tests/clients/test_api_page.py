"""docs/api.md is true: its examples run, in order, and its links and figures are the code's."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio_client
import pytest
from sqlalchemy import select

from jobs.records import Job
from studio.webhooks.outbox import WAITS_MS
from studio.webhooks.reaching import TIMEOUT_S
from studio.webhooks.signing import event
from tests.services import find_program
from tests.studio.conftest import House, Person, opened
from tests.studio.videos.conftest import make_film
from tests.studio.webhooks.conftest import listening

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/api.md").read_text()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("house"), GREENROOM_WEBHOOKS_LOOPBACK="on") as house:
        yield house


@pytest.fixture(scope="module")
def ada(house: House) -> Person:
    return house.person("Ada")


@pytest.fixture
def quick_worker(house: House, tmp_path: Path) -> Iterator[None]:
    """Ends every job that waits, with a film that is always the same."""
    film, over = tmp_path / "film.mp4", threading.Event()
    make_film(film)

    def work() -> None:
        while not over.wait(0.1):
            with house.parts.database.read() as db:
                waiting = db.scalars(select(Job.id).where(Job.state == "queued")).all()
            for job_id in waiting:
                house.finish(job_id, film.read_bytes())

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


def examples(language: str) -> str:
    """All blocks of one language, as one program."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S))


def run(program: list[str], folder: Path, **environment: str) -> str:
    clean = {"PYTHONPATH": str(ROOT / "clients"), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        program,
        cwd=folder,
        env=os.environ | clean | environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("quick_worker")
def test_python_examples_run(house: House, ada: Person, tmp_path: Path) -> None:
    script = tmp_path / "examples.py"
    script.write_text(examples("python"))
    with listening() as ear:
        token = house.api_token(ada)
        said = run(
            [sys.executable, str(script)], tmp_path, URL=house.url, TOKEN=token, HOOK=ear.url
        )
        [(headers, body)] = ear.heard
    secret, renewed = re.findall(r"whsec_\S+", said)
    assert secret != renewed
    assert hear_of(body, headers, secret) == {json.loads(body)["id"]}
    assert "['completed', 'completed', 'completed']" in said
    assert (tmp_path / "ball.mp4").read_bytes()[4:8] == b"ftyp"
    assert (tmp_path / "lighthouse.jpg").exists()


def hear_of(body: bytes, headers: dict[str, str], secret: str) -> set[str]:
    """What the page's own `hear` remembers of one message that came twice."""
    [block] = [
        text
        for text in re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
        if "def hear" in text
    ]
    names: dict[str, Any] = {}
    exec(block.replace("from greenroom_client", "from clients.greenroom_client"), names)  # noqa: S102 (our page)
    heard = set[str]()
    for _ in "ab":
        names["hear"](body, headers, secret, heard)
    return heard


@pytest.mark.usefixtures("quick_worker")
def test_curl_examples_run(house: House, ada: Person, tmp_path: Path) -> None:
    find_program("curl")
    script = tmp_path / "examples.sh"
    script.write_text(f"set -euo pipefail\n{examples('sh')}")
    token = house.api_token(ada, bearer=True)
    run([find_program("bash"), str(script)], tmp_path, URL=house.url, BEARER=token)
    assert (tmp_path / "ball.mp4").read_bytes()[4:8] == b"ftyp"
    assert (tmp_path / "beginning.bin").stat().st_size == 100
    assert (tmp_path / "ball.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


def test_gradio_client_stands_before_closed_doors_as_the_page_says(
    house: House, ada: Person
) -> None:
    token = house.api_token(ada, bearer=True)
    before = house.count_jobs()
    with pytest.raises(Exception, match=r"404|config|Could not"):
        gradio_client.Client(house.url, headers={"authorization": f"Bearer {token}"}, verbose=False)
    assert house.count_jobs() == before


def test_page_says_how_often_webhooks_are_tried() -> None:
    assert f"within {TIMEOUT_S} seconds" in PAGE
    told = "5 s, 1, 5\n  and 30 minutes, 2, 5, 10 and 20 hours"
    assert told in PAGE
    minutes, hours = (60, 300, 1800), (7200, 18_000, 36_000, 72_000)
    assert [wait_ms // 1000 for wait_ms in WAITS_MS] == [5, *minutes, *hours]


def test_json_on_the_page_is_what_is_answered(house: House, ada: Person) -> None:
    refusal, message = map(json.loads, re.findall(r"^```json\n(.*?)^```", PAGE, re.M | re.S))
    token = house.api_token(ada, bearer=True)
    wish = {"prompt": "a red ball", "seconds": "11"}
    answer = house.stranger().post(
        "/v1/videos", json=wish, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.json() == refusal
    sent = json.loads(event(message["id"], message["type"], "0" * 32, 1_795_305_600_000))
    assert sent | {"data": {"id": "…"}} == message
