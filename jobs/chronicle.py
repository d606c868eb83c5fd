"""What a worker tells of its jobs: to the log, the metrics and the trace of whoever asked."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from errors import GreenroomError
from jobs.records import Job
from observe import metrics, traces
from observe.visit import carried_on
from sora_core.render import Film

log = logging.getLogger("greenroom.jobs")


@contextmanager
def carrying(job: Job) -> Iterator[None]:
    """Around all that happens to a job here: it belongs to the request that asked for it."""
    waited_ms = max(0, (job.started_at or job.created_at) - job.created_at)
    metrics.WAIT_SECONDS.observe(waited_ms / 1000)
    facts: dict[str, traces.Value] = {"greenroom.job_id": job.id, "greenroom.attempt": job.attempts}
    with (
        carried_on(job.request_id, job.id),
        traces.span("carry", traces.CONSUMER, job.traceparent, facts),
    ):
        log.info("claimed", extra={"wait_ms": waited_ms})
        yield


@contextmanager
def stage(name: str, job: Job) -> Iterator[None]:
    """Around one stage of a clip's making; a stage that fails is not timed."""
    began = time.perf_counter()
    with traces.span(name):
        yield
    told = metrics.STAGE_SECONDS.labels(name, job.spec["variant"])
    told.observe(time.perf_counter() - began)


def finished(job: Job, film: Film) -> None:
    metrics.GPU_SECONDS.labels(job.spec["variant"]).inc(film.gpu_ms / 1000)
    for name, spent_s in film.stages_s.items():
        metrics.STAGE_SECONDS.labels(name, job.spec["variant"]).observe(spent_s)
    metrics.JOBS_ENDED.labels(job.state, "").inc()
    log.info("ended", extra={"state": job.state, "gpu_ms": film.gpu_ms})


def failed(job_id: str, error: Exception) -> None:
    """Why, in words where they are ours; of what nobody foresaw only what and where it was."""
    foreseen = isinstance(error, GreenroomError)
    why = str(error) if foreseen else type(error).__name__
    log.error("job %s failed: %s", job_id, why, exc_info=None if foreseen else error)


def ended(job: Job) -> None:
    """A job that ended without a clip."""
    metrics.JOBS_ENDED.labels(job.state, job.error_code or "").inc()
    if job.stop_requested_at is not None and job.ended_at is not None:
        late_s = max(0, job.ended_at - job.stop_requested_at) / 1000
        metrics.STOP_SECONDS.labels(job.stop_reason or "").observe(late_s)
    log.info("ended", extra={"state": job.state, "code": job.error_code})
