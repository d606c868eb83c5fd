"""Which workers are there: a row each, which says so again every few seconds."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from jobs.records import Presence

BEAT_S = 3.0
#: A worker that has not said so for this long counts as away where one is asked for (/readyz).
AWAY_MS = 15_000


def looks(lost_s: float) -> int:
    """So many looks, one a beat, without news of a worker make it lost."""
    return max(2, round(lost_s / BEAT_S))


def arrive(db: Session, name: str, executor_id: str, host: str, now_ms: int) -> None:
    """Does not commit."""
    row = Presence(name=name, executor_id=executor_id, host=host, joined_at=now_ms, beat_at=now_ms)
    db.add(row)


def beat(db: Session, name: str, now_ms: int) -> bool:
    """Say that the worker is there; False where it was given up for lost. Does not commit."""
    mine = update(Presence).where(Presence.name == name, Presence.lost_at.is_(None))
    beats = mine.values(beats=Presence.beats + 1, beat_at=now_ms)
    return db.scalar(beats.returning(Presence.name)) is not None


def depart(db: Session, name: str) -> None:
    """Does not commit."""
    db.execute(delete(Presence).where(Presence.name == name))


def workers_there(db: Session, now_ms: int) -> int:
    """How many workers said so within AWAY_MS, by the clocks of their machines and this one."""
    there = select(func.count()).where(Presence.lost_at.is_(None))
    return db.scalar(there.where(Presence.beat_at > now_ms - AWAY_MS)) or 0
