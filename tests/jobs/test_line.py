"""Nobody waits for somebody else's whole pile, and nobody for ever."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from database import Database
from jobs import line
from jobs.erasing import erase
from jobs.queue import Queue, migrate_engine, new_job_id
from jobs.records import Job, move
from sora_core.spec import ClipSpec
from tests.jobs.conftest import now_ms

SPEC = ClipSpec.parse({"prompt": "a red ball", "size": "256x256", "seconds": 1, "seed": 7})
Ask = Callable[..., Job]


@pytest.fixture
def ask(database: Database) -> Ask:
    """Put one clip of somebody into the line."""
    migrate_engine(database)
    queue = Queue(database)

    def ask(owner: str, priority: str = line.TESTER) -> Job:
        now = now_ms()
        with database.begin() as db:
            return queue.enqueue(
                db,
                SPEC,
                job_id=new_job_id(now),
                owner_id=owner,
                admission_id="token",
                now_ms=now,
                priority=priority,
            )

    return ask


def draw_next(database: Database) -> str | None:
    """Take the first of the line as a worker does; its owner."""
    with database.begin() as db:
        job = db.query(Job).filter_by(state="queued").order_by(Job.line, Job.id).first()
        if job is None:
            return None
        move(db, job.id, "queued", state="running")
        line.reach(db, job.line)
        return job.owner_id


def drawn(database: Database) -> Iterator[str]:
    while (owner := draw_next(database)) is not None:
        yield owner


def test_clips_of_one_artist_are_drawn_in_the_order_they_came(database: Database, ask: Ask) -> None:
    asked = [ask("ada") for _ in range(5)]
    assert [job.line for job in asked] == sorted({job.line for job in asked})


@pytest.mark.parametrize("workers", [1, 3])
def test_fifty_clips_of_one_artist_delay_anothers_first_by_one_a_worker_at_most(
    database: Database, ask: Ask, workers: int
) -> None:
    for _ in range(50):
        ask("ada")
    for _ in range(workers):
        draw_next(database)
    ask("ben")
    assert list(drawn(database)).index("ben") == 0


def test_artist_who_asks_again_and_again_does_not_get_ahead_of_those_who_wait(
    database: Database, ask: Ask
) -> None:
    for _ in range(10):
        ask("ada")
    order = []
    for _ in range(10):
        ask("ben")
        order += [draw_next(database), draw_next(database)]
    assert order.count("ada") == 10
    assert all(order[i : i + 4].count("ada") == 2 for i in range(0, 20, 4))


def test_three_artists_share_the_line_evenly(database: Database, ask: Ask) -> None:
    for owner in ("ada", "ben", "cem"):
        for _ in range(4):
            ask(owner)
    order = list(drawn(database))
    assert [sorted(order[i : i + 3]) for i in range(0, 12, 3)] == [["ada", "ben", "cem"]] * 4


def test_steward_comes_first_and_background_last(database: Database, ask: Ask) -> None:
    ask("ben", line.BACKGROUND)
    ask("ada")
    ask("eve", line.STEWARD)
    assert list(drawn(database)) == ["eve", "ada", "ben"]


@pytest.mark.parametrize("busy", [line.TESTER, line.STEWARD])
def test_background_is_drawn_although_others_never_stop_asking(
    database: Database, ask: Ask, busy: str
) -> None:
    ask("ben", line.BACKGROUND)
    crowd = ["ada", "cem", "eve"]
    for owner in crowd:
        ask(owner, busy)
    waited = 0
    while (owner := draw_next(database)) != "ben":
        waited += 1
        ask(str(owner), busy)
        assert waited <= len(crowd) * (1 + line.ROUNDS[line.BACKGROUND] - line.ROUNDS[busy])


def test_cancelled_clips_do_not_push_the_next_one_back(database: Database, ask: Ask) -> None:
    queue = Queue(database)
    jobs = [ask("ada") for _ in range(20)]
    ask("ben")
    for job in jobs:
        with database.begin() as db:
            queue.cancel(db, job.id, "ada", now_ms(), lambda *_: None)
    ask("ada")
    ask("ben")
    assert list(drawn(database)) == ["ben", "ada", "ben"]


def test_erased_clips_do_not_push_the_next_one_back(database: Database, ask: Ask) -> None:
    jobs = [ask("ada") for _ in range(20)]
    ask("ben")
    for job in jobs:
        with database.begin() as db:
            erase(db, job.id, "ada", now_ms(), lambda *_: None)
    ask("ada")
    ask("ben")
    assert list(drawn(database)) == ["ben", "ada", "ben"]


def test_parallel_clips_of_one_artist_get_a_round_each(database: Database) -> None:
    def join(_: int) -> int:
        with database.begin() as db:
            return line.join(db, "ada", line.TESTER)

    with ThreadPoolExecutor(8) as threads:
        rounds = list(threads.map(join, range(24)))
    assert sorted(rounds) == list(range(line.FIRST, line.FIRST + 24))
