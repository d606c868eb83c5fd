"""The waiting line: an admitted spec becomes a job, durably, and can be found and stopped."""

import secrets
import threading
from collections.abc import Callable, Sequence

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from database import Database
from errors import NotFound, Stopped
from jobs.records import LIVE, Clip, Job, move
from observe.visit import current_request_id
from sora_core.spec import ClipSpec

# The engine hands work only to workers that name the same application and version.
APPLICATION = "greenroom"
VERSION = "1"
SCHEMA = "dbos"
QUEUE = "clips"
WORKFLOW = "carry"

SENTENCES = {
    "cancelled": "You stopped this clip. It was not charged.",
    "by_admin": "An admin stopped this clip. It was not charged.",
    "revoked": "The token that asked for this clip was revoked. It was not charged.",
    "suspended": "Making clips was paused. This one was stopped and not charged.",
}

Release = Callable[[Session, str, int], None]


class JobIds:
    """Ids of 32 hex digits that sort by time, strictly rising within one process."""

    def __init__(self) -> None:
        self.lock, self.last = threading.Lock(), 0

    def next(self, now_ms: int) -> str:
        """48 bits of milliseconds, 80 random bits; the successor of the last id where time
        stood still or went back (RFC 9562, version 7, monotonic random, without its fixed bits).
        """
        with self.lock:
            self.last = max(now_ms << 80 | secrets.randbits(80), self.last + 1)
            return f"{self.last:032x}"


new_job_id = JobIds().next


def migrate_engine(database: Database) -> None:
    """Create or upgrade the engine's own tables, beside ours. Safe to run again."""
    DBOS.migrate(database.url, schema=SCHEMA)


class Queue:
    """Jobs in one database. Threads may share it. Needs `migrate_engine` to have run."""

    def __init__(self, database: Database) -> None:
        self.client = DBOSClient(
            system_database_engine=database.engine,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
        )

    def enqueue(
        self,
        db: Session,
        spec: ClipSpec,
        *,
        job_id: str,
        owner_id: str,
        admission_id: str,
        now_ms: int,
    ) -> Job:
        """A job in state `queued`, and the engine's order to carry it.

        Both rows are written by the caller's transaction: they commit together or not at all.
        """
        job = Job(
            id=job_id,
            owner_id=owner_id,
            admission_id=admission_id,
            state="queued",
            spec=spec.to_json(),
            gpu_ms=spec.gpu_ms,
            created_at=now_ms,
            request_id=current_request_id(),
        )
        db.add(job)
        db.flush()
        self.client.enqueue_in_transaction(
            db,
            {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": job_id,
                "app_version": VERSION,
            },
            job_id,
        )
        return job

    def find(self, db: Session, job_id: str, owner_id: str) -> Job:
        """Raises NotFound, for somebody else's job too."""
        job = db.scalar(select(Job).where(Job.id == job_id, Job.owner_id == owner_id))
        if job is None:
            raise NotFound
        return job

    def latest(self, db: Session, owner_id: str, limit: int) -> Sequence[Job]:
        """The owner's newest jobs, newest first."""
        query = select(Job).where(Job.owner_id == owner_id).order_by(Job.id.desc()).limit(limit)
        return db.scalars(query).all()

    def clip(self, db: Session, clip_id: str, owner_id: str) -> Clip:
        """Raises NotFound, for somebody else's clip too."""
        clip = db.scalar(select(Clip).where(Clip.id == clip_id, Clip.owner_id == owner_id))
        if clip is None:
            raise NotFound
        return clip

    def place(self, db: Session, job: Job) -> int:
        """Where a queued job stands in the line: 1 is drawn next. 0 once it is not queued."""
        if job.state != "queued":
            return 0
        ahead = select(func.count()).where(Job.state == "queued", Job.id < job.id)
        return 1 + (db.scalar(ahead) or 0)

    def estimate(self, db: Session, job: Job) -> int | None:
        """Milliseconds until a queued job is drawn, or None: nothing to go by, or not queued.

        What is left of the jobs ahead, by price, times what the latest clips took of theirs.
        One worker draws one job at a time.
        """
        if job.state != "queued":
            return None
        took = select(Job.ended_at - Job.started_at, Job.gpu_ms).where(Job.state == "finished")
        latest = db.execute(took.order_by(Job.id.desc()).limit(20)).all()
        if not latest:
            return None
        pace = sum(took_ms or 0 for took_ms, _ in latest) / sum(gpu_ms for _, gpu_ms in latest)
        ahead = select(Job.gpu_ms, Job.step, Job.steps).where(Job.state.in_(LIVE), Job.id < job.id)
        left_ms = (gpu_ms * (1 - step / max(steps, 1)) for gpu_ms, step, steps in db.execute(ahead))
        return round(pace * sum(left_ms))

    def cancel(self, db: Session, job_id: str, owner_id: str, now_ms: int, release: Release) -> Job:
        """Stop the owner's job: at once while it is queued, at its next step while it is drawn.

        `release(db, job_id, now_ms)` gives back what a queued job holds; the worker gives back
        what a running one holds. A job that has ended stays as it is. Raises NotFound.
        """
        job = self.find(db, job_id, owner_id)
        self.stop(db, job.id, "cancelled", now_ms, release)
        db.refresh(job)
        return job

    def stop_admitted(
        self, db: Session, admission_id: str, now_ms: int, release: Release, reason: str = "revoked"
    ) -> Sequence[Job]:
        """Stop every live job admitted under `admission_id`; returns them as they now are.

        Belongs in the transaction that revokes the admission.
        """
        live = select(Job).where(Job.admission_id == admission_id, Job.state.in_(LIVE))
        # All locked before the first is stopped: releasing one locks its tester's meter, and a
        # worker that ends the next one waits for that meter while it holds that job.
        jobs = db.scalars(live.order_by(Job.id).with_for_update()).all()
        for job in jobs:
            self.stop(db, job.id, reason, now_ms, release)
            db.refresh(job)
        return jobs

    def stop(self, db: Session, job_id: str, reason: str, now_ms: int, release: Release) -> None:
        if move(db, job_id, "queued", ended_at=now_ms, **stopped(reason)):
            release(db, job_id, now_ms)
        else:
            asked = {"stop_reason": reason, "stop_requested_at": now_ms}
            move(db, job_id, "running", Job.stop_reason.is_(None), **asked)


def stopped(reason: str) -> dict[str, str]:
    """The columns of a job that was stopped for `reason`, its sentence included."""
    return {
        "state": "stopped",
        "stop_reason": reason,
        "error_code": Stopped.code,
        "error_sentence": SENTENCES.get(reason, "This clip was stopped. It was not charged."),
    }
