"""What a long waiting line costs: `python -m benchmarks.queue [--database-url postgresql://…]`.

Two lines in two databases of one kind, one with 10 jobs waiting, one with 10,000 of 200 artists.
In turns (short, long, long, short …) one job is put into the line as the web process does, in a
transaction of its own with the engine's order, and one is taken out of it as a worker does: the
engine's look for the next order, and the claim. Each line stays as long as it is. Told are the
medians, and the median of the rounds' ratios; the short line beside a second short one says what
a run is worth: outside 0.9 to 1.1 it is worth nothing.

Expected before it was run: enqueue 1.0 to 1.2 times, dequeue 1.0 to 1.5 times, on both databases,
since both follow an index; the place in line 2 to 30 times, since it is counted.

Without --database-url it runs on SQLite. With one, databases are made beside it and dropped.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from uuid import uuid4

from dbos import _queue
from sqlalchemy import create_engine, select, text

from database import Database
from jobs.live import LiveEvent
from jobs.queue import QUEUE, VERSION, Queue, migrate_engine, new_job_id
from jobs.records import Job
from jobs.worker import Worker
from sora_core.spec import ClipSpec
from sora_core.store import Store

SHORT, LONG, ARTISTS = 10, 10_000, 200
ROUNDS, EACH = 7, 30
SPEC = ClipSpec.parse({"prompt": "a red ball bouncing", "seconds": 1, "size": "256x256"})
# A queue comes from a launched engine only; here is none, since its polls would come in between.
ENGINE_QUEUE = _queue.Queue(QUEUE, worker_concurrency=1, token=_queue._INTERNAL_QUEUE_CONSTRUCTION)


class Nobody:
    """Hears what workers tell."""

    def publish(self, event: LiveEvent) -> None:
        pass


@dataclass
class Line:
    """A waiting line of `depth` jobs, and what is done to it."""

    database: Database
    depth: int
    store: Store
    spent: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database.migrate()
        migrate_engine(self.database)
        self.queue = Queue(self.database)
        self.artists = cycle([uuid4().hex for _ in range(min(ARTISTS, self.depth))])
        self.worker = Worker(
            self.database,
            self.store,
            Nobody(),
            settle=lambda *_: None,
            release=lambda *_: None,
            why_stop=lambda *_: None,
            queue=self.queue,
            clock=now_ms,
        )
        self.fill()

    def fill(self) -> None:
        left = self.depth
        while left:
            with self.database.begin() as db:
                for _ in range(min(left, 500)):
                    self.ask(db)
            left -= min(left, 500)
        if not self.database.is_sqlite:
            engine = self.database.engine.execution_options(isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text("VACUUM ANALYZE"))  # as autovacuum has done by then

    def ask(self, db: object) -> str:
        job_id = new_job_id(now_ms())
        self.queue.enqueue(
            db,  # type: ignore[arg-type]
            SPEC,
            job_id=job_id,
            owner_id=next(self.artists),
            admission_id="t" * 12,
            now_ms=now_ms(),
        )
        return job_id

    def enqueue(self) -> None:
        with self.database.begin() as db:
            self.ask(db)

    def dequeue(self) -> None:
        engine = self.queue.client._sys_db
        [order], _ = engine.start_queued_workflows(ENGINE_QUEUE, "bench", VERSION, None)
        job = self.worker.claim(order)
        assert job is not None
        assert job.state == "running"

    def place(self) -> None:
        with self.database.read() as db:
            last = db.scalars(
                select(Job).where(Job.state == "queued").order_by(Job.line.desc()).limit(1)
            ).one()
            self.queue.place(db, last)

    def turn(self) -> None:
        """EACH times in and out, and as often a look at the last one's place."""
        for name, act in (("enqueue", self.enqueue), ("dequeue", self.dequeue)):
            self.time(name, act, EACH)
        self.time("place", self.place, EACH // 3)

    def time(self, name: str, act: Callable[[], None], times: int) -> None:
        took = []
        for _ in range(times):
            began = time.perf_counter()
            act()
            took.append(1000 * (time.perf_counter() - began))
        self.spent.setdefault(name, []).append(statistics.median(took))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def line(server_url: str | None, depth: int) -> Iterator[Line]:
    with (
        tempfile.TemporaryDirectory(prefix="greenroom-line-") as folder,
        database_in(server_url, Path(folder)) as url,
    ):
        database = Database(url)
        yield Line(database, depth, Store(Path(folder) / "clips"))
        database.close()


@contextmanager
def database_in(server_url: str | None, folder: Path) -> Iterator[str]:
    if server_url is None:
        yield f"sqlite:///{folder / 'line.db'}"
        return
    name = f"line_{uuid4().hex[:12]}"
    admin = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield server_url.rpartition("/")[0] + f"/{name}"
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue", description=__doc__)
    parser.add_argument("--database-url", help="a database on a Postgres server; default: SQLite")
    url = parser.parse_args().database_url
    print(f"load {os.getloadavg()[0]:.1f}; {'SQLite' if url is None else 'Postgres'}", flush=True)
    with line(url, SHORT) as short, line(url, SHORT) as other, line(url, LONG) as long:
        for number in range(ROUNDS + 1):
            order = (short, long, other) if number % 2 else (other, long, short)
            for each in order:
                each.turn()
        print(f"{'':10}{'10 (ms)':>10}{'10,000':>10}{'ratio':>18}{'10 over 10':>14}")
        for name in short.spent:
            a, b, control = (each.spent[name][1:] for each in (short, long, other))  # 1st: warm-up
            ratios = sorted(y / x for x, y in zip(a, b, strict=True))
            aside = statistics.median(y / x for x, y in zip(a, control, strict=True))
            spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
            print(
                f"{name:10}{statistics.median(a):10.2f}{statistics.median(b):10.2f}"
                f"{spread:>18}{aside:14.2f}"
            )
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
