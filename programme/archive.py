"""My data: everything that is kept of one tester, in one ZIP that says what each thing is for."""

import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import audit
from auth.answers import iso
from auth.records import Tester
from errors import GreenroomError
from jobs.records import Clip, Picture, Reel
from programme.holdings import HOLDINGS, Holding, facts
from programme.policy import sentences, standing

Lend = Callable[[str], AbstractContextManager[Path]]


@dataclass
class Archive:
    """What goes into the file, gathered by one reading of the database.

    tables  file name → what it is for, what becomes of it, and its rows
    films   name in the archive, and key in the store
    """

    about: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]]
    films: list[tuple[str, str]]


def gather(
    db: Session, tester_id: str, now_ms: int, holdings: Sequence[Holding] = HOLDINGS
) -> Archive:
    """All rows of this tester, the newest state of each."""
    tables = {
        holding.name: [
            facts(row, holding.hidden)
            for row in db.scalars(select(holding.record).where(holding.whose(tester_id)))
        ]
        for holding in holdings
    }
    said = about(db, tester_id, now_ms) | {"files": [told(row, tables) for row in holdings]}
    return Archive(said, tables, list(films(db, tester_id)))


def about(db: Session, tester_id: str, now_ms: int) -> dict[str, Any]:
    return {
        "what": "Everything that this programme keeps of you.",
        "tester": tester_id,
        "name": db.get_one(Tester, tester_id).name,
        "made_at": iso(now_ms),
        "policy": sentences(standing(db, tester_id).holds.policy),
        "times": "Milliseconds since 1970-01-01, UTC, where a name ends in _at or _ms.",
    }


def told(holding: Holding, tables: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What the archive says of one of its files."""
    return {
        "file": f"{holding.name}.json",
        "rows": len(tables[holding.name]),
        "what_for": holding.purpose,
        "left_out": list(holding.hidden),
        "when_you_leave": f"{holding.outcome}{holding.kept and ': '}{holding.kept}",
    }


def films(db: Session, tester_id: str) -> Iterable[tuple[str, str]]:
    for clip in db.scalars(select(Clip).where(Clip.owner_id == tester_id).order_by(Clip.id)):
        yield f"clips/{clip.id}.mp4", clip.key
        yield f"clips/{clip.id}.jpg", clip.poster_key
    for picture in db.scalars(select(Picture).where(Picture.owner_id == tester_id)):
        yield f"pictures/{picture.id}.jpg", picture.key
    for reel in db.scalars(select(Reel).where(Reel.owner_id == tester_id)):
        yield f"films/{reel.id}.mp4", reel.key


def write(archive: Archive, file: IO[bytes], lend: Lend) -> None:
    """The ZIP, into `file`. A film that the store has lost is named in `missing.json`.

    lend  the store's: a file under a key, for as long as a block lasts
    """
    missing = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archived:
        archived.writestr("about.json", text_of(archive.about))
        for name, rows in archive.tables.items():
            archived.writestr(f"{name}.json", text_of(rows))
        for name, key in archive.films:
            try:
                with lend(key) as path:
                    archived.write(path, name, zipfile.ZIP_STORED)
            except GreenroomError:
                missing.append(name)
        archived.writestr("missing.json", text_of(missing))


def text_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def note_export(db: Session, tester_id: str, now_ms: int) -> None:
    """That an export was made is itself in the log. Does not commit."""
    tester = f"tester:{tester_id}"
    audit.record(db, actor=tester, action="tester.export", subject=tester, now_ms=now_ms)
