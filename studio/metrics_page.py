"""`/metrics`, for Prometheus: what this process counted, and what the database has of all."""

import math

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from errors import NotSignedIn, TokenInvalid
from jobs.presence import workers_there
from jobs.records import LIVE, Job
from observe import metrics
from observe.exposition import may_read, page
from studio.clock import now_ms
from studio.parts import Parts


async def show_metrics(parts: Parts, request: Request) -> Response:
    """Raises NotSignedIn without the token of the settings, and for everybody where none is set."""
    authorization = request.headers.get("authorization")
    if not may_read(authorization, parts.settings.metrics_token):
        raise NotSignedIn(str(TokenInvalid()))
    await run_in_threadpool(count_shared, parts)
    body, content_type = page(request.headers.get("accept", ""))
    return Response(body, headers={"content-type": content_type})


def count_shared(parts: Parts) -> None:
    """Read what all processes share. Where the database is away, no figure beats an old one."""
    try:
        with parts.database.read() as db:
            line = count_line(db)
            workers = workers_there(db, now_ms())
    except OperationalError:
        metrics.JOBS.clear()
        metrics.OLDEST_QUEUED_SECONDS.set(math.nan)
        metrics.WORKERS.set(math.nan)
        return
    for state in LIVE:
        count, first_ms = line.get(state, (0, None))
        metrics.JOBS.labels(state).set(count)
        if state == "queued":
            waited_ms = 0 if first_ms is None else max(0, now_ms() - first_ms)
            metrics.OLDEST_QUEUED_SECONDS.set(waited_ms / 1000)
    metrics.WORKERS.set(workers)


def count_line(db: Session) -> dict[str, tuple[int, int]]:
    """Of each state that has live jobs: how many, and when the first of them was admitted."""
    counts = select(Job.state, func.count(), func.min(Job.created_at)).group_by(Job.state)
    rows = db.execute(counts.where(Job.state.in_(LIVE)))
    return {state: (count, first_ms) for state, count, first_ms in rows}
