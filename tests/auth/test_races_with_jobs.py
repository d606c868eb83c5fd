"""A revocation and the workers that end the same tester's jobs never wait for each other."""

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from auth import budget, revocation
from auth.gate import Gate
from auth.records import Budget, Reservation
from database import Database
from jobs.queue import Queue
from jobs.records import Job, move
from tests.auth.conftest import NOON, Invited, invite

JOBS_EACH = 12
ROUNDS = 4


def start_jobs(database: Database, gate: Gate, who: Invited) -> list[str]:
    """Admitted jobs by turns queued and running; the ids of the running ones."""
    job_ids = [f"{who.tester.id[:28]}{number:04d}" for number in range(JOBS_EACH)]
    with database.begin() as db:
        for number, job_id in enumerate(job_ids):
            gate.admit(db, who.principal, job_id, 10, NOON)
            db.add(
                Job(
                    id=job_id,
                    owner_id=who.tester.id,
                    admission_id=who.token.id,
                    state="running" if number % 2 else "queued",
                    spec={},
                    gpu_ms=10,
                    priority="tester",
                    line=number,
                    created_at=NOON,
                )
            )
    return job_ids[1::2]


def test_revoke_and_stop_end_every_job_once_while_workers_finish_them(
    database: Database, gate: Gate
) -> None:
    queue = Queue(database)

    def finish(job_id: str, start: threading.Barrier) -> None:
        start.wait()
        with database.begin() as db:
            if move(db, job_id, "running", state="finished", ended_at=NOON):
                budget.settle(db, job_id, 10, NOON)

    def revoke(token_id: str, start: threading.Barrier) -> None:
        start.wait()
        with database.begin() as db:
            revocation.revoke(db, token_id, "pasted", NOON)
            queue.stop_admitted(db, token_id, NOON, budget.release_all)

    for number in range(ROUNDS):
        who = invite(
            database, gate, f"tester {number}", rate_per_minute=60_000, concurrent=JOBS_EACH
        )
        running = start_jobs(database, gate, who)
        start = threading.Barrier(len(running) + 1)
        with ThreadPoolExecutor(len(running) + 1) as pool:
            ends = [pool.submit(finish, job_id, start) for job_id in running]
            ends.append(pool.submit(revoke, who.token.id, start))
            assert [end.result() for end in ends] == [None] * len(ends)

    with database.read() as db:
        settled = select(func.count()).where(Reservation.state == "settled")
        released = select(func.count()).where(Reservation.state == "released")
        assert db.scalar(settled) == ROUNDS * JOBS_EACH // 2
        assert db.scalar(released) == ROUNDS * JOBS_EACH // 2
        assert db.scalar(select(func.sum(Budget.held_gpu_ms))) == 0
