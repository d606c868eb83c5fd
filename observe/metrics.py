"""Every number Greenroom counts, and its name. Labels hold kinds of things, never who or which.

A process counts for itself: Prometheus scrapes each web process and each worker. What all of them
share (the line, the workers alive) each web process reads from the database when it is asked.
"""

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

QUICK_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SLOW_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)

# ── the web ──────────────────────────────────────────────────────────────────────────────────────
HTTP_SECONDS = Histogram(
    "greenroom_http_seconds",
    "Time until an answer began.",
    ["method", "route", "status"],
    buckets=QUICK_S,
    registry=REGISTRY,
)
REFUSALS = Counter(
    "greenroom_refusals",
    "Requests refused, by the code of docs/errors.md.",
    ["code"],
    registry=REGISTRY,
)
ADMISSIONS = Counter(
    "greenroom_admissions",
    "Clips admitted by the gate.",
    ["operation", "variant"],
    registry=REGISTRY,
)
STREAMS = Gauge("greenroom_open_streams", "Event streams that are open.", registry=REGISTRY)
REVOCATION_SECONDS = Histogram(
    "greenroom_revocation_seconds",
    "From a token's revocation until a page that was open with it was told.",
    buckets=QUICK_S,
    registry=REGISTRY,
)

# ── what all processes share ─────────────────────────────────────────────────────────────────────
JOBS = Gauge("greenroom_jobs", "Jobs that have not ended.", ["state"], registry=REGISTRY)
OLDEST_QUEUED_SECONDS = Gauge(
    "greenroom_oldest_queued_seconds", "How long the first in line has waited.", registry=REGISTRY
)
WORKERS = Gauge("greenroom_workers", "Workers whose heart beats.", registry=REGISTRY)

# ── a worker ─────────────────────────────────────────────────────────────────────────────────────
WAIT_SECONDS = Histogram(
    "greenroom_job_wait_seconds",
    "From a job's admission until a worker took it.",
    buckets=SLOW_S,
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "greenroom_render_stage_seconds",
    "Time a clip spent in one stage of its making.",
    ["stage", "variant"],
    buckets=SLOW_S,
    registry=REGISTRY,
)
GPU_SECONDS = Counter(
    "greenroom_gpu_seconds", "Drawing time charged.", ["variant"], registry=REGISTRY
)
JOBS_ENDED = Counter(
    "greenroom_jobs_ended",
    "Jobs that workers ended; code as in docs/errors.md, empty for a finished clip.",
    ["state", "code"],
    registry=REGISTRY,
)
STOP_SECONDS = Histogram(
    "greenroom_stop_seconds",
    "From the wish that a clip being drawn stop until it had stopped.",
    ["reason"],
    buckets=QUICK_S,
    registry=REGISTRY,
)
REAPED = Counter(
    "greenroom_reaped_jobs",
    "Jobs of workers that fell silent, by what became of them.",
    ["outcome"],
    registry=REGISTRY,
)


@lru_cache(maxsize=4096)
def http_seconds(method: str, route: str, status: str) -> Histogram:
    """What times one kind of request: there are few kinds, and finding theirs takes a while."""
    return HTTP_SECONDS.labels(method, route, status)
