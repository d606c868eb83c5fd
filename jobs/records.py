"""The tables of the work."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    String,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from database import Record

LIVE = ("queued", "running")


class Job(Record):
    """One admitted clip on its way.

    `queued` → `running` → `finished` | `failed` | `stopped`; a queued job may end at once.
    `admission_id` is the gate's word for whoever may stop this job (a token's public id).
    `id` sorts by time: first come, first served even within one second.
    `line` is its round (jobs/line.py): what is queued is drawn by `line`, then by `id`.
    `request_id` and `traceparent` (W3C Trace Context) name the request that asked for it.
    `variation_of`: the first job of the wish that this one came of too.
    `stop_requested_at`: when somebody asked that it stop while it was drawn.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'running', 'finished', 'failed', 'stopped')", name="job_state"
        ),
        Index("ix_jobs_owner_created", "owner_id", "id"),
        Index("ix_jobs_owner_ended", "owner_id", "ended_at"),
        Index("ix_jobs_state", "state", "id"),
        Index("ix_jobs_line", "state", "line", "id"),
        Index("ix_jobs_admission", "admission_id", "state"),
        Index("ix_jobs_variation_of", "variation_of"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(32))
    admission_id: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    reading: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    kind: Mapped[str | None] = mapped_column(String(80))
    gpu_ms: Mapped[int] = mapped_column(BigInteger)
    priority: Mapped[str] = mapped_column(String(16))
    line: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(default=0)
    executor_id: Mapped[str | None] = mapped_column(String(64))
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    stop_reason: Mapped[str | None] = mapped_column(String(32))
    error_code: Mapped[str | None] = mapped_column(String(32))
    error_sentence: Mapped[str | None] = mapped_column(String(400))
    created_at: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    request_id: Mapped[str | None] = mapped_column(String(40))
    traceparent: Mapped[str | None] = mapped_column(String(55))
    stop_requested_at: Mapped[int | None] = mapped_column(BigInteger)
    variation_of: Mapped[str | None] = mapped_column(String(32))


class Clip(Record):
    """A finished job's film. `key` names it in the store; `poster_key` its still."""

    __tablename__ = "clips"

    id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(32), index=True)
    key: Mapped[str] = mapped_column(String(200))
    poster_key: Mapped[str] = mapped_column(String(200))
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    fps: Mapped[int]
    frame_count: Mapped[int]
    native_width: Mapped[int]
    native_height: Mapped[int]
    native_fps: Mapped[int]
    created_at: Mapped[int] = mapped_column(BigInteger)


class Picture(Record):
    """A picture somebody brought for clips to begin with. `used_at`: when one last asked to."""

    __tablename__ = "pictures"

    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(32), index=True)
    key: Mapped[str] = mapped_column(String(200))
    bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class Reel(Record):
    """A film somebody brought for one wish to go on from, as sora_core/reels.py wrote it.

    job_id  the first job of that wish; the film goes when all of them have ended
    """

    __tablename__ = "reels"

    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(32), index=True)
    job_id: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(200))
    bytes: Mapped[int] = mapped_column(BigInteger)
    fps: Mapped[int]
    frame_count: Mapped[int]
    created_at: Mapped[int] = mapped_column(BigInteger)


class Mark(Record):
    """The number of the invisible mark in a job's film. Outlives the job: a copy may turn up.

    key_id       which key it is written with
    z            how far it stands out in the film that was stored; None until there is one
    fingerprint  of what the film shows (sora_core/mark/fingerprint.py)
    """

    __tablename__ = "marks"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    job_id: Mapped[str] = mapped_column(String(32), unique=True)
    owner_id: Mapped[str] = mapped_column(String(32), index=True)
    admission_id: Mapped[str] = mapped_column(String(32))
    key_id: Mapped[str] = mapped_column(String(16))
    z: Mapped[float | None] = mapped_column(Float)
    fingerprint: Mapped[str | None] = mapped_column(String(80))
    issued_at: Mapped[int] = mapped_column(BigInteger)


class Tracing(Record):
    """A film that turned up, and what was read in it. The film itself is not kept.

    number      the mark's, None until it is read and where there is none
    chance      at most how likely it is that any number compared fits as well
    hints       [number, share that differs] of the films that look like it
    problem     the sentence, where it could not be read
    """

    __tablename__ = "tracings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[int] = mapped_column(BigInteger, index=True)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    number: Mapped[int | None] = mapped_column(BigInteger)
    z: Mapped[float | None] = mapped_column(Float)
    like_z: Mapped[float | None] = mapped_column(Float)
    chance: Mapped[float | None] = mapped_column(Float)
    compared: Mapped[int | None] = mapped_column(BigInteger)
    other_keys: Mapped[int | None] = mapped_column(BigInteger)
    hints: Mapped[list[tuple[int, float]] | None] = mapped_column(JSON)
    problem: Mapped[str | None] = mapped_column(String(400))


class Turn(Record):
    """How far one artist's clips of one priority reach in the line; and the round being drawn."""

    __tablename__ = "turns"

    flow: Mapped[str] = mapped_column(String(64), primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger)


class Presence(Record):
    """One life of one worker. `beats` rises while it lives; `lost_at`: when it was given up.

    name         new in each process, and what a job it draws names as `executor_id`
    executor_id  of its data folder: no two live workers share one
    """

    __tablename__ = "presences"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    executor_id: Mapped[str] = mapped_column(String(64))
    host: Mapped[str] = mapped_column(String(120))
    beats: Mapped[int] = mapped_column(BigInteger, default=0)
    joined_at: Mapped[int] = mapped_column(BigInteger)
    beat_at: Mapped[int] = mapped_column(BigInteger)
    lost_at: Mapped[int | None] = mapped_column(BigInteger)


def move(
    db: Session, job_id: str, from_state: str, /, *conditions: ColumnElement[bool], **values: Any
) -> bool:
    """Change a job in `from_state`, if `conditions` hold too; says whether it was changed.

    One guarded UPDATE: of parallel callers who would move a job out of a state, one wins.
    """
    statement = update(Job).where(Job.id == job_id, Job.state == from_state, *conditions)
    return db.scalar(statement.values(**values).returning(Job.id)) is not None
