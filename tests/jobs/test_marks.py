"""Each film's mark names its job, for as long as copies of it may turn up."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.records import AuditEntry
from database import Database
from jobs.erasing import erase
from jobs.marks import find_mark, issue_mark, known_marks, lent, note_mark
from jobs.records import Clip, Job, Mark
from sora_core.mark import embedding
from sora_core.mark.__main__ import main
from sora_core.mark.fingerprint import fingerprint, fingerprint_of
from sora_core.mark.keys import key_id_of, mark_key
from sora_core.mark.pattern import pattern_of
from sora_core.mark.tracing import CHANCE
from sora_core.store import Store
from tests.sora_core.mark.films import wall, wall_film

KEY = mark_key("a secret of more than thirty-two characters")


@dataclass
class Marked:
    """A database that knows two jobs, and the film of the first."""

    database: Database
    store: Store
    film: Path
    numbers: list[int]


def job(number: int) -> Job:
    return Job(
        id=f"{number:032x}",
        owner_id=f"owner-{number}",
        admission_id=f"token-{number}",
        state="finished",
        spec={},
        gpu_ms=1,
        priority="tester",
        line=number,
        created_at=number,
    )


@pytest.fixture
def marked(database: Database, tmp_path: Path) -> Marked:
    with database.begin() as db:
        jobs = [job(1), job(2)]
        db.add_all(jobs)
        numbers = [issue_mark(db, one, key_id_of(KEY), 5) for one in jobs]
        for one in jobs:
            note_mark(db, one.id, 20.0, None)
    film = wall_film(tmp_path / "film.mp4", embedding.Mark(numbers[0], pattern_of(KEY)))
    return Marked(database, Store(tmp_path / "media"), film, numbers)


def test_issue_gives_a_job_one_number_however_often_it_is_tried(database: Database) -> None:
    with database.begin() as db:
        first = issue_mark(db, job(1), "key", 5)
        assert issue_mark(db, job(1), "key", 9) == first
        assert issue_mark(db, job(2), "key", 9) != first


def test_find_names_job_token_and_owner(marked: Marked) -> None:
    found = find_mark(marked.database, marked.store, marked.film, KEY)
    assert found.mark is not None
    assert (found.mark.job_id, found.mark.admission_id) == (job(1).id, "token-1")
    assert found.mark.owner_id == "owner-1"
    assert found.chance <= CHANCE
    assert (found.compared, found.other_keys) == (2, 0)


def test_find_names_who_deleted_the_clip_before_it_turned_up(marked: Marked) -> None:
    """Deleting a clip must not be how one leaks it unseen."""
    with marked.database.begin() as db:
        erase(db, job(1).id, "owner-1", 6, lambda *_: None)
    found = find_mark(marked.database, marked.store, marked.film, KEY)
    assert found.mark is not None
    assert (found.mark.owner_id, found.mark.admission_id) == ("owner-1", "token-1")


def test_find_says_that_marks_of_another_key_were_not_compared(marked: Marked) -> None:
    found = find_mark(marked.database, marked.store, marked.film, mark_key("another secret"))
    assert (found.mark, found.compared, found.other_keys) == (None, 0, 2)


def test_find_hints_at_the_film_that_looks_alike_where_no_mark_is(
    marked: Marked, tmp_path: Path
) -> None:
    plain = wall_film(tmp_path / "plain.mp4")
    with marked.database.begin() as db:
        note_mark(db, job(2).id, 20.0, fingerprint(list(wall())))
    found = find_mark(marked.database, marked.store, plain, KEY)
    assert found.mark is None
    assert [hint.job_id for hint, _ in found.hints] == [job(2).id]


def test_stored_films_that_look_alike_are_lent_and_none_where_one_is_gone(marked: Marked) -> None:
    """A copy is laid over those; a film that is gone leaves its fingerprint alone."""
    with marked.database.begin() as db:
        for one in (job(1), job(2)):
            note_mark(db, one.id, 20.0, fingerprint(list(wall())))
        keep(db, marked)
        known = known_marks(db, KEY, fingerprint_of(marked.film))
    assert {number for number, _ in known.alike} == set(marked.numbers)
    with lent(marked.store, known) as films:
        kept = films[marked.numbers[0]]
        assert kept is not None
        assert kept.read_bytes() == marked.film.read_bytes()
        assert films[marked.numbers[1]] is None
    marked.store.discard("film.mp4")
    with lent(marked.store, known) as films:
        assert films == dict.fromkeys(marked.numbers)


def test_find_names_the_job_of_a_worn_copy_and_says_that_another_looks_like_it(
    marked: Marked, tmp_path: Path
) -> None:
    """Two jobs drew the same: the mark tells whose copy it is, the look cannot."""
    with marked.database.begin() as db:
        for one in (job(1), job(2)):
            note_mark(db, one.id, 20.0, fingerprint(list(wall())))
        keep(db, marked)
    found = find_mark(marked.database, marked.store, worn_copy(marked.film, tmp_path), KEY)
    assert found.mark is not None
    assert found.mark.job_id == job(1).id
    assert found.chance <= CHANCE
    assert {hint.job_id for hint, _ in found.hints} == {job(1).id, job(2).id}


def keep(db: Session, marked: Marked) -> None:
    """The first job's film as its clip."""
    draft = marked.store.draft("film.mp4")
    draft.write_bytes(marked.film.read_bytes())
    marked.store.keep(draft, marked.store.key("film.mp4"))
    size = {"width": 448, "height": 256, "fps": 24, "frame_count": 24, "bytes": 1}
    native = {"native_width": 112, "native_height": 64, "native_fps": 24}
    key = marked.store.key("film.mp4")
    row = {"id": job(1).id, "owner_id": "owner-1", "key": key, "poster_key": "", "sha256": ""}
    db.add(Clip(**row, **size, **native, created_at=1))


def worn_copy(film: Path, folder: Path) -> Path:
    copy = folder / "worn.mp4"
    turned = ("-vf", "rotate=1.2*PI/180,scale=372:-2", "-crf", "30")
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", film, *turned, copy]
    subprocess.run(command, check=True)
    return copy


def test_trace_command_says_whose_film_it_is_and_writes_that_it_was_asked(
    marked: Marked,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GREENROOM_DATABASE_URL", marked.database.url)
    monkeypatch.setenv("GREENROOM_MARK_KEY", "a secret of more than thirty-two characters")
    assert main(["trace", str(marked.film)]) == 0
    told = capsys.readouterr().out
    assert job(1).id in told
    assert "token-1" in told
    with marked.database.read() as db:
        rows = db.scalars(select(AuditEntry.subject).where(AuditEntry.action == "mark.trace"))
        assert rows.all() == [f"job:{job(1).id}"]
        assert db.get_one(Mark, marked.numbers[0]).z == 20.0
    text = tmp_path / "film.txt"
    text.write_text("no film")
    assert main(["trace", str(text)]) == 2
