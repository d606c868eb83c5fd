"""The waiting line: both rows or neither, first come first served, stopped once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import event, text

from auth.budget import release, release_all
from database import Database
from errors import NotFound
from jobs.queue import JobIds, new_job_id
from jobs.records import Job, move
from tests.jobs.conftest import House, now_ms


def engine_rows(database: Database) -> int:
    table = "workflow_status" if database.is_sqlite else "dbos.workflow_status"
    with database.read() as db:
        return db.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def job_rows(database: Database) -> int:
    with database.read() as db:
        return db.query(Job).count()


def test_ids_rise_while_time_stands_still_or_goes_back() -> None:
    ids = JobIds()
    made = [ids.next(now) for now in [1_000_000_000_000] * 500 + [999_999_999_999] * 500]
    assert made == sorted(set(made))
    assert {len(job_id) for job_id in made} == {32}
    assert ids.next(2_000_000_000_000) > made[-1]


def test_ids_differ_between_threads() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: new_job_id(now_ms()), range(2000)))
    assert len(set(made)) == 2000


def test_enqueue_writes_the_job_and_the_engines_order(house: House) -> None:
    job = house.ask()
    assert house.look(job).state == "queued"
    assert (job_rows(house.database), engine_rows(house.database)) == (1, 1)
    assert house.hold(job).state == "held"


def test_enqueue_leaves_neither_row_when_the_transaction_fails(house: House) -> None:
    with suppress(KeyError), house.database.begin() as db:
        house.ask_in(db)
        raise KeyError
    assert (job_rows(house.database), engine_rows(house.database)) == (0, 0)


def test_place_counts_the_queued_jobs_ahead(house: House) -> None:
    jobs = [house.ask() for _ in range(4)]
    with house.database.begin() as db:
        move(db, jobs[0].id, "queued", state="running")
    house.cancel(jobs[2])
    with house.database.read() as db:
        places = [house.queue.place(db, house.look(job)) for job in jobs]
    assert places == [0, 1, 0, 2]


def test_find_latest_and_clip_show_nobody_elses(house: House) -> None:
    jobs = [house.ask() for _ in range(3)]
    with house.database.read() as db:
        newest = house.queue.latest(db, jobs[0].owner_id, 2)
        assert [job.id for job in newest] == [jobs[2].id, jobs[1].id]
        assert house.queue.find(db, jobs[0].id, jobs[0].owner_id).id == jobs[0].id
        assert list(house.queue.latest(db, "another", 10)) == []
        with pytest.raises(NotFound):
            house.queue.find(db, jobs[0].id, "another")
        with pytest.raises(NotFound):
            house.queue.clip(db, jobs[0].id, jobs[0].owner_id)


def test_cancel_stops_a_queued_job_at_once_and_gives_back_its_hold(house: House) -> None:
    job = house.cancel(house.ask())
    assert (job.state, job.stop_reason, job.error_code) == ("stopped", "cancelled", "stopped")
    assert job.error_sentence == "You stopped this clip. It was not charged."
    assert job.ended_at is not None
    assert house.hold(job).state == "released"
    assert (house.budget().held_gpu_ms, house.budget().clips) == (0, 0)


def test_cancel_asks_a_running_job_to_stop_and_keeps_its_hold(house: House) -> None:
    job = house.ask()
    with house.database.begin() as db:
        move(db, job.id, "queued", state="running")
    job = house.cancel(job)
    assert (job.state, job.stop_reason) == ("running", "cancelled")
    assert house.hold(job).state == "held"


@pytest.mark.parametrize("state", ["finished", "failed", "stopped"])
def test_cancel_leaves_an_ended_job_as_it_is(house: House, state: str) -> None:
    job = house.ask()
    with house.database.begin() as db:
        move(db, job.id, "queued", state=state, ended_at=5)
    job = house.cancel(job)
    assert (job.state, job.stop_reason, job.ended_at) == (state, None, 5)
    assert house.hold(job).state == "held"


def test_cancel_does_not_find_somebody_elses_job(house: House) -> None:
    job = house.ask()
    with pytest.raises(NotFound), house.database.begin() as db:
        house.queue.cancel(db, job.id, "another", now_ms(), release)
    assert house.look(job).state == "queued"


def test_revocation_stops_what_the_token_admitted_and_nothing_else(house: House) -> None:
    queued, running, other = house.ask(), house.ask(), house.ask()
    with house.database.begin() as db:
        move(db, running.id, "queued", state="running")
        move(db, other.id, "queued", admission_id="another")
    stopped = house.revoke()
    assert [(job.id, job.state, job.stop_reason) for job in stopped] == [
        (queued.id, "stopped", "revoked"),
        (running.id, "running", "revoked"),
    ]
    assert house.look(other).state == "queued"
    assert house.hold(queued).state == "released"
    assert house.hold(running).state == house.hold(other).state == "held"


def test_revocation_takes_as_many_statements_for_twelve_jobs_as_for_two(house: House) -> None:
    """Whoever revokes waits for them all to be stopped."""
    taken = []
    for count in (2, 12):
        jobs, statements = [house.ask() for _ in range(count)], list[str]()

        def note(
            _c: object, _cursor: object, statement: str, *_more: object, to=statements
        ) -> None:
            to.append(statement)

        event.listen(house.database.engine, "before_cursor_execute", note)
        token_id = house.principal.token_id
        with house.database.begin() as db:
            stopped = house.queue.stop_admitted(db, token_id, now_ms(), release_all)
        event.remove(house.database.engine, "before_cursor_execute", note)
        assert [job.id for job in stopped] == [job.id for job in jobs]
        assert {house.hold(job).state for job in jobs} == {"released"}
        taken.append(len(statements))
    assert taken[0] == taken[1]
    assert house.budget().held_gpu_ms == 0


def test_job_is_moved_by_one_of_many_that_race_for_it(house: House) -> None:
    job, begin = house.ask(), threading.Barrier(20)

    def race(number: int) -> bool:
        begin.wait()
        with house.database.begin() as db:
            return move(db, job.id, "queued", state="running", executor_id=str(number))

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(race, range(20))) == 1
