"""A programme with people in it, and finished clips of theirs; nothing is drawn."""

from dataclasses import dataclass

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from auth import testers
from database import Database
from jobs.queue import new_job_id
from jobs.records import Clip, Job
from sora_core.spec import ClipSpec

NOW = 1_800_000_000_000
HOUR_MS = 3_600_000


@dataclass
class Room:
    """Ada and Ben make clips; Cleo and Dora review them."""

    database: Database
    ada: str
    ben: str
    cleo: str
    dora: str

    def clip(self, owner_id: str, prompt: str = "a red ball bouncing") -> str:
        """The id of a finished clip of this artist."""
        with self.database.begin() as db:
            return finished_clip(db, owner_id, prompt)

    def delete(self, clip_id: str) -> None:
        """What its artist does who deletes a clip (jobs/erasing.py)."""
        with self.database.begin() as db:
            db.execute(delete(Clip).where(Clip.id == clip_id))
            db.execute(delete(Job).where(Job.id == clip_id))


def finished_clip(db: Session, owner_id: str, prompt: str) -> str:
    spec = ClipSpec.parse({"prompt": prompt, "size": "256x256", "seconds": 1, "seed": 7})
    job_id = new_job_id(NOW)
    db.add(
        Job(
            id=job_id,
            owner_id=owner_id,
            admission_id="k" * 12,
            state="finished",
            spec=spec.to_json(),
            gpu_ms=spec.gpu_ms,
            priority="tester",
            line=1,
            created_at=NOW,
            ended_at=NOW,
        )
    )
    db.flush()
    db.add(
        Clip(
            id=job_id,
            owner_id=owner_id,
            key=f"00/{job_id}.mp4",
            poster_key=f"00/{job_id}.jpg",
            bytes=1,
            sha256="0" * 64,
            width=256,
            height=256,
            fps=24,
            frame_count=24,
            native_width=96,
            native_height=96,
            native_fps=12,
            created_at=NOW,
        )
    )
    return job_id


@pytest.fixture
def room(database: Database) -> Room:
    with database.begin() as db:
        people = {
            name: testers.add(db, name.title(), role=role, now_ms=NOW).id
            for name, role in (
                ("ada", testers.TESTER),
                ("ben", testers.TESTER),
                ("cleo", testers.ADMIN),
                ("dora", testers.ADMIN),
            )
        }
    return Room(database, **people)
