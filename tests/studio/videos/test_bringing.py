"""Films made elsewhere: taken in within bounds, kept for their jobs, and gone with them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from sqlalchemy import func, select

from auth.budget import release
from jobs import erasing
from jobs.records import Job, Reel
from jobs.reels import drop_reels
from jobs.tidying import DAY_MS, remove_orphans
from programme import erasure
from programme.archive import gather
from sora_core.catalog import MODELS
from sora_core.sources import read_film
from studio.clock import now_ms
from studio.people.data_desk import discard
from tests.studio.conftest import House, Person, wait_for
from tests.studio.videos.test_videos import files, state

PROMPT = (None, "it rolls on")
Script = httpx.Client


@pytest.fixture
def patient(script: Script) -> Iterator[Script]:
    """Reading a film waits for whatever else this machine does."""
    before, script.timeout = script.timeout, httpx.Timeout(120)
    yield script
    script.timeout = before


@pytest.fixture(scope="module")
def draw(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("films")

    def film(source: str, name: str = "film.mp4") -> bytes:
        command = [get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi"]
        subprocess.run([*command, "-i", source, folder / name], check=True)
        return (folder / name).read_bytes()

    return film


def reels(house: House) -> list[Reel]:
    with house.parts.database.read() as db:
        return list(db.scalars(select(Reel)))


def end(house: House, first: str) -> None:
    with house.parts.database.begin() as db:
        wish = (Job.id == first) | (Job.variation_of == first)
        for job in db.scalars(select(Job).where(wish)):
            job.state = "failed"
            release(db, job.id, now_ms())


def test_film_is_brought_to_the_models_size_and_rate_and_goes_with_its_last_job(
    house: House, patient: Script, draw: Any
) -> None:
    """640 × 360, 2.5 s at 30 a second: two whole seconds of it, in the size it fills."""
    film = draw("testsrc2=size=640x360:rate=30:duration=2.5,format=yuv420p")
    form = {"prompt": PROMPT, "seconds": (None, "1"), "variations": (None, "2")}
    key = {"idempotency-key": "a-film"}
    before = files(house)
    asked = {**form, "video": ("a.mp4", film)}
    answer = patient.post("/videos/extensions", files=asked, headers=key)
    video = answer.json()
    assert answer.status_code == 200, answer.text
    assert (video["size"], video["seconds"], video["operation"]) == ("448x256", "3", "extend")
    again = patient.post("/videos/extensions", files=asked, headers=key)
    assert again.json()["id"] == video["id"]

    [reel] = reels(house)
    offer = MODELS["sprout"]
    assert video["sources"] == [reel.id]
    assert files(house) == before | {f"{reel.id}.mp4"}
    assert (reel.fps, reel.frame_count) == (offer.drawings_per_s, 2 * offer.drawings_per_s)
    with house.parts.store.lend(reel.key) as path:
        native = offer.native_sizes["16:9"]
        drawings = read_film(path, native, offer.drawings_per_s, "film")
    assert drawings.shape == (reel.frame_count, native[1], native[0], 3)

    database, store = house.parts.database, house.parts.store
    assert drop_reels(database, store) == []
    with database.begin() as db:
        job = erasing.erase(db, video["id"], reel.owner_id, now_ms(), release)
    erasing.discard(store, job)
    assert drop_reels(database, store) == []  # the other variation still needs it
    end(house, video["id"])
    assert drop_reels(database, store) == [reel.id]
    assert (reels(house), files(house)) == ([], before)


def test_edit_of_a_brought_film_is_as_long_and_large_and_names_no_video(
    house: House, patient: Script, other: Script, draw: Any
) -> None:
    """Another wish, and another artist's, cannot begin with what came along with this one."""
    film = draw("testsrc2=size=240x430:rate=24:duration=1,format=yuv420p", "tall.webm")
    form = {"prompt": PROMPT, "strength": (None, "0.5"), "video": ("a.webm", film)}
    video = patient.post("/videos/edits", files=form).json()
    assert (video["size"], video["seconds"], video["operation"]) == ("256x448", "1", "remix")
    assert video["remixed_from_video_id"] is None
    [reel] = reels(house)
    named = {"prompt": "a cat", "video": {"id": reel.id}}
    answers = [someone.post("/videos/edits", json=named) for someone in (patient, other)]
    assert [answer.status_code for answer in answers] == [422, 422]

    with house.parts.database.read() as db:
        archive = gather(db, reel.owner_id, now_ms())
    assert (f"films/{reel.id}.mp4", reel.key) in archive.films
    store, later = house.parts.store, now_ms() + 2 * DAY_MS
    assert f"{reel.id}.mp4" not in remove_orphans(house.parts.database, store, later)
    end(house, video["id"])
    drop_reels(house.parts.database, store)


