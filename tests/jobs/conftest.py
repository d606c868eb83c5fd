"""A house with a gate, a queue and a hub, for tests that let jobs run."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from auth import testers, tokens
from auth.budget import release, release_all
from auth.gate import Gate, Principal
from auth.records import Budget, Cohort, Reservation, Tester
from auth.revocation import revoke
from database import Database
from jobs.queue import Queue, migrate_engine, new_job_id
from jobs.records import LIVE, Clip, Job
from settings import Settings
from sora_core.spec import ClipSpec
from tests.devices import signed_by


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class House:
    """Everything of one Greenroom but its web pages; one tester lives in it."""

    settings: Settings
    database: Database
    queue: Queue
    gate: Gate
    principal: Principal

    def ask(self, seconds: int = 1) -> Job:
        """A small clip through the gate into the line, as the studio asks for one."""
        with self.database.begin() as db:
            return self.ask_in(db, seconds)

    def ask_in(self, db: Session, seconds: int = 1) -> Job:
        spec = ClipSpec.parse(
            {"prompt": "a red ball bouncing", "size": "256x256", "seconds": seconds, "seed": 7}
        )
        now = now_ms()
        admission = self.gate.admit(db, self.principal, new_job_id(now), spec.gpu_ms, now)
        return self.queue.enqueue(
            db,
            spec,
            job_id=admission.job_id,
            owner_id=admission.tester_id,
            admission_id=admission.token_id,
            now_ms=now,
        )

    def subjects(self) -> dict[str, str]:
        """What may be stopped besides everybody; the tester is put into a cohort for it."""
        with self.database.begin() as db:
            if db.get(Cohort, "c") is None:
                db.add(Cohort(id="c", name="artists", created_at=now_ms()))
            db.get_one(Tester, self.principal.tester_id).cohort_id = "c"
        tester, token = self.principal.tester_id, self.principal.token_id
        return {"cohort": "cohort:c", "tester": f"tester:{tester}", "token": f"token:{token}"}

    def look(self, job: Job) -> Job:
        with self.database.read() as db:
            return db.get_one(Job, job.id)

    def clip(self, job: Job) -> Clip | None:
        with self.database.read() as db:
            return db.get(Clip, job.id)

    def hold(self, job: Job) -> Reservation:
        with self.database.read() as db:
            return db.get_one(Reservation, job.id)

    def budget(self) -> Budget:
        with self.database.read() as db:
            return db.query(Budget).one()

    def cancel(self, job: Job) -> Job:
        with self.database.begin() as db:
            return self.queue.cancel(db, job.id, job.owner_id, now_ms(), release)

    def revoke(self) -> list[Job]:
        token_id = self.principal.token_id
        with self.database.begin() as db:
            revoke(db, token_id, "a test", now_ms())
            return list(self.queue.stop_admitted(db, token_id, now_ms(), release_all))

    def files(self) -> list[str]:
        """Every file under the folder of the clips, drafts included."""
        clips = self.settings.data / "clips"
        return sorted(str(path.relative_to(clips)) for path in clips.rglob("*") if path.is_file())

    def wait(self, job: Job, until: Callable[[Job], bool], limit_s: float = 120) -> Job:
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            seen = self.look(job)
            if until(seen):
                return seen
            time.sleep(0.02)
        pytest.fail(f"the job is {seen.state} at step {seen.step} after {limit_s} s")

    def wait_end(self, job: Job, limit_s: float = 120) -> Job:
        return self.wait(job, lambda seen: seen.state not in LIVE, limit_s)


@pytest.fixture
def house(database: Database, database_url: str, tmp_path: Path) -> House:
    migrate_engine(database)
    settings = Settings.read(
        {
            "GREENROOM_DATA": str(tmp_path / "data"),
            "GREENROOM_DATABASE_URL": database_url,
            "GREENROOM_RATE_PER_MINUTE": "1000",
            "GREENROOM_CONCURRENT": "100",
        }
    )
    gate = Gate.from_settings(settings)
    with database.begin() as db:
        tester = testers.add(db, "Ada", now_ms=now_ms())
        token = tokens.mint(db, gate.keys, tester.id, lifetime_ms=3_600_000, now_ms=now_ms())
        principal, _ = gate.sign_in(db, token.text, signed_by("a laptop"), "", now_ms())
    return House(settings, database, Queue(database), gate, principal)
