"""Pictures and films to begin with are held against classifiers: explained, logged, appealed."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import Any

import httpx
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image
from sqlalchemy import func, select

from auth import reviewers, testers
from auth.audit import Search, entries
from auth.records import Reservation, Tester
from clients.greenroom_client import GreenroomAuth
from database import Database
from jobs.records import Picture, Reel
from programme.moderation.classifiers import PICTURES, Classifier
from programme.moderation.judge import Judge
from studio.clock import now_ms
from tests.studio.conftest import WISH, House, Person, serving, wire

RED, BLUE = (230, 20, 20), (20, 20, 230)


def redness(picture: Image.Image) -> float:
    """How sure this classifier is of red: a plain one, which anybody can check."""
    red, _, blue = np.asarray(picture, float).mean((0, 1)) / 255
    return float(np.clip(red - blue, 0, 1))


def classifier(score: Callable[[Image.Image], float] = redness, **more: Any) -> Classifier:
    return Classifier("model", "red", 0.5, score, task=PICTURES, **more)


@pytest.fixture
def looking(database: Database, tmp_path: Path) -> Callable[..., AbstractContextManager[House]]:
    """A Greenroom whose pictures are looked at by this classifier."""

    @contextmanager
    def serve(one: Classifier | None = None) -> Iterator[House]:
        judge = Judge(picture_classifiers=[one or classifier()])
        with serving(replace(wire(database, tmp_path), judge=judge)) as house:
            yield house

    return serve


def bring(person: Person, colour: tuple[int, int, int]) -> str:
    file = BytesIO()
    Image.new("RGB", (40, 30), colour).save(file, "PNG")
    return str(person.browser.post("/pictures", content=file.getvalue()).json()["id"])


def begin(person: Person, *pictures: str) -> dict[str, Any]:
    wish = {**WISH, "operation": "image", "sources": pictures}
    return dict(person.browser.post("/jobs", json=wish).json())


def rhea(house: House) -> Person:
    """A reviewer who is no admin."""
    person = house.person("Rhea")
    with house.parts.database.begin() as db:
        tester = db.get_one(Tester, person.principal.tester_id)
        reviewers.set_reviewer(db, tester, True, by="operator", now_ms=now_ms())
    return person


def state(house: House) -> tuple[int, int]:
    with house.parts.database.read() as db:
        return house.count_jobs(), db.scalar(select(func.count()).select_from(Reservation)) or 0


def test_refused_picture_makes_no_job_holds_nothing_and_says_why(looking: Any) -> None:
    with looking() as house:
        ada = house.person("Ada")
        refused = begin(ada, bring(ada, RED))
        assert (refused["code"], refused["status"], refused["rule"]) == (
            "picture_refused",
            422,
            "model_red",
        )
        assert "took a picture for “red”" in refused["detail"]
        assert "Nothing was charged" in refused["detail"]
        assert state(house) == (0, 0)
        with house.parts.database.read() as db:
            [row] = entries(db, Search(action="picture"), 5)
        assert (row.action, row.subject) == ("picture.refuse", f"refusal:{refused['refusal']}")


def test_each_picture_of_a_wish_is_looked_at_and_a_harmless_one_passes(looking: Any) -> None:
    with looking() as house:
        ada = house.person("Ada")
        blue = bring(ada, BLUE)
        assert begin(ada, blue)["state"] == "queued"
        assert begin(ada, "", bring(ada, RED))["code"] == "picture_refused"
        assert begin(ada, blue, bring(ada, RED))["code"] == "picture_refused"


def test_appeal_shows_the_picture_to_a_reviewer_who_lets_it_pass(looking: Any) -> None:
    with looking() as house:
        ada, ben, reviewer = house.person("Ada"), house.person("Ben"), rhea(house)
        picture = bring(ada, RED)
        refusal = begin(ada, picture)["refusal"]
        path = f"/backstage/refusals/{refusal}.jpg"
        assert reviewer.browser.get(path).status_code == 404  # nobody asked for a person
        ada.browser.post(f"/refusals/{refusal}/appeal", json={"plea": "A poppy."})
        [row] = reviewer.browser.get("/backstage/refusals").json()["refusals"]
        assert (row["kind"], row["picture"], row["own"]) == ("picture", path, False)
        seen = reviewer.browser.get(path)
        assert Image.open(BytesIO(seen.content)).size == (40, 30)
        assert ben.browser.get(path).status_code == 404
        wish = {"verdict": "allowed", "words": "A poppy."}
        reviewer.browser.post(f"/backstage/refusals/{refusal}/decide", json=wish)
        [own] = ada.browser.get("/refusals").json()["refusals"]
        assert (own["state"], own["by"], own["picture"]) == (
            "allowed",
            "a reviewer",
            f"/pictures/{picture}.jpg",
        )
        assert begin(ada, picture)["state"] == "queued"
        assert begin(ada, bring(ada, RED))["state"] == "queued"  # the same file, brought again
        assert begin(ada, bring(ada, (255, 0, 0)))["code"] == "picture_refused"
        assert begin(ben, bring(ben, RED))["code"] == "picture_refused"


def test_reviewer_decides_nothing_about_a_picture_of_their_own(looking: Any) -> None:
    with looking() as house:
        reviewer = rhea(house)
        refusal = begin(reviewer, bring(reviewer, RED))["refusal"]
        reviewer.browser.post(f"/refusals/{refusal}/appeal", json={"plea": "Me."})
        assert reviewer.browser.get("/backstage/refusals").json()["refusals"][0]["own"] is True
        wish = {"verdict": "allowed", "words": "Me."}
        answer = reviewer.browser.post(f"/backstage/refusals/{refusal}/decide", json=wish)
        assert answer.json()["code"] == "own_work"


def test_appeal_of_a_picture_that_is_gone_says_what_to_do(looking: Any) -> None:
    with looking() as house:
        ada = house.person("Ada")
        picture = bring(ada, RED)
        refusal = begin(ada, picture)["refusal"]
        with house.parts.database.begin() as db:
            db.delete(db.get_one(Picture, picture))
        answer = ada.browser.post(f"/refusals/{refusal}/appeal", json={"plea": "A poppy."})
        assert answer.json()["code"] == "conflict"
        assert "ask for the clip with it again" in answer.json()["detail"]
        [own] = ada.browser.get("/refusals").json()["refusals"]
        assert (own["state"], own["picture"]) == ("refused", None)


def test_picture_that_no_classifier_could_judge_is_not_drawn(looking: Any) -> None:
    def fail(_picture: Image.Image) -> float:
        raise RuntimeError("out of memory")

    with looking(classifier(fail)) as house:
        ada = house.person("Ada")
        assert begin(ada, bring(ada, BLUE))["code"] == "judge_unavailable"
        assert state(house) == (0, 0)
        assert ada.browser.post("/jobs", json=WISH).json()["state"] == "queued"  # words alone


def test_classifier_that_takes_its_time_keeps_nobody_else_waiting(looking: Any) -> None:
    """It works in a thread of its own, and the event loop answers others meanwhile."""
    began, over, threads = Event(), Event(), list[str]()

    def slow(picture: Image.Image) -> float:
        threads.append(current_thread().name)
        began.set()
        over.wait(60)
        return redness(picture)

    with looking(classifier(slow, answer_s=60)) as house:
        ada = house.person("Ada")
        picture, answers = bring(ada, RED), list[dict[str, Any]]()
        asking = Thread(target=lambda: answers.append(begin(ada, picture)))
        asking.start()
        assert began.wait(30)
        assert house.stranger().get("/healthz").text == "ok\n"
        assert house.person("Ben").browser.post("/jobs", json=WISH).json()["state"] == "queued"
        assert answers == []
        over.set()
        asking.join(30)
        assert answers[0]["code"] == "picture_refused"
        assert threads == ["classifier model_red"]


def film(tmp_path: Path, source: str) -> bytes:
    command = [get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi"]
    subprocess.run([*command, "-i", source, tmp_path / "film.mp4"], check=True)
    return (tmp_path / "film.mp4").read_bytes()


def edit(house: House, script: httpx.Client, content: bytes) -> httpx.Response:
    files = {"prompt": (None, "it rolls on"), "video": ("film.mp4", content, "video/mp4")}
    return script.post("/videos/edits", files=files)


def test_film_is_looked_at_and_the_moment_that_was_refused_is_kept_for_an_appeal(
    looking: Any, tmp_path: Path
) -> None:
    """Two seconds of it: blue, and red from the middle on."""
    mixed = film(
        tmp_path,
        "color=blue:size=256x256:rate=12:duration=1[a];color=red:size=256x256:rate=12:duration=1[b];"
        "[a][b]concat=n=2",
    )
    blue = film(tmp_path, "color=blue:size=256x256:rate=12:duration=1")
    with looking() as house:
        ada, admin = house.person("Ada"), house.person("Cleo", testers.ADMIN)
        auth = GreenroomAuth(tmp_path / "key.pem", house.api_token(ada))
        script = httpx.Client(base_url=f"{house.url}/v1", auth=auth, timeout=120)
        refused = edit(house, script, mixed)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "picture_refused")
        with house.parts.database.read() as db:
            assert db.scalars(select(Reel)).all() == []
        assert not list(Path(house.parts.store.root).rglob("film_*"))
        [own] = ada.browser.get("/refusals").json()["refusals"]
        still = Image.open(BytesIO(ada.browser.get(own["picture"]).content))
        assert (own["kind"], redness(still) > 0.5) == ("film", True)
        ada.browser.post(f"/refusals/{own['id']}/appeal", json={"plea": "A sunset."})
        path = f"/backstage/refusals/{own['id']}"
        assert admin.browser.get(f"{path}.jpg").status_code == 200
        wish = {"verdict": "allowed", "words": "A sunset."}
        assert admin.browser.post(f"{path}/decide", json=wish).status_code == 200
        assert edit(house, script, mixed).status_code == 200
        assert edit(house, script, blue).status_code == 200
