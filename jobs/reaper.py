"""What becomes of the jobs of a worker that is gone: once more into the line, the second time out.

Every web and worker process has one. They may look at the same moment: each change is a guarded
UPDATE, and of two that would make it one wins.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from database import Database
from errors import WorkerLost
from jobs.endings import LOST, failed, stopped
from jobs.files import discard_attempts
from jobs.live import LiveEvent, Publisher
from jobs.queue import Queue, Release
from jobs.records import Job, Presence, move
from observe import metrics
from sora_core.store import Store

log = logging.getLogger("greenroom.jobs")

#: So often a job is drawn before it counts as one that takes workers down.
ATTEMPTS = 2


@dataclass
class Reaper:
    """Finds workers that say nothing any more, and takes their jobs from them.

    A worker is lost when `patience` looks in a row found its beats unchanged. Looks are counted,
    not seconds: no two clocks are compared, and nobody is given up because the database was away,
    or this process asleep. Belongs to one thread.
    """

    database: Database
    queue: Queue
    store: Store
    publisher: Publisher
    release: Release
    clock: Callable[[], int]
    patience: int
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def look(self) -> list[Job]:
        """Give up whom it is time for; the jobs that were taken from somebody, as they now are."""
        there = select(Presence.name, Presence.beats).where(Presence.lost_at.is_(None))
        with self.database.read() as db:
            found = dict(db.execute(there).tuples().all())
        self.seen = {name: (beats, self.unchanged(name, beats)) for name, beats in found.items()}
        for name, (beats, unchanged) in self.seen.items():
            if unchanged >= self.patience:
                self.give_up(Presence.name == name, Presence.beats == beats)
        return self.take_back()

    def unchanged(self, name: str, beats: int) -> int:
        before, looks = self.seen.get(name, (None, 0))
        return looks + 1 if before == beats else 0

    def give_up(self, *who: ColumnElement[bool]) -> None:
        """From now on these workers change nothing, whether they live or not."""
        gone = update(Presence).where(Presence.lost_at.is_(None), *who)
        with self.database.begin() as db:
            names = db.scalars(gone.values(lost_at=self.clock()).returning(Presence.name)).all()
        for name in names:
            log.warning("worker %s is lost", name)

    def take_back(self) -> list[Job]:
        """Every job that is being drawn by nobody who is there."""
        there = select(Presence.name).where(Presence.lost_at.is_(None))
        orphans = select(Job).where(Job.state == "running", Job.executor_id.not_in(there))
        with self.database.read() as db:
            found = db.scalars(orphans.order_by(Job.id)).all()
        taken = [job for job in map(self.take_from, found) if job is not None]
        for job in taken:
            self.publisher.publish(LiveEvent.of(job))
        return taken

    def take_from(self, orphan: Job) -> Job | None:
        """The job after its worker was taken off it; None where that was done meanwhile."""
        with self.database.begin() as db:
            job = self.rerun(db, orphan) if may_run_again(orphan) else self.end(db, orphan)
        if job is not None:
            log.warning("job %s lost its worker: %s", job.id, job.state)
            metrics.REAPED.labels("rerun" if job.state == "queued" else job.state).inc()
        return job

    def rerun(self, db: Session, orphan: Job) -> Job | None:
        again = {"state": "queued", "executor_id": None, "step": 0, "started_at": None}
        if not move(db, orphan.id, "running", *still(orphan), **again):
            return None
        job = db.get_one(Job, orphan.id)
        self.queue.order(db, job, again=f"attempt-{job.attempts + 1}")
        return job

    def end(self, db: Session, orphan: Job) -> Job | None:
        now_ms = self.clock()
        reason = orphan.stop_reason
        columns = failed(WorkerLost(LOST)) if reason is None else stopped(reason)
        if not move(db, orphan.id, "running", *still(orphan), ended_at=now_ms, **columns):
            return None
        self.release(db, orphan.id, now_ms)
        discard_attempts(self.store, orphan.id, range(1, orphan.attempts + 1))
        return db.get_one(Job, orphan.id)


def may_run_again(job: Job) -> bool:
    return job.stop_reason is None and job.attempts < ATTEMPTS


def still(job: Job) -> tuple[ColumnElement[bool], ...]:
    """As it was when it was looked at: with the same worker, in the same attempt."""
    stop = Job.stop_reason.is_(None) if job.stop_reason is None else Job.stop_reason.is_not(None)
    return Job.executor_id == job.executor_id, Job.attempts == job.attempts, stop
