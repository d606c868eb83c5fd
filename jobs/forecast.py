"""When a waiting job's turn comes, learned from what such clips took here."""

import threading
import time
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from jobs.pace import LEAST
from jobs.presence import workers_there
from jobs.records import LIVE, Job

#: The line is read once in so long, however many pages ask: reading it takes as long as it is.
FRESH_S = 1.5
#: An estimate is no better than that; and a card that says the same need not be sent again.
STEP_MS = 5_000
LATEST = 200


class Forecast:
    """What is known of the whole line, at most FRESH_S old. Threads may share it."""

    def __init__(self) -> None:
        self.lock, self.read_at, self.waits = threading.Lock(), -FRESH_S, dict[str, int]()

    def wait_ms(self, db: Session, job: Job, now_ms: int) -> int | None:
        """Milliseconds until a queued job is drawn; None where it is not queued, or nobody knows.

        A job that came since the line was read has to ask again.
        """
        if job.state != "queued":
            return None
        with self.lock:
            if time.monotonic() - self.read_at >= FRESH_S:
                self.waits, self.read_at = waits(db, now_ms), time.monotonic()
            return self.waits.get(job.id)


def waits(db: Session, now_ms: int) -> dict[str, int]:
    """Queued job → milliseconds until its turn: what lives before it, shared by the workers."""
    learned, share = takes(db)
    workers, ahead_ms, found = max(1, workers_there(db, now_ms)), 0.0, {}
    columns = select(Job.id, Job.state, Job.kind, Job.gpu_ms, Job.step, Job.steps)
    running_first = (Job.state == "queued", Job.line, Job.id)
    for row in db.execute(columns.where(Job.state.in_(LIVE)).order_by(*running_first)):
        takes_ms = learned.get(row.kind) or (share * row.gpu_ms if share else None)
        if takes_ms is None:
            break  # and nobody knows of those behind it
        if row.state == "queued":
            found[row.id] = STEP_MS * round(ahead_ms / workers / STEP_MS)
        ahead_ms += takes_ms * (1 - row.step / max(row.steps, 1))
    return found


def takes(db: Session) -> tuple[dict[str | None, float], float | None]:
    """How long clips took: of each kind, and of their price, of all; the middle ones.

    A kind is a model, what it does, a size and a length (`kind_of`). Of fewer than LEAST clips the
    middle one says too little.
    """
    took = select(Job.kind, Job.gpu_ms, Job.ended_at - Job.started_at).where(
        Job.state == "finished", Job.started_at.is_not(None)
    )
    latest = db.execute(took.order_by(Job.id.desc()).limit(LATEST)).all()
    kinds: dict[str | None, list[int]] = {}
    for kind, _, took_ms in latest:
        kinds.setdefault(kind, []).append(took_ms or 0)
    learned = {kind: median(times) for kind, times in kinds.items() if len(times) >= LEAST}
    shares = [(took_ms or 0) / gpu_ms for _, gpu_ms, took_ms in latest if gpu_ms]
    return learned, median(shares) if len(shares) >= LEAST else None
