"""A worker in the middle of a clip, whose token is revoked."""

import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import select

from auth import revocation
from auth.gate import Gate
from auth.meters import meters_of
from benchmarks.gate.sides import KEYS, ROOT, SECRET, end
from benchmarks.revocation.gate import WIDE, invite, now_ms, open_gate
from database import Database
from jobs.queue import Queue, migrate_engine, new_job_id
from jobs.records import Job
from sora_core.spec import ClipSpec

# Long enough that the revocation comes in its middle, whatever the machine.
SPEC = ClipSpec.parse({"prompt": "a red ball bouncing", "seconds": 10, "size": "448x256"})
MIDDLE_STEP, LOOK_S, CLIP_LIMIT_S = 3, 0.002, 300.0


def run(database_url: str, redis_url: str, folder: Path, clips: int) -> list[int]:
    """From `revoke()` called to the clip stopped, in ns, of each clip.

    Raises RuntimeError where the worker ends, or a clip takes longer than 300 s.
    """
    database, _gate = open_gate(database_url, redis_url)
    database.migrate()
    migrate_engine(database)
    with database.read() as db:
        meters_of(db).restore(db)
    environment = {
        "PATH": "/usr/bin:/bin",
        "GREENROOM_DATA": str(folder / "worker"),
        "GREENROOM_DATABASE_URL": database_url,
        "GREENROOM_REDIS_URL": redis_url,
        "GREENROOM_SECRET": SECRET,
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "jobs"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        return [stop_one(database, worker) for _ in range(clips)]
    finally:
        end(worker)
        database.close()


def stop_one(database: Database, worker: "subprocess.Popen[bytes]") -> int:
    job_id, late = enqueue(database), time.monotonic() + CLIP_LIMIT_S

    def look_again() -> tuple[str, int, str]:
        if worker.poll() is not None or time.monotonic() > late:
            raise RuntimeError(f"{job_id} is {state} at step {step}; the worker: {worker.poll()}")
        time.sleep(LOOK_S)
        return look(database, job_id)

    state, step, admission_id = look(database, job_id)
    while step < MIDDLE_STEP:
        assert state in ("queued", "running"), state
        state, step, admission_id = look_again()
    called = time.monotonic_ns()
    with database.begin() as db:
        revocation.revoke(db, admission_id, "a benchmark", now_ms())
    while state == "running":
        state, step, admission_id = look_again()
    assert state == "stopped", state
    return time.monotonic_ns() - called


def enqueue(database: Database) -> str:
    principal, job_id = invite(database), new_job_id(now_ms())
    with database.begin() as db:
        admission = Gate(KEYS, WIDE).admit(db, principal, job_id, SPEC.gpu_ms, now_ms())
        Queue(database).enqueue(
            db,
            SPEC,
            job_id=job_id,
            owner_id=admission.tester_id,
            admission_id=admission.token_id,
            now_ms=now_ms(),
        )
    return job_id


def look(database: Database, job_id: str) -> tuple[str, int, str]:
    with database.read() as db:
        found = db.execute(select(Job.state, Job.step, Job.admission_id).where(Job.id == job_id))
        return found.one()._tuple()
