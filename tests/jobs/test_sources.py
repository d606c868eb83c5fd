"""What a clip begins with: asked for at admission, and again when the worker opens it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image
from sqlalchemy import delete, update

from auth.budget import release, settle
from auth.switch import why_stop
from errors import BadSpec
from jobs.pace import paces
from jobs.pictures import find_picture, new_picture_id, use_pictures
from jobs.queue import new_job_id
from jobs.records import Clip, Job, Picture
from jobs.sources import GONE, lend_source, require_sources
from jobs.worker import Worker
from sora_core.spec import ClipSpec
from sora_core.store import Store
from tests.jobs.conftest import House, now_ms

WISH = {"prompt": "a red ball", "size": "256x256", "seconds": 1, "seed": 7, "variant": "turbo"}


class Unheard:
    """Nobody watches."""

    def publish(self, event: object) -> None:
        return


@pytest.fixture
def store(house: House) -> Store:
    return Store(house.settings.data / "clips")


@pytest.fixture
def worker(house: House, store: Store) -> Worker:
    return Worker(
        house.database, store, Unheard(), settle, release, why_stop, house.queue, clock=now_ms
    )


@pytest.fixture
def picture(house: House, store: Store) -> str:
    """A picture of the tester's, half red and half blue."""
    picture_id = new_picture_id()
    name = f"{picture_id}.jpg"
    draft = store.draft(name)
    halves = Image.new("RGB", (64, 64), "red")
    halves.paste("blue", (32, 0, 64, 64))
    halves.save(draft, "JPEG")
    store.keep(draft, store.key(name))
    owner_id = house.principal.tester_id
    facts = {"key": store.key(name), "bytes": 1, "width": 64, "height": 64, "created_at": 1}
    with house.database.begin() as db:
        db.add(Picture(id=picture_id, owner_id=owner_id, **facts))
    return picture_id


def ask(house: House, **change: object) -> Job:
    """Through the door that the studio uses: sources, gate, line, in one transaction."""
    spec, now = ClipSpec.parse({**WISH, **change}), now_ms()
    with house.database.begin() as db:
        require_sources(db, spec, house.principal.tester_id, now)
        job_id = new_job_id(now)
        admission = house.gate.admit(db, house.principal, job_id, spec.gpu_ms, now)
        return house.queue.enqueue(
            db,
            spec,
            job_id=job_id,
            owner_id=admission.tester_id,
            admission_id=admission.token_id,
            now_ms=now,
        )


def row_is_gone(house: House, clip: Job) -> None:
    with house.database.begin() as db:
        db.execute(delete(Clip).where(Clip.id == clip.id))


def file_is_gone(house: House, clip: Job) -> None:
    for path in (house.settings.data / "clips").rglob(f"{clip.id}*.mp4"):
        path.unlink()


def became_anothers(house: House, clip: Job) -> None:
    with house.database.begin() as db:
        db.execute(update(Clip).where(Clip.id == clip.id).values(owner_id="somebody else"))


@pytest.mark.parametrize("happens", [row_is_gone, file_is_gone, became_anothers])
def test_source_that_goes_before_it_is_opened_fails_the_clip_and_refunds_it(
    house: House, worker: Worker, happens: Callable[[House, Job], None]
) -> None:
    """Clear words, nothing charged, nothing half done."""
    clip = ask(house)
    worker.carry(clip.id)
    job = ask(house, operation="extend", seconds=2, sources=[clip.id])
    happens(house, clip)
    left, spent = house.files(), house.budget().spent_gpu_ms
    worker.carry(job.id)
    ended = house.look(job)
    assert (ended.state, ended.error_code, ended.error_sentence) == ("failed", "bad_spec", GONE)
    assert house.hold(job).state == "released"
    assert (house.budget().held_gpu_ms, house.budget().spent_gpu_ms) == (0, spent)
    assert house.files() == left


def test_clip_begins_with_the_picture_that_was_brought(
    house: House, worker: Worker, store: Store, picture: str, tmp_path: Path
) -> None:
    """Red stays left and blue right in the very first picture of the film."""
    job = ask(house, operation="image", sources=[picture])
    worker.carry(job.id)
    clip = house.clip(job)
    assert clip is not None, house.look(job).error_sentence
    with store.lend(clip.key) as film:
        still = first_picture(film, tmp_path)
    (red, _, less_blue), (less_red, _, blue) = (still.getpixel((x, 128)) for x in (40, 216))
    assert red > 150 > less_red
    assert blue > 150 > less_blue


def first_picture(film: Path, folder: Path) -> Image.Image:
    still = folder / "first.png"
    subprocess.run(
        [get_ffmpeg_exe(), "-loglevel", "error", "-i", film, "-frames:v", "1", still], check=True
    )
    return Image.open(still).convert("RGB")


def test_others_and_missing_sources_are_refused_alike(
    house: House, store: Store, picture: str
) -> None:
    for source in (picture, new_picture_id(), "0" * 32):
        with (
            pytest.raises(BadSpec, match="is not there, or is not yours"),
            lend_source(house.database, store, source, "somebody else"),
        ):
            raise AssertionError
    with lend_source(house.database, store, picture, house.principal.tester_id) as path:
        assert path.is_file()


def test_picture_is_used_from_its_first_admission_on(house: House, picture: str) -> None:
    owner_id = house.principal.tester_id
    ask(house, operation="image", sources=[picture])
    with house.database.begin() as db:
        first = find_picture(db, picture, owner_id).used_at
        use_pictures(db, [picture], owner_id, now_ms() + 5)
    assert first is not None


def drawn(house: House, variant: str, share: float) -> None:
    """A clip that was finished in `share` of its price."""
    job = ask(house, variant=variant)
    with house.database.begin() as db:
        row = db.get_one(Job, job.id)
        row.state, row.started_at = "finished", 1000
        row.ended_at = 1000 + round(row.gpu_ms * share)


def test_pace_is_the_middle_of_what_clips_took_of_their_price(house: House) -> None:
    """Of one's own variant from three clips on, else of all; of too few, none."""
    both = ("quality", "turbo")
    for share in (4, 0.5):
        drawn(house, "turbo", share)
    with house.database.read() as db:
        assert paces(db, both) == {"quality": None, "turbo": None}
    drawn(house, "turbo", 0.25)
    with house.database.read() as db:
        assert paces(db, both) == pytest.approx({"quality": 0.5, "turbo": 0.5}, abs=0.01)
    for _ in range(3):
        drawn(house, "quality", 0.1)
    with house.database.read() as db:
        assert paces(db, both) == pytest.approx({"quality": 0.1, "turbo": 0.5}, abs=0.01)
