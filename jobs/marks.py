"""Numbers for invisible marks: each names one job, and stays when the job is deleted."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from database import Database
from jobs.records import Job, Mark
from sora_core.mark.apart import Seen, look
from sora_core.mark.code import NUMBER_BITS
from sora_core.mark.fingerprint import ALIKE, difference
from sora_core.mark.keys import key_id_of

HINTS = 3


def issue_mark(db: Session, job: Job, key_id: str, now_ms: int) -> int:
    """The job's number: the same one in each attempt. Random, as it says nothing by itself."""
    kept = db.scalar(select(Mark.number).where(Mark.job_id == job.id))
    if kept is not None:
        return kept
    number = secrets.randbits(NUMBER_BITS)
    db.add(
        Mark(
            number=number,
            job_id=job.id,
            owner_id=job.owner_id,
            admission_id=job.admission_id,
            key_id=key_id,
            issued_at=now_ms,
        )
    )
    db.flush()
    return number


def note_mark(db: Session, job_id: str, z: float | None, fingerprint: str | None) -> None:
    """Of the film that was stored: how far its mark stands out, and what it shows."""
    noted = update(Mark).where(Mark.job_id == job_id)
    db.execute(noted.values(z=z, fingerprint=fingerprint))


@dataclass(frozen=True)
class Known:
    """What a film that turned up is compared with.

    numbers     those issued with this key, of films that were stored
    shown       number and fingerprint of each film that has one
    other_keys  how many were issued with keys that are not here, and so cannot be found
    """

    numbers: Sequence[int]
    shown: Sequence[tuple[int, str]]
    other_keys: int


@dataclass(frozen=True)
class Found:
    """What is known of a film that turned up.

    mark         whom its mark names, or None: no mark was found
    z, like_z    how sure: see sora_core/mark/tracing.py
    hints        marks whose films show about the same, and how much differs, the likest first
    compared     how many numbers it was compared with
    other_keys   how many were issued with keys that are not here, and so cannot be found
    """

    mark: Mark | None
    z: float
    like_z: float
    hints: Sequence[tuple[Mark, float]]
    compared: int
    other_keys: int


def find_mark(database: Database, film: Path, key: bytes) -> Found:
    """Whose film this is. Takes seconds, up to a minute. Raises BadSpec where it is no film."""
    with database.read() as db:
        known = known_marks(db, key)
    seen = look(film, key, known.numbers)
    with database.read() as db:
        return match(db, known, seen)


def known_marks(db: Session, key: bytes) -> Known:
    ours = Mark.key_id == key_id_of(key)
    shown = select(Mark.number, Mark.fingerprint).where(Mark.fingerprint.is_not(None))
    return Known(
        numbers=db.scalars(select(Mark.number).where(ours, Mark.z.is_not(None))).all(),
        shown=[(number, str(kept)) for number, kept in db.execute(shown).tuples()],
        other_keys=db.scalar(select(func.count()).select_from(Mark).where(~ours)) or 0,
    )


def match(db: Session, known: Known, seen: Seen) -> Found:
    """Whom the number that was seen names, and whose films look like this one."""
    apart = sorted((difference(seen.fingerprint, kept), number) for number, kept in known.shown)
    alike = [(number, share) for share, number in apart[:HINTS] if share <= ALIKE]
    traced = seen.trace
    return Found(
        mark=None if traced.number is None else db.get(Mark, traced.number),
        z=traced.z,
        like_z=traced.like_z,
        hints=[(db.get_one(Mark, number), share) for number, share in alike],
        compared=len(known.numbers),
        other_keys=known.other_keys,
    )
