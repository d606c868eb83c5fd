"""The film of a job leaves signed, by whichever process draws it."""

import hashlib
from pathlib import Path

from sqlalchemy import select

from database import Database
from jobs.provenance import open_provenance
from jobs.records import Job, Mark
from settings import Settings
from sora_core.credentials.reading import read_credentials
from sora_core.mark.tracing import FAINT_Z
from sora_core.render import render
from sora_core.spec import ClipSpec

MADE_AT = 1_790_000_000_000
SMALL = {"prompt": "a red ball", "size": "256x256", "seconds": 1, "seed": 7, "variant": "turbo"}


def test_film_of_a_job_is_signed_and_a_remix_names_what_it_came_from(tmp_path: Path) -> None:
    settings = Settings.read({"GREENROOM_DATA": str(tmp_path / "data")})
    database = Database(f"sqlite:///{tmp_path / 'greenroom.db'}")
    database.migrate()
    provenance_of = open_provenance(settings, database, lambda: MADE_AT)
    roots = (tmp_path / "data/credentials/roots.pem").read_text()
    film = None
    for number, form in enumerate((SMALL, {**SMALL, "operation": "remix", "sources": ["first"]})):
        film = render(
            ClipSpec.parse(form),
            tmp_path / f"{form.get('operation', 'text')}.mp4",
            on_progress=lambda _: None,
            open_source={"first": tmp_path / "text.mp4"}.__getitem__,
            provenance=provenance_of(Job(id=f"{number:032}", owner_id="me", admission_id="token")),
        )
    assert film is not None
    steps = read_credentials(film.path, roots)
    assert [(step.relation, step.state, step.model) for step in steps] == [
        ("itself", "trusted", "Sprout turbo"),
        ("parent", "trusted", "Sprout turbo"),
    ]
    assert film.mark_z is not None
    assert film.mark_z >= 2 * FAINT_Z
    with database.read() as db:
        numbers = db.scalars(select(Mark.number).order_by(Mark.job_id)).all()
    assert [step.mark for step in steps] == [f"{number:012x}" for number in reversed(numbers)]
    assert film.sha256 == hashlib.sha256(film.path.read_bytes()).hexdigest()
    assert film.bytes == film.path.stat().st_size
