"""Numbers for invisible marks: each names one job, and stays when the job is deleted."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from database import Database
from errors import NotFound, StoreFailed
from jobs.records import Clip, Job, Mark
from sora_core.mark.code import NUMBER_BITS
from sora_core.mark.fingerprint import ALIKE, fingerprint_of, nearest
from sora_core.mark.keys import key_id_of
from sora_core.mark.pattern import pattern_of
from sora_core.mark.tracing import Trace, trace
from sora_core.store import Store

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
    alike       numbers whose films look about like it, and the share that differs, likest first
    stored      which of these are in the store, number → key
    other_keys  how many were issued with keys that are not here, and so cannot be found
    """

    numbers: Sequence[int]
    alike: Sequence[tuple[int, float]]
    stored: Mapping[int, str]
    other_keys: int


@dataclass(frozen=True)
class Found:
    """What is known of a film that turned up.

    mark             whom its mark names, or None: no mark was found
    z, like_z, chance  how sure: see sora_core/mark/tracing.py
    hints            marks whose films show about the same, and how much differs, the likest first:
                     what a film looks like names nobody
    compared         how many numbers it was compared with
    other_keys       how many were issued with keys that are not here, and so cannot be found
    """

    mark: Mark | None
    z: float
    like_z: float
    chance: float
    hints: Sequence[tuple[Mark, float]]
    compared: int
    other_keys: int


def find_mark(database: Database, store: Store, film: Path, key: bytes) -> Found:
    """Whose film this is. Takes seconds, up to a minute. Raises BadSpec where it is no film."""
    shown = fingerprint_of(film)
    with database.read() as db:
        known = known_marks(db, key, shown)
    with lent(store, known) as alike:
        traced = trace(film, pattern_of(key), known.numbers, alike)
    with database.read() as db:
        return match(db, known, traced)


def known_marks(db: Session, key: bytes, fingerprint: str) -> Known:
    """For a film that shows `fingerprint`."""
    ours = Mark.key_id == key_id_of(key)
    shown = select(Mark.number, Mark.fingerprint).where(Mark.fingerprint.is_not(None))
    alike = nearest(fingerprint, ((one, str(kept)) for one, kept in db.execute(shown).tuples()))
    stored = (
        select(Mark.number, Clip.key)
        .join(Clip, Clip.id == Mark.job_id)
        .where(Mark.number.in_([number for number, _ in alike]))
    )
    return Known(
        numbers=db.scalars(select(Mark.number).where(ours, Mark.z.is_not(None))).all(),
        alike=alike,
        stored=dict(db.execute(stored).tuples().all()),
        other_keys=db.scalar(select(func.count()).select_from(Mark).where(~ours)) or 0,
    )


@contextmanager
def lent(store: Store, known: Known) -> Iterator[dict[int, Path | None]]:
    """The films that look alike, on the local disk; None for what is not to be had."""
    with ExitStack() as stack:
        films: dict[int, Path | None] = {}
        for number, _ in known.alike:
            films[number] = None
            if number in known.stored:
                with suppress(NotFound, StoreFailed):
                    films[number] = stack.enter_context(store.lend(known.stored[number]))
        yield films


def match(db: Session, known: Known, traced: Trace) -> Found:
    """Whom the number that was traced names, and whose films look like this one."""
    alike = [(number, share) for number, share in known.alike[:HINTS] if share <= ALIKE]
    return Found(
        mark=None if traced.number is None else db.get(Mark, traced.number),
        z=traced.z,
        like_z=traced.like_z,
        chance=traced.chance,
        hints=[(db.get_one(Mark, number), share) for number, share in alike],
        compared=len(known.numbers),
        other_keys=known.other_keys,
    )
