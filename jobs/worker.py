"""The whole life of a job: claim → draw → keep → publish and settle, or one way out.

Rows decide, not memory: each change of state is a guarded UPDATE that names this worker, so a
worker that was given up for dead and comes back changes nothing.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from database import Database
from errors import Stopped
from jobs import chronicle, line
from jobs.endings import failed, stopped
from jobs.files import KINDS, discard_attempts, file_name
from jobs.live import LiveEvent, Publisher, thumbnail
from jobs.marks import note_mark
from jobs.queue import Queue, Release
from jobs.records import Clip, Job, move
from jobs.reels import begins_with_reel, drop_reels
from jobs.sources import lend_source
from observe import traces
from sora_core.provenance import Provenance
from sora_core.render import Film, Progress, render
from sora_core.spec import ClipSpec
from sora_core.store import Store

log = logging.getLogger("greenroom.jobs")

Settle = Callable[[Session, str, int, int], None]
WhyStop = Callable[[Session, str, bool], str | None]
ProvenanceOf = Callable[[Job], Provenance]
T = TypeVar("T")

PATIENCE_S = 30


class TakenOver(Exception):
    """The job's row names another worker, or is gone: whatever was drawn here, nobody wants it."""


class Leaving(Exception):
    """This process has to go before the job is done: the job goes back into the line."""


@dataclass
class Worker:
    """Carries one job at a time.

    settle(db, job_id, spent_gpu_ms, now_ms), release(db, job_id, now_ms) and
    why_stop(db, admission_id, lasting) run inside this worker's transactions and do not commit.
    why_stop says why what was admitted must not go on, or None; lasting: and so it stays until
    the transaction ends.
    name is new in each process, and after the worker was given up for lost: two lives of one
    machine are two workers.
    Once `leaving` is set, the job in hand is given back at its next step.
    provenance_of says what a job's film is to tell of where it comes from.
    """

    database: Database
    store: Store
    publisher: Publisher
    settle: Settle
    release: Release
    why_stop: WhyStop
    queue: Queue
    clock: Callable[[], int]
    name: str = field(default_factory=lambda: uuid4().hex)
    leaving: threading.Event = field(default_factory=threading.Event)
    provenance_of: ProvenanceOf = lambda _job: Provenance()

    def carry(self, job_id: str) -> None:
        """Take a queued job to its end.

        Raises Leaving where this process goes before that; the job is in the line again then.
        """
        job = insist(lambda: self.claim(job_id))
        if job is None:
            return  # it ended while it waited, or somebody carried it already
        with chronicle.carrying(job):
            self.publisher.publish(LiveEvent.of(job))
            self.see_through(job)
        if begins_with_reel(job):
            with suppress(OperationalError):  # the caretaker comes by
                drop_reels(self.database, self.store)

    def see_through(self, job: Job) -> None:
        try:
            with traces.span("draw"):
                film = self.draw(job)
            insist(lambda: self.reason_to_stop(job))
            with chronicle.stage("keep", job):
                clip = self.keep(job, film)
            with chronicle.stage("publish", job):
                self.publish(job, clip, film)
        except TakenOver:
            log.warning("job %s went on elsewhere; what was drawn here is dropped", job.id)
            discard_attempts(self.store, job.id, [job.attempts])
        except Leaving:
            insist(lambda: self.hand_back(job))
            raise
        except Stopped as stop:
            self.end(job.id, self.is_ours, stopped(stop.reason))
        except Exception as error:  # noqa: BLE001 (the one way out: nothing may stay running)
            chronicle.failed(job.id, error)
            self.end(job.id, self.is_ours, failed(error))

    @property
    def is_ours(self) -> ColumnElement[bool]:
        return Job.executor_id == self.name

    def claim(self, job_id: str) -> Job | None:
        """The job, now `running` and ours; None when there is nothing left to draw.

        One that must not be drawn any more is stopped. One that is ours already was claimed a
        moment ago, by a transaction whose end we did not hear of.
        """
        ours = {
            "state": "running",
            "executor_id": self.name,
            "attempts": Job.attempts + 1,
            "step": 0,
            "started_at": self.clock(),
        }
        with self.database.begin() as db:
            waiting = db.get(Job, job_id)
            if waiting is None:
                return None  # its owner deleted it
            stop = self.why_stop(db, waiting.admission_id, True)
            if stop is None:
                claimed = move(db, job_id, "queued", **ours)
                job = db.get_one(Job, job_id, populate_existing=True)
                if claimed:
                    line.reach(db, job.line)
                mine = job.state == "running" and job.executor_id == self.name
                return job if mine else None
        self.end(job_id, true(), stopped(stop), ("queued",))
        return None

    def draw(self, job: Job) -> Film:
        with ExitStack() as borrowed:
            return render(
                ClipSpec.from_json(job.spec),
                self.store.draft(file_name(job.id, job.attempts, "mp4")),
                on_progress=lambda progress: self.note(job, progress),
                open_source=lambda source: borrowed.enter_context(
                    lend_source(self.database, self.store, source, job.owner_id)
                ),
                stop_requested=lambda: insist(lambda: self.reason_to_stop(job), PATIENCE_S),
                provenance=self.provenance_of(job),
            )

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
            state, executor_id, stop_reason = db.execute(columns).first() or (None,) * 3
            if (state, executor_id) != ("running", self.name):
                raise TakenOver
            return stop_reason or self.why_stop(db, job.admission_id, False)

    def keep(self, job: Job, film: Film) -> Clip:
        """Put the files where they stay. Before the row: a row never names a missing file."""
        names = [file_name(job.id, job.attempts, kind) for kind in KINDS]
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
        done = insist(lambda: self.settled(job, clip, film))
        if done is None:
            raise Stopped("It came too late.", reason=self.reason_to_stop(job) or "cancelled")
        discard_attempts(self.store, job.id, range(1, job.attempts))
        self.publisher.publish(LiveEvent.of(done))
        chronicle.finished(done, film)

    def settled(self, job: Job, clip: Clip, film: Film) -> Job | None:
        """The finished job; None where it must not finish."""
        done = {"state": "finished", "reading": film.reading, "ended_at": clip.created_at}
        with self.database.begin() as db:
            kept = db.scalar(select(Clip.key).where(Clip.id == job.id))
            if kept == clip.key:  # by a transaction whose end we did not hear of
                return db.get_one(Job, job.id)
            stop = self.why_stop(db, job.admission_id, True)
            unstopped = Job.stop_reason.is_(None)
            if stop is not None or not move(db, job.id, "running", self.is_ours, unstopped, **done):
                return None
            db.add(clip)
            note_mark(db, job.id, film.mark_z, film.fingerprint)
            self.settle(db, job.id, film.gpu_ms, clip.created_at)
            return db.get_one(Job, job.id)

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
                discard_attempts(self.store, job_id, range(1, job.attempts + 1))
                return job

        job = insist(write)
        if job is not None:
            self.publisher.publish(LiveEvent.of(job))
            chronicle.ended(job)

    def hand_back(self, job: Job) -> None:
        """Into the line again, as if it had not been taken out of it."""
        unclaimed = {"state": "queued", "executor_id": None, "step": 0, "started_at": None}
        with self.database.begin() as db:
            uncounted = {"attempts": Job.attempts - 1, **unclaimed}
            if move(db, job.id, "running", self.is_ours, **uncounted):
                self.queue.order(db, job, again=f"after-{self.name}")
        discard_attempts(self.store, job.id, [job.attempts])


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


if __name__ == "__main__":  # `python -m jobs.worker`, on a machine that only draws
    from jobs.__main__ import main

    main()
