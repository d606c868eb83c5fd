"""The whole life of a job: claim → draw → keep → publish and settle, or one way out.

Rows decide, not memory: each change of state is a guarded UPDATE that names this worker, so a
worker that was given up for dead and comes back changes nothing.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from database import Database
from errors import GreenroomError, RenderFailed, Stopped, WorkerLost
from jobs.live import LiveEvent, Publisher, thumbnail
from jobs.queue import Release, stopped
from jobs.records import LIVE, Clip, Job, move
from jobs.sources import source_path
from sora_core.render import Film, Progress, render
from sora_core.spec import ClipSpec
from sora_core.store import Store

log = logging.getLogger("greenroom.jobs")

Settle = Callable[[Session, str, int, int], None]
WhyStop = Callable[[Session, str, bool], str | None]
T = TypeVar("T")

ATTEMPTS, PATIENCE_S = 2, 30
LOST = "The machine that drew this clip went away twice. It was not charged. Try again."
BROKEN = "Something broke while this clip was drawn. It was not charged. Try again."


class TakenOver(Exception):
    """The job's row names another worker: whatever was drawn here, nobody wants it."""


class Leaving(Exception):
    """This process has to go before the job is done: the job goes back into the line."""


@dataclass
class Worker:
    """Carries one job at a time.

    settle(db, job_id, spent_gpu_ms, now_ms), release(db, job_id, now_ms) and
    why_stop(db, admission_id, lasting) run inside this worker's transactions and do not commit.
    why_stop says why what was admitted must not go on, or None; lasting: and so it stays until
    the transaction ends.
    name is new in each process: two lives of one machine are two workers.
    Once `leaving` is set, the job in hand is given back at its next step.
    """

    database: Database
    store: Store
    publisher: Publisher
    settle: Settle
    release: Release
    why_stop: WhyStop
    clock: Callable[[], int]
    name: str = field(default_factory=lambda: uuid4().hex)
    leaving: threading.Event = field(default_factory=threading.Event)

    def carry(self, job_id: str) -> None:
        """Take a queued job to its end; one whose worker died, once more from its start.

        Raises Leaving when the job is not done and must be delivered again, else nothing.
        """
        job = insist(lambda: self.claim(job_id))
        if job is None:
            return  # it ended while it waited, or somebody carried it already
        self.publisher.publish(LiveEvent.of(job))
        try:
            film = self.draw(job)
            self.publish(job, self.keep(job, film), film)
        except TakenOver:
            log.warning("job %s went on elsewhere; what was drawn here is dropped", job_id)
            self.discard(job_id, [job.attempts])
        except Leaving:
            insist(lambda: self.hand_back(job))
            raise
        except Stopped as stop:
            self.end(job_id, self.is_ours, stopped(stop.reason))
        except Exception as error:  # the one way out: nothing may stay running
            unforeseen = None if isinstance(error, GreenroomError) else error
            log.error("job %s failed: %s", job_id, error, exc_info=unforeseen)
            self.end(job_id, self.is_ours, failed(error))

    @property
    def is_ours(self) -> ColumnElement[bool]:
        return Job.executor_id == self.name

    def claim(self, job_id: str) -> Job | None:
        """The job, now `running` and ours; None when there is nothing left to draw.

        One that must not be drawn any more is stopped. A job that is `running` already comes
        here because its worker died. Where that is the second time, it fails.
        """
        ours = {
            "state": "running",
            "executor_id": self.name,
            "attempts": Job.attempts + 1,
            "step": 0,
            "started_at": self.clock(),
        }
        with self.database.begin() as db:
            stop = self.why_stop(db, db.get_one(Job, job_id).admission_id, True)
            db.expire_all()
            if stop is None and (
                move(db, job_id, "queued", **ours)
                or move(db, job_id, "running", Job.attempts < ATTEMPTS, **ours)
            ):
                return db.get_one(Job, job_id)
        if stop is not None:
            self.end(job_id, true(), stopped(stop), LIVE)
        else:
            self.end(job_id, Job.attempts >= ATTEMPTS, failed(WorkerLost(LOST)))
        return None

    def draw(self, job: Job) -> Film:
        return render(
            ClipSpec.from_json(job.spec),
            self.store.draft(file_name(job.id, job.attempts, "mp4")),
            on_progress=lambda progress: self.note(job, progress),
            open_source=lambda source: self.open_source(job, source),
            stop_requested=lambda: insist(lambda: self.reason_to_stop(job), PATIENCE_S),
        )

    def open_source(self, job: Job, source: str) -> Path:
        with self.database.read() as db:
            return source_path(db, self.store, source, job.owner_id)

    def note(self, job: Job, progress: Progress) -> None:
        """Write the step down, so that a reload shows it, and tell who watches."""
        job.step, job.steps = progress.step, progress.steps

        def write() -> None:
            with self.database.begin() as db:
                move(db, job.id, "running", self.is_ours, step=job.step, steps=job.steps)

        insist(write, PATIENCE_S)
        preview = None if progress.preview is None else thumbnail(progress.preview)
        self.publisher.publish(LiveEvent.of(job, progress.left_ms, preview))

    def reason_to_stop(self, job: Job) -> str | None:
        """Why drawing must not go on, or None. Raises TakenOver, Leaving."""
        if self.leaving.is_set():
            raise Leaving
        columns = select(Job.state, Job.executor_id, Job.stop_reason).where(Job.id == job.id)
        with self.database.read() as db:
            state, executor_id, stop_reason = db.execute(columns).one()
            if (state, executor_id) != ("running", self.name):
                raise TakenOver
            return stop_reason or self.why_stop(db, job.admission_id, False)

    def keep(self, job: Job, film: Film) -> Clip:
        """Put the files where they stay. Before the row: a row never names a missing file."""
        names = [file_name(job.id, job.attempts, kind) for kind in ("mp4", "jpg")]
        for draft, name in zip((film.path, film.poster), names, strict=True):
            self.store.keep(draft, self.store.key(name))
        return Clip(
            id=job.id,
            owner_id=job.owner_id,
            key=self.store.key(names[0]),
            poster_key=self.store.key(names[1]),
            bytes=film.bytes,
            sha256=film.sha256,
            width=film.width,
            height=film.height,
            fps=film.fps,
            frame_count=film.frame_count,
            native_width=film.native_width,
            native_height=film.native_height,
            native_fps=film.native_fps,
            created_at=self.clock(),
        )

    def publish(self, job: Job, clip: Clip, film: Film) -> None:
        """`finished`, the clip's row and its one charge: in one transaction, or none of them.

        Raises Stopped where a stop or a revocation came first; one that comes now waits.
        """
        done = {"state": "finished", "reading": film.reading, "ended_at": clip.created_at}
        unstopped = Job.stop_reason.is_(None)
        with self.database.begin() as db:
            stop = self.why_stop(db, job.admission_id, True)
            published = stop is None and move(
                db, job.id, "running", self.is_ours, unstopped, **done
            )
            if published:
                db.add(clip)
                self.settle(db, job.id, film.gpu_ms, clip.created_at)
                job = db.get_one(Job, job.id)
        if not published:
            raise Stopped("It came too late.", reason=self.reason_to_stop(job) or "cancelled")
        self.discard(job.id, range(1, job.attempts))
        self.publisher.publish(LiveEvent.of(job))

    def end(
        self,
        job_id: str,
        guard: ColumnElement[bool],
        columns: dict[str, str],
        states: Iterable[str] = ("running",),
    ) -> None:
        """The one way out: state and sentence, the hold given back, no file left.

        Does nothing to a job in another state, or for which `guard` does not hold.
        """

        def write() -> Job | None:
            now_ms = self.clock()
            with self.database.begin() as db:
                ends = {"ended_at": now_ms, **columns}
                if not any(move(db, job_id, state, guard, **ends) for state in states):
                    return None
                self.release(db, job_id, now_ms)
                job = db.get_one(Job, job_id)
                self.discard(job_id, range(1, job.attempts + 1))
                return job

        job = insist(write)
        if job is not None:
            self.publisher.publish(LiveEvent.of(job))

    def hand_back(self, job: Job) -> None:
        """Into the line again, as if it had not been taken out of it."""
        unclaimed = {"state": "queued", "executor_id": None, "step": 0, "started_at": None}
        with self.database.begin() as db:
            move(db, job.id, "running", self.is_ours, attempts=Job.attempts - 1, **unclaimed)
        self.discard(job.id, [job.attempts])

    def discard(self, job_id: str, attempts: Iterable[int]) -> None:
        for attempt in attempts:
            for kind in ("mp4", "jpg"):
                self.store.discard(file_name(job_id, attempt, kind))


def file_name(job_id: str, attempt: int, kind: str) -> str:
    """Each attempt has files of its own: a late worker cannot touch the next one's."""
    return f"{job_id}-{attempt}.{kind}"


def failed(error: Exception) -> dict[str, str]:
    """The columns of a job that ended with `error`."""
    told = error if isinstance(error, GreenroomError) else RenderFailed(BROKEN)
    return {"state": "failed", "error_code": told.code, "error_sentence": str(told)[:400]}


def insist(act: Callable[[], T], patience_s: float = math.inf) -> T:
    """Do what the database refuses for the moment (busy, away, full) until it takes it.

    Without an end by default: a job may wait between two states, never stay there.
    """
    give_up_at = time.monotonic() + patience_s
    while True:
        try:
            return act()
        except OperationalError as error:
            if time.monotonic() >= give_up_at:
                raise
            log.warning("the database does not answer, trying again: %s", error.orig)
            time.sleep(0.5)
