"""The gallery: clips that their artists chose to show to everybody, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from auth.rows import changed, insert_new
from errors import Conflict, NotFound
from jobs.records import Clip, Job
from programme.records_clips import Publication
from programme.showing import ARTIST, plain_credit, require_showable, told
from programme.words import plain_words

TITLE_MAX_CHARS = 120
PAGE = 48


def publish(
    db: Session,
    clip_id: str,
    owner_id: str,
    *,
    mode: str,
    title: str,
    credit: str,
    prompt_shown: bool,
    now_ms: int,
) -> Publication:
    """Put the owner's clip into the gallery, again where they took it out. Does not commit.

    Raises what `require_showable` raises, BadSpec, and Conflict where it hangs there.
    """
    require_showable(db, clip_id, owner_id, mode)
    wish = {
        "title": plain_words(title, "title", least=1, most=TITLE_MAX_CHARS, lines=False),
        "credit": plain_credit(credit),
        "prompt_shown": prompt_shown,
        "published_at": now_ms,
        "ended_at": None,
        "ended_by": None,
    }
    again = update(Publication).where(
        Publication.clip_id == clip_id, Publication.ended_by == ARTIST
    )
    is_new = insert_new(db, Publication, clip_id=clip_id, owner_id=owner_id, words="", **wish)
    if not is_new and not changed(db, again.values(**wish)):
        raise Conflict("This clip is in the gallery already.")
    told(db, "clip.publish", f"clip:{clip_id}", owner_id, now_ms)
    return db.get_one(Publication, clip_id, populate_existing=True)


def take_out(db: Session, clip_id: str, owner_id: str, now_ms: int) -> None:
    """The artist's own: out of the gallery at once. Does not commit.

    Raises NotFound where it does not hang there.
    """
    mine = update(Publication).where(
        Publication.clip_id == clip_id,
        Publication.owner_id == owner_id,
        Publication.ended_at.is_(None),
    )
    if not changed(db, mine.values(ended_at=now_ms, ended_by=ARTIST)):
        raise NotFound
    told(db, "clip.unpublish", f"clip:{clip_id}", owner_id, now_ms)


@dataclass(frozen=True)
class Exhibit:
    """A clip in the gallery. `prompt` is None where its artist keeps it."""

    publication: Publication
    clip: Clip
    prompt: str | None


def exhibits(db: Session, *, before_ms: int | None = None, limit: int = PAGE) -> Sequence[Exhibit]:
    """The newest `limit` of the gallery, newest first; older than `before_ms` where given."""
    wanted: list[ColumnElement[bool]] = [Publication.ended_at.is_(None)]
    if before_ms is not None:
        wanted.append(Publication.published_at < before_ms)
    rows = db.execute(
        select(Publication, Clip, Job)
        .join(Clip, Clip.id == Publication.clip_id)
        .join(Job, Job.id == Publication.clip_id)
        .where(*wanted)
        .order_by(Publication.published_at.desc(), Publication.clip_id.desc())
        .limit(limit)
    )
    return [exhibit(*row) for row in rows]


def find(db: Session, clip_id: str) -> Exhibit:
    """Raises NotFound for a clip that does not hang in the gallery, or not any more."""
    row = db.execute(
        select(Publication, Clip, Job)
        .join(Clip, Clip.id == Publication.clip_id)
        .join(Job, Job.id == Publication.clip_id)
        .where(Publication.clip_id == clip_id, Publication.ended_at.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFound
    return exhibit(*row)


def exhibit(publication: Publication, clip: Clip, job: Job) -> Exhibit:
    return Exhibit(publication, clip, job.spec["prompt"] if publication.prompt_shown else None)


def publications_of(db: Session, clip_ids: Sequence[str]) -> dict[str, Publication]:
    rows = db.scalars(select(Publication).where(Publication.clip_id.in_(clip_ids)))
    return {row.clip_id: row for row in rows}
