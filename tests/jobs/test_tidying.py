"""What is over is removed, and nothing else: rows, files, the engine's orders."""

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from auth.budget import release
from jobs.pictures import file_name as picture_name
from jobs.pictures import new_picture_id
from jobs.records import Clip, Job, Picture, Presence, move
from jobs.tidying import DAY_MS, remove_lost, remove_orders, remove_orphans, retire
from sora_core.store import Store
from tests.jobs.conftest import House, now_ms


@pytest.fixture
def store(house: House) -> Store:
    return Store(house.settings.data / "clips")


def put(store: Store, name: str) -> str:
    draft = store.draft(name)
    draft.write_bytes(b"film")
    store.keep(draft, store.key(name))
    return store.key(name)


def finish(house: House, store: Store, job: Job, ended_at: int) -> Job:
    """What the worker leaves of a finished job: rows, film, still, and somebody's sprite sheet."""
    keys = [put(store, f"{job.id}-1.{kind}") for kind in ("mp4", "jpg")]
    put(store, f"{job.id}-sheet.jpg")
    sizes = ("width", "height", "native_width", "native_height")
    facts = dict.fromkeys((*sizes, "bytes", "fps", "native_fps", "frame_count"), 1)
    with house.database.begin() as db:
        move(db, job.id, "queued", state="finished", attempts=1, ended_at=ended_at)
        names = {"key": keys[0], "poster_key": keys[1], "sha256": "0" * 64}
        db.add(Clip(id=job.id, owner_id=job.owner_id, created_at=ended_at, **names, **facts))
    return job


def orders(house: House) -> int:
    table = "workflow_status" if house.database.is_sqlite else "dbos.workflow_status"
    with house.database.read() as db:
        return db.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def is_there(house: House, job: Job) -> bool:
    with house.database.read() as db:
        return db.get(Job, job.id) is not None


def test_retire_erases_rows_and_files_of_what_ended_before(house: House, store: Store) -> None:
    old, new, shown = (house.ask() for _ in range(3))
    waiting = house.ask()
    for job, ended_at in ((old, 1_000), (shown, 1_000), (new, 3_000)):
        finish(house, store, job, ended_at)
    gone = retire(house.database, store, release, 2_000, now_ms(), Job.id != shown.id)
    assert gone == 1
    assert [is_there(house, job) for job in (old, new, shown, waiting)] == [False, True, True, True]
    assert house.clip(old) is None
    assert {Path(name).name[:32] for name in house.files()} == {new.id, shown.id}
    assert len(house.files()) == 6


def test_retire_erases_pictures_that_nobody_used_since(house: House, store: Store) -> None:
    used, unused, late = (new_picture_id() for _ in range(3))
    with house.database.begin() as db:
        for picture_id, used_at in ((used, 1_500), (unused, None), (late, 2_500)):
            key = put(store, picture_name(picture_id))
            facts = {"key": key, "bytes": 1, "width": 1, "height": 1, "created_at": 1_000}
            db.add(Picture(id=picture_id, owner_id="ada", used_at=used_at, **facts))
    retire(house.database, store, release, 2_000, now_ms())
    assert [Path(name).stem for name in house.files()] == [late]


def test_orphans_go_once_they_are_old_and_what_a_row_names_stays(
    house: House, store: Store
) -> None:
    finished = finish(house, store, house.ask(), now_ms())
    running, erased = house.ask(), "0" * 32
    with house.database.begin() as db:
        move(db, running.id, "queued", state="running", executor_id="ann")
    put(store, f"{running.id}-1.mp4")
    orphans = [f"{finished.id}-2.mp4", f"{erased}-1.mp4", f"{erased}-sheet.jpg"]
    orphans.append(f"{erased}-shown.mp4")
    orphans.append(picture_name(new_picture_id()))
    for name in orphans:
        put(store, name)
    put(store, "somebody-elses.txt")
    store.draft("left.mp4").write_bytes(b"draft")
    assert remove_orphans(house.database, store, now_ms()) == []
    for path in (house.settings.data / "clips").rglob("*"):
        os.utime(path, (1, 1))
    assert sorted(remove_orphans(house.database, store, now_ms())) == sorted(orphans)
    left = {Path(name).name for name in house.files()}
    film, still, sheet = (f"{finished.id}-{end}" for end in ("1.mp4", "1.jpg", "sheet.jpg"))
    assert left == {film, still, sheet, f"{running.id}-1.mp4", "somebody-elses.txt"}


def test_orders_of_jobs_that_ended_go_a_day_later(house: House) -> None:
    ended, waiting = house.cancel(house.ask()), house.ask()
    assert remove_orders(house.database, house.queue, now_ms()) == 0
    assert remove_orders(house.database, house.queue, now_ms() + 2 * DAY_MS) == 1
    assert orders(house) == 1
    assert (house.look(ended).state, house.look(waiting).state) == ("stopped", "queued")


def test_lost_workers_are_forgotten_after_a_week(house: House) -> None:
    times = {"joined_at": 1, "beat_at": 1}
    with house.database.begin() as db:
        for name, lost_at in (("old", 1), ("new", now_ms()), ("there", None)):
            db.add(Presence(name=name, executor_id=name, host="h", lost_at=lost_at, **times))
    remove_lost(house.database, now_ms())
    with house.database.read() as db:
        assert {row.name for row in db.query(Presence)} == {"new", "there"}
