"""The waiting line: an admitted spec becomes a job, durably, and can be found and stopped."""

import secrets
import threading
from collections.abc import Callable, Sequence

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import func, literal, select, tuple_, update
from sqlalchemy.orm import Session

from database import Database
from errors import NotFound
from jobs import line
from jobs.endings import stopped
from jobs.forecast import Forecast
from jobs.records import LIVE, Clip, Job, move
from observe import traces
from observe.visit import current_request_id
from sora_core.spec import ClipSpec

# The engine hands work only to workers that name the same application and version.
APPLICATION = "greenroom"
VERSION = "1"
SCHEMA = "dbos"
QUEUE = "clips"
WORKFLOW = "carry"

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
        self.forecast = Forecast()

    def enqueue(
        self,
        db: Session,
        spec: ClipSpec,
        *,
        job_id: str,
        owner_id: str,
        admission_id: str,
        now_ms: int,
        priority: str = line.TESTER,
    ) -> Job:
        """A job in state `queued`, and the engine's order to carry it.

        Both rows are written by the caller's transaction: they commit together or not at all.
        `priority` is one of `jobs.line.ROUNDS`.
        """
        job = Job(
            id=job_id,
            owner_id=owner_id,
            admission_id=admission_id,
            state="queued",
            spec=spec.to_json(),
            kind=kind_of(spec),
            gpu_ms=spec.gpu_ms,
            priority=priority,
            line=line.join(db, owner_id, priority),
            created_at=now_ms,
            request_id=current_request_id(),
            traceparent=traces.traceparent(),
        )
        db.add(job)
        db.flush()
        self.order(db, job)
        return job

    def order(self, db: Session, job: Job, again: str = "") -> None:
        """Let the engine deliver a queued job to a worker, in its turn, once `db` has committed.

        `again` tells a further order of the same job from those before; one that was given
        already changes nothing. Rows decide what a delivery means, so one too many is harmless.
        """
        self.client.enqueue_in_transaction(
            db,
            {
                "workflow_name": WORKFLOW,
                "queue_name": QUEUE,
                "workflow_id": f"{job.id}.{again}" if again else job.id,
                "app_version": VERSION,
                "priority": job.line,
            },
            job.id,
        )

    def orders_before(self, moment: str, limit: int) -> list[str]:
        """The oldest orders given before `moment` (ISO 8601), whatever became of them."""
        found = self.client.list_workflows(
            end_time=moment, limit=limit, load_input=False, load_output=False
        )
        return [order.workflow_id for order in found]

    def forget_orders(self, orders: Sequence[str]) -> None:
        if orders:
            self.client.delete_workflows(list(orders))

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
        before = tuple_(Job.line, Job.id) < tuple_(literal(job.line), literal(job.id))
        ahead = select(func.count()).where(Job.state == "queued", before)
        return 1 + (db.scalar(ahead) or 0)

    def places(self, db: Session) -> dict[str, int]:
        """Where each queued job stands in the line, all of it in one look."""
        order = select(Job.id).where(Job.state == "queued").order_by(Job.line, Job.id)
        return {job_id: place for place, job_id in enumerate(db.scalars(order), start=1)}

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
        self,
        db: Session,
        admission_id: str,
        now_ms: int,
        release_all: Callable[[Session, Sequence[str], int], None],
        reason: str = "revoked",
    ) -> Sequence[Job]:
        """Stop every live job admitted under `admission_id`; returns them as they now are.

        Belongs in the transaction that revokes the admission, and takes as many statements for a
        hundred jobs as for one: whoever revokes waits for it.
        """
        live = select(Job).where(Job.admission_id == admission_id, Job.state.in_(LIVE))
        # All locked before the first is stopped: releasing one locks its tester's meter, and a
        # worker that ends the next one waits for that meter while it holds that job.
        locked = live.order_by(Job.id).with_for_update().execution_options(populate_existing=True)
        jobs = db.scalars(locked).all()
        queued = [job for job in jobs if job.state == "queued"]
        lines = sorted({(job.owner_id, job.priority) for job in queued})
        running = [job.id for job in jobs if job.state == "running" and job.stop_reason is None]
        ids = [job.id for job in queued]
        move_all(db, ids, "queued", ended_at=now_ms, **stopped(reason))
        release_all(db, ids, now_ms)
        for owner_id, priority in lines:
            line.give_up_turn(db, owner_id, priority)
        move_all(db, running, "running", stop_reason=reason, stop_requested_at=now_ms)
        return jobs

    def stop(self, db: Session, job_id: str, reason: str, now_ms: int, release: Release) -> None:
        if move(db, job_id, "queued", ended_at=now_ms, **stopped(reason)):
            release(db, job_id, now_ms)
            job = db.get_one(Job, job_id)
            line.give_up_turn(db, job.owner_id, job.priority)
        else:
            asked = {"stop_reason": reason, "stop_requested_at": now_ms}
            move(db, job_id, "running", Job.stop_reason.is_(None), **asked)


def move_all(db: Session, job_ids: Sequence[str], from_state: str, /, **values: object) -> None:
    """`move` for jobs whose rows are locked in that state already."""
    if job_ids:
        these = update(Job).where(Job.id.in_(job_ids), Job.state == from_state)
        db.execute(these.values(**values))


def kind_of(spec: ClipSpec) -> str:
    """What clips that take about as long have in common: model, what it does, size and length."""
    how = f"{spec.model} {spec.variant} {spec.operation}"
    return f"{how} {spec.width}x{spec.height} {spec.seconds}s"
