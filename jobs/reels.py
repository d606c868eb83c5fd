"""Films that artists bring for one wish to go on from: theirs alone, gone once its jobs ended."""

import secrets

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from database import Database
from errors import NotFound
from jobs.records import LIVE, Job, Reel
from sora_core.store import Store

#: What the ids of films that were brought begin with, so that none is taken for a clip's.
FILM = "film_"


def new_reel_id() -> str:
    return FILM + secrets.token_hex(16)


def reel_name(reel_id: str) -> str:
    return f"{reel_id}.mp4"


def begins_with_reel(job: Job) -> bool:
    return any(source.startswith(FILM) for source in job.spec.get("sources", ()))


def find_reel(db: Session, reel_id: str, owner_id: str) -> Reel:
    """Raises NotFound, for somebody else's too."""
    reel = db.scalar(select(Reel).where(Reel.id == reel_id, Reel.owner_id == owner_id))
    if reel is None:
        raise NotFound
    return reel


def drop_reels(database: Database, store: Store) -> list[str]:
    """Erase every film whose jobs have all ended, or are gone; returns their ids.

    A film's row comes with its first job in one transaction, so none is dropped too early.
    """
    mine = or_(Job.id == Reel.job_id, Job.variation_of == Reel.job_id)
    needed = select(Job.id).where(Job.state.in_(LIVE), mine).exists()
    with database.read() as db:
        over = db.scalars(select(Reel.id).where(~needed)).all()
    if not over:
        return []
    with database.begin() as db:
        gone = db.scalars(delete(Reel).where(Reel.id.in_(over)).returning(Reel.id)).all()
    for reel_id in gone:
        store.discard(reel_name(reel_id))
    return [*gone]
