"""What a worker tells of its jobs is counted by kind, and holds none of their words."""

import logging

import pytest

from errors import StoreFailed
from jobs import chronicle
from jobs.records import Job
from observe import metrics, traces
from observe.visit import CURRENT, current_request_id

SENTENCE = "The disk is full. Nothing was charged."


def job_of(**columns: object) -> Job:
    return Job(**{"id": "j" * 32, "spec": {"variant": "turbo"}, "created_at": 1_000, **columns})


def count(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def test_wait_is_from_admission_to_the_first_look_of_a_worker() -> None:
    before = count("greenroom_job_wait_seconds_sum")
    with chronicle.carrying(job_of(started_at=3_500, request_id="req_1")):
        assert current_request_id() == "req_1"
    assert count("greenroom_job_wait_seconds_sum") - before == pytest.approx(2.5)
    assert CURRENT.get() is None


def test_stop_is_timed_from_when_somebody_wished_it_by_why() -> None:
    before = count("greenroom_stop_seconds_sum", reason="revoked")
    ended = {"state": "stopped", "error_code": "stopped", "stop_reason": "revoked"}
    chronicle.ended(job_of(ended_at=5_000, stop_requested_at=4_900, **ended))
    assert count("greenroom_stop_seconds_sum", reason="revoked") - before == pytest.approx(0.1)


def test_end_is_counted_by_its_code() -> None:
    labels = {"state": "failed", "code": "worker_lost"}
    before = count("greenroom_jobs_ended_total", **labels)
    chronicle.ended(job_of(ended_at=5_000, state="failed", error_code="worker_lost"))
    assert count("greenroom_jobs_ended_total", **labels) == before + 1


def test_failure_nobody_foresaw_is_told_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "greenroom.jobs"):
        chronicle.failed("j", ValueError("a red ball"))
        chronicle.failed("j", StoreFailed(SENTENCE))
    assert [r.getMessage() for r in caplog.records] == [
        "job j failed: ValueError",
        f"job j failed: {SENTENCE}",
    ]


def test_stage_that_fails_is_not_timed() -> None:
    labels = {"stage": "keep", "variant": "turbo"}
    before = count("greenroom_render_stage_seconds_count", **labels)
    with pytest.raises(StoreFailed), chronicle.stage("keep", job_of()):
        raise StoreFailed(SENTENCE)
    with chronicle.stage("keep", job_of()):
        pass
    assert count("greenroom_render_stage_seconds_count", **labels) == before + 1


def test_nothing_is_traced_where_nobody_collects() -> None:
    with traces.span("anything"):
        assert traces.traceparent() is None