def test_film_out_of_bounds_is_refused_and_leaves_nothing(
    house: House, patient: Script, draw: Any
) -> None:
    """Nothing is charged either, and what a body declares or brings too much of is not taken."""
    whole = draw("testsrc2=size=320x180:rate=24:duration=1,format=yuv420p", "whole.mp4")
    refused = {
        "no film": b"x" * 100,
        "damaged": whole[: len(whole) // 3],
        "no pictures": draw("sine=duration=2", "sound.mp4"),
        "too short": draw("testsrc2=size=64x64:rate=24:duration=0.4", "short.mp4"),
        "too long": draw("testsrc2=size=64x64:rate=12:duration=11.5", "long.mp4"),
        "too large": draw("color=size=4200x2400:rate=1:duration=2", "large.mp4"),
    }
    before = state(house), files(house)
    for what, film in refused.items():
        answer = patient.post("/videos/edits", files={"prompt": PROMPT, "video": ("a", film)})
        error = answer.json()["error"]
        assert (answer.status_code, error["param"], error["code"]) == (422, "video", "bad_spec"), (
            what,
            error,
        )
    unasked = {"prompt": PROMPT, "video": ("a", whole), "colour": (None, "red")}
    answer = patient.post("/videos/edits", files=unasked)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "colour")
    huge = patient.post("/videos/edits", files={"prompt": PROMPT, "video": ("a", bytes(66 << 20))})
    assert huge.status_code == 400
    json_too_large = patient.post("/videos/edits", json={"prompt": "a" * 70_000, "video": "b"})
    assert json_too_large.status_code == 400
    as_prompt = patient.post("/videos/edits", files={"prompt": ("a", b"a cat")})
    assert (as_prompt.status_code, as_prompt.json()["error"]["param"]) == (422, "prompt")
    assert (state(house), files(house)) == before
    assert reels(house) == []


def test_film_that_breaks_off_leaves_nothing(house: House, ada: Person, script: Script) -> None:
    """While it comes no other one of this artist is read, but a video may be named; then it is
    the next one's turn.
    """
    before = state(house), files(house)
    head = b'--b\r\ncontent-disposition: form-data; name="video"; filename="a.mp4"\r\n\r\n'
    meanwhile: list[int] = []

    def half() -> Iterator[bytes]:
        yield head + bytes(2 << 20)
        wait_for(lambda: bool(house.parts.desk.owners))
        for video in (("a.mp4", b"another film"), (None, "0" * 32)):
            answer = script.post("/videos/edits", files={"prompt": PROMPT, "video": video})
            meanwhile.append(answer.status_code)
        raise InterruptedError

    headers = {
        "authorization": f"Bearer {house.api_token(ada, bearer=True)}",
        "content-type": "multipart/form-data; boundary=b",
        "content-length": str(8 << 20),
    }
    with pytest.raises(InterruptedError):
        httpx.post(f"{house.url}/v1/videos/edits", content=half(), headers=headers)
    assert meanwhile == [429, 404]
    wait_for(lambda: not house.parts.desk.owners)
    assert (state(house), files(house)) == before


def test_brought_film_goes_with_its_tester(
    house: House, script_of: Any, draw: Any, tmp_path: Path
) -> None:
    leaving: Person = house.person("Lea who leaves")
    film = draw("testsrc2=size=256x256:rate=24:duration=1,format=yuv420p", "square.mp4")
    before = files(house)
    with script_of(leaving) as script:
        script.timeout = httpx.Timeout(120)
        form = {"prompt": PROMPT, "video": ("a.mp4", film)}
        assert script.post("/videos/edits", files=form).status_code == 200
    assert len(files(house) - before) == 1
    with house.parts.database.begin() as db:
        gone = erasure.erase(
            db, leaving.principal.tester_id, "Lea who leaves", release=release, now_ms=now_ms()
        )
    discard(house.parts, gone)
    assert files(house) == before
    with house.parts.database.read() as db:
        assert db.scalar(select(func.count()).select_from(Reel)) == 0
