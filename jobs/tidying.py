"""What is over and done with, removed: nothing here waits for an answer, and all may run twice."""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from database import Database
from jobs.erasing import Release, discard, erase
from jobs.pictures import file_name
from jobs.queue import Queue
from jobs.records import LIVE, Clip, Job, Picture, Presence, Reel
from jobs.reels import reel_name
from sora_core.store import Store

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
#: Longer than any clip is drawn, and any upload takes: what is younger may still get its row.
ORPHAN_MS = DAY_MS
LOST_KEPT_MS = 7 * DAY_MS
AT_ONCE = 200
OURS = re.compile(
    r"([0-9a-f]{32})-(\d+|sheet|shown)\.(mp4|jpg)|((?:picture|film)_[0-9a-f]{32})\.(?:jpg|mp4)"
)


def retire(
    database: Database,
    store: Store,
    release: Release,
    before_ms: int,
    now_ms: int,
    *but_for: ColumnElement[bool],
) -> int:
    """Erase every job that ended before `before_ms`, its clip, and pictures unused since.

    but_for  conditions on jobs that must hold too
    Returns how many jobs went.
    """
    old = select(Job.id, Job.owner_id).where(Job.state.not_in(LIVE), Job.ended_at < before_ms)
    with database.read() as db:
        found = db.execute(old.where(*but_for).order_by(Job.id)).all()
    for job_id, owner_id in found:
        with database.begin() as db:
            job = erase(db, job_id, owner_id, now_ms, release)
        discard(store, job)
    retire_pictures(database, store, before_ms)
    return len(found)


def retire_pictures(database: Database, store: Store, before_ms: int) -> None:
    unused = (Picture.used_at.is_(None)) | (Picture.used_at < before_ms)
    old = delete(Picture).where(Picture.created_at < before_ms, unused)
    with database.begin() as db:
        gone = db.scalars(old.returning(Picture.id)).all()
    for picture_id in gone:
        store.discard(file_name(picture_id))


def remove_orphans(database: Database, store: Store, now_ms: int) -> list[str]:
    """Remove drafts and files that no row names, once they are older than ORPHAN_MS.

    A worker that was given up, or killed between a file and its row, leaves such ones behind.
    """
    store.sweep_all((now_ms - ORPHAN_MS) / 1000)
    old = (name for name, written_at in store.names() if written_at < now_ms - ORPHAN_MS)
    removed = []
    for names in in_parts(name for name in old if OURS.fullmatch(name)):
        with database.read() as db:
            orphans = sorted(set(names) - named(db, names))
        for name in orphans:
            store.discard(name)
        removed += orphans
    return removed


def named(db: Session, names: Iterable[str]) -> set[str]:
    """Of these file names, those that a row stands for, and all of jobs that live."""
    ids = {(found[1] or found[4]): name for name in names if (found := OURS.fullmatch(name))}
    clips = db.scalars(select(Clip).where(Clip.id.in_(ids))).all()
    live = db.scalars(select(Job.id).where(Job.id.in_(ids), Job.state.in_(LIVE))).all()
    pictures = db.scalars(select(Picture.id).where(Picture.id.in_(ids))).all()
    reels = db.scalars(select(Reel.id).where(Reel.id.in_(ids))).all()
    known = {file_name(one) for one in pictures} | {reel_name(one) for one in reels}
    known |= {key.rpartition("/")[2] for clip in clips for key in (clip.key, clip.poster_key)}
    # What was made of a film when somebody asked for it (a sheet, a marked copy) stays with it.
    made_of = {clip.id for clip in clips} | set(live)
    return known | {name for name in names if name[:32] in made_of and not is_attempt(name, live)}


def is_attempt(name: str, live: Collection[str]) -> bool:
    """Whether it is a film or a still of one attempt, of a job that is over."""
    return name[33:34].isdigit() and name[:32] not in live


def remove_orders(database: Database, queue: Queue, now_ms: int) -> int:
    """Remove the engine's rows of jobs that ended, a day after they were ordered."""
    before = datetime.fromtimestamp((now_ms - DAY_MS) / 1000, UTC).isoformat()
    orders = queue.orders_before(before, AT_ONCE)
    ids = {order.partition(".")[0] for order in orders}
    with database.read() as db:
        live = set(db.scalars(select(Job.id).where(Job.id.in_(ids), Job.state.in_(LIVE))))
    over = [order for order in orders if order.partition(".")[0] not in live]
    queue.forget_orders(over)
    return len(over)


def remove_lost(database: Database, now_ms: int) -> None:
    """Remove workers that were given up a week ago."""
    with database.begin() as db:
        db.execute(delete(Presence).where(Presence.lost_at < now_ms - LOST_KEPT_MS))


def in_parts(names: Iterator[str]) -> Iterator[list[str]]:
    while part := list(islice(names, AT_ONCE)):
        yield part
