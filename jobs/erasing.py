"""A job that its owner deletes: its rows go, then whatever was kept of it."""

from collections.abc import Callable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from errors import NotFound
from jobs import line
from jobs.files import KINDS, discard_attempts, shown_name
from jobs.records import LIVE, Clip, Job
from sora_core.store import Store

Release = Callable[[Session, str, int], None]


def sheet_name(job_id: str) -> str:
    """The file of a clip's sprite sheet, which is made when somebody first asks for it."""
    return f"{job_id}-sheet.jpg"


def erase(db: Session, job_id: str, owner_id: str, now_ms: int, release: Release) -> Job:
    """Remove the owner's job and its clip's row; what lives of it is given back uncharged.

    The worker that draws it finds its row gone at its next step, and drops what it drew. Once this
    is committed, `discard` the files: a row never names a missing one. Raises NotFound.
    """
    mine = select(Job).where(Job.id == job_id, Job.owner_id == owner_id)
    job = db.scalar(mine.with_for_update())
    if job is None:
        raise NotFound
    if job.state in LIVE:
        release(db, job_id, now_ms)
    db.execute(delete(Clip).where(Clip.id == job_id))
    db.execute(delete(Job).where(Job.id == job_id))
    if job.state == "queued":
        line.give_up_turn(db, job.owner_id, job.priority)
    return job


def discard(store: Store, job: Job) -> None:
    """Leave no file of an erased job: film, still, sprite sheet, the copies others saw."""
    discard_attempts(store, job.id, range(1, job.attempts + 1))
    store.discard(sheet_name(job.id))
    for kind in KINDS:
        store.discard(shown_name(job.id, kind))
