"""One job's whole life, without the engine: `carry` is called as the engine calls it."""

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from auth.budget import release, settle
from auth.revocation import revoke
from auth.switch import stop, why_stop
from jobs.live import LiveEvent
from jobs.records import Clip, Job, move
from jobs.worker import Leaving, Worker, insist
from sora_core import render, sprout
from sora_core.catalog import MODELS, Variant
from sora_core.store import Store
from tests.jobs.conftest import House, now_ms


class Watcher:
    """Keeps every event; does something at a step."""

    def __init__(self) -> None:
        self.seen: list[LiveEvent] = []
        self.at: dict[int, Callable[[], object]] = {}

    def publish(self, event: LiveEvent) -> None:
        self.seen.append(event)
        if event.state == "running":
            self.at.pop(event.step, bool)()


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model on offer that takes fewer steps: what is drawn does not matter here."""
    few = {"quality": Variant(steps=6, passes=2)}
    monkeypatch.setitem(MODELS, "sprout", dataclasses.replace(MODELS["sprout"], variants=few))


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def worker(house: House, watcher: Watcher) -> Worker:
    store = Store(house.settings.data / "clips")
    return Worker(
        house.database, store, watcher, settle, release, why_stop, house.queue, clock=now_ms
    )


def assert_refunded(house: House, job: Job) -> None:
    assert house.hold(job).state == "released"
    budget = house.budget()
    assert (budget.clips, budget.held_gpu_ms, budget.spent_gpu_ms) == (0, 0, 0)
    assert house.clip(job) is None
    assert house.files() == []


def assert_charged_once(house: House, job: Job) -> None:
    hold, budget = house.hold(job), house.budget()
    assert hold.state == "settled"
    assert 0 < hold.spent_gpu_ms <= hold.held_gpu_ms
    assert (budget.clips, budget.held_gpu_ms) == (1, 0)
    assert budget.spent_gpu_ms == hold.spent_gpu_ms
    clip = house.clip(job)
    assert clip is not None
    assert house.files() == sorted([clip.key, clip.poster_key])


def test_carry_finishes_a_job_and_tells_each_step(
    house: House, worker: Worker, watcher: Watcher
) -> None:
    job = house.ask()
    worker.carry(job.id)
    job = house.look(job)
    assert (job.state, job.attempts, job.step) == ("finished", 1, job.steps)
    assert job.reading == {
        "understood": {"subject": "ball", "colour": "red", "motion": "bounce"},
        "unknown": [],
    }
    assert_charged_once(house, job)
    assert [event.step for event in watcher.seen[:-1]] == list(range(job.steps + 1))
    assert all(event.owner_id == job.owner_id for event in watcher.seen)
    assert (watcher.seen[-1].state, watcher.seen[-1].preview) == ("finished", None)


def test_carry_changes_nothing_the_second_time(house: House, worker: Worker) -> None:
    job = house.ask()
    worker.carry(job.id)
    first = house.look(job).ended_at
    worker.carry(job.id)
    assert house.look(job).ended_at == first
    assert_charged_once(house, job)


def test_carry_does_not_draw_a_job_that_was_cancelled_in_the_line(
    house: House, worker: Worker, watcher: Watcher
) -> None:
    job = house.cancel(house.ask())
    worker.carry(job.id)
    assert watcher.seen == []
    assert_refunded(house, job)


def test_carry_stops_before_drawing_when_the_token_was_revoked(
    house: House, worker: Worker, watcher: Watcher
) -> None:
    job = house.ask()
    with house.database.begin() as db:
        revoke(db, job.admission_id, "a test", now_ms())
    worker.carry(job.id)
    assert house.look(job).stop_reason == "revoked"
    assert [event.state for event in watcher.seen] == ["stopped"]
    assert_refunded(house, job)


@pytest.mark.parametrize("subject", ["everybody", "cohort", "tester", "token"])
def test_carry_stops_at_its_next_step_what_an_admin_stops(
    house: House, worker: Worker, watcher: Watcher, subject: str
) -> None:
    keys = {"everybody": "everybody", **house.subjects()}
    job, waiting = house.ask(), house.ask()

    def pull() -> None:
        with house.database.begin() as db:
            stop(db, keys[subject], "A leak is being looked at", now_ms())

    watcher.at[3] = pull
    worker.carry(job.id)
    assert (house.look(job).state, house.look(job).step) == ("stopped", 3)
    worker.carry(waiting.id)
    assert (house.look(waiting).state, house.look(waiting).started_at) == ("stopped", None)
    assert {house.look(ended).stop_reason for ended in (job, waiting)} == {"suspended"}
    assert_refunded(house, job)
    assert_refunded(house, waiting)


def test_publish_waits_for_a_stop_under_way_and_then_publishes_nothing(
    house: House, worker: Worker, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, stopping = house.ask(), threading.Event()

    def pull() -> None:
        with house.database.begin() as db:
            stop(db, "everybody", "A leak is being looked at", now_ms())
            stopping.set()

    keep = worker.keep

    def keep_and_pull(*arguments: Any) -> Clip:
        clip = keep(*arguments)
        threading.Thread(target=pull).start()
        assert stopping.wait(20)
        return clip

    monkeypatch.setattr(worker, "keep", keep_and_pull)
    worker.carry(job.id)
    assert house.look(job).stop_reason == "suspended"
    assert_refunded(house, job)


@pytest.mark.parametrize("how", ["cancel", "revoke"])
def test_carry_stops_within_one_step(
    house: House, worker: Worker, watcher: Watcher, how: str
) -> None:
    job = house.ask()
    watcher.at[5] = house.revoke if how == "revoke" else lambda: house.cancel(job)
    worker.carry(job.id)
    job = house.look(job)
    assert (job.state, job.step) == ("stopped", 5)
    assert job.stop_reason == {"cancel": "cancelled", "revoke": "revoked"}[how]
    assert watcher.seen[-1].error == {"code": "stopped", "sentence": job.error_sentence}
    assert_refunded(house, job)


@pytest.mark.parametrize("how", ["cancel", "revoke"])
def test_carry_publishes_nothing_that_was_stopped_after_the_last_frame(
    house: House, worker: Worker, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    job, keep = house.ask(), worker.store.keep

    def keep_then_stop(draft: Path, key: str) -> None:
        keep(draft, key)
        if key.endswith(".jpg"):
            house.revoke() if how == "revoke" else house.cancel(job)

    monkeypatch.setattr(worker.store, "keep", keep_then_stop)
    worker.carry(job.id)
    assert house.look(job).state == "stopped"
    assert_refunded(house, job)


def test_carry_leaves_a_job_that_another_worker_draws(
    house: House, worker: Worker, watcher: Watcher
) -> None:
    """The engine may deliver a job twice; it is drawn once."""
    job = house.ask()
    with house.database.begin() as db:
        move(db, job.id, "queued", state="running", executor_id="another", attempts=1, step=9)
    worker.carry(job.id)
    job = house.look(job)
    assert (job.state, job.executor_id, job.attempts, job.step) == ("running", "another", 1, 9)
    assert watcher.seen == []


def test_claim_finds_the_job_it_claimed_without_hearing_of_it(house: House, worker: Worker) -> None:
    """The database died between the commit and its answer: asked again, it is still ours."""
    job = house.ask()
    worker.claim(job.id)
    again = worker.claim(job.id)
    assert again is not None
    assert (again.state, again.attempts) == ("running", 1)


def test_publish_charges_once_though_its_answer_was_lost(
    house: House, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, settled, answers = house.ask(), worker.settled, iter(["lost"])

    def settle_and_lose_the_answer(*arguments: Any) -> Job | None:
        done = settled(*arguments)
        for _ in answers:
            raise OperationalError("COMMIT", {}, Exception("the server closed the connection"))
        return done

    monkeypatch.setattr(worker, "settled", settle_and_lose_the_answer)
    worker.carry(job.id)
    assert house.look(job).state == "finished"
    assert_charged_once(house, job)


def test_carry_changes_nothing_once_another_worker_has_the_job(
    house: House, worker: Worker, watcher: Watcher
) -> None:
    """A zombie: paused, given up for dead, and back again."""
    job = house.ask()

    def take_over() -> None:
        with house.database.begin() as db:
            assert move(db, job.id, "running", executor_id="another", attempts=2)

    watcher.at[3] = take_over
    worker.carry(job.id)
    job = house.look(job)
    assert (job.state, job.executor_id, job.attempts) == ("running", "another", 2)
    assert house.hold(job).state == "held"
    assert house.files() == []
    assert watcher.seen[-1].state == "running"


def test_carry_gives_a_job_back_when_the_process_has_to_go(
    house: House, worker: Worker, watcher: Watcher
) -> None:
    job = house.ask()
    watcher.at[3] = worker.leaving.set
    with pytest.raises(Leaving):
        worker.carry(job.id)
    waiting = house.look(job)
    assert (waiting.state, waiting.attempts, waiting.step) == ("queued", 0, 0)
    assert (waiting.executor_id, waiting.started_at) == (None, None)
    assert house.hold(job).state == "held"
    assert house.files() == []

    worker.leaving.clear()
    worker.carry(job.id)
    assert house.look(job).attempts == 1
    assert_charged_once(house, job)


def test_carry_fails_with_a_sentence_when_something_breaks(
    house: House, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, next_job = house.ask(), house.ask()
    with monkeypatch.context() as broken:
        broken.setattr(render, "save_poster", lambda *_: 1 / 0)
        worker.carry(job.id)
    failed = house.look(job)
    assert (failed.state, failed.error_code) == ("failed", "render_failed")
    assert "broke" in (failed.error_sentence or "")
    assert house.hold(job).state == "released"
    worker.carry(next_job.id)
    assert_charged_once(house, next_job)


def test_carry_fails_with_a_sentence_when_the_weights_are_corrupt(
    house: House, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(sprout.load, "__defaults__", (tmp_path / "weights",))
    render.pipeline.cache_clear()
    job = house.ask()
    worker.carry(job.id)
    render.pipeline.cache_clear()
    failed = house.look(job)
    assert (failed.state, failed.error_code) == ("failed", "weights_corrupt")
    assert_refunded(house, job)


def test_carry_fails_with_a_sentence_when_the_disk_is_full_and_the_next_job_runs(
    house: House, worker: Worker, watcher: Watcher
) -> None:
    job, next_job = house.ask(), house.ask()
    worker.store.draft(f"{job.id}-1.mp4").symlink_to("/dev/full")
    worker.carry(job.id)
    failed = house.look(job)
    assert (failed.state, failed.error_code) == ("failed", "store_failed")
    assert watcher.seen[-1].error == {"code": "store_failed", "sentence": failed.error_sentence}
    assert house.hold(job).state == "released"
    assert house.files() == []
    worker.carry(next_job.id)
    assert_charged_once(house, next_job)


def test_insist_tries_again_until_the_database_takes_it() -> None:
    refusals = iter([OperationalError("UPDATE", {}, Exception("locked"))])

    def act() -> str:
        for refusal in refusals:
            raise refusal
        return "done"

    assert insist(act) == "done"


def test_insist_gives_up_when_its_patience_ends() -> None:
    def act() -> None:
        raise OperationalError("UPDATE", {}, Exception("locked"))

    with pytest.raises(OperationalError):
        insist(act, patience_s=0)
