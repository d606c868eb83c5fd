"""A worker's other threads: one says that it is there, one looks after the line.

While the first lives the worker counts as alive, also while it drains. It does nothing else, so
that no lock of somebody else's can make it late.
"""

import logging
import threading
from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from database import Database
from jobs import presence
from jobs.queue import Queue
from jobs.reaper import Reaper
from jobs.records import Job
from jobs.worker import Worker

log = logging.getLogger("greenroom.jobs")

#: A job that nobody delivers is ordered again at most so often.
ORDER_AGAIN_MS = 30_000


class Pulse:
    """Beats every `beat_s` between start and stop.

    is_idle  whether the worker waits for a job
    """

    def __init__(
        self,
        worker: Worker,
        reaper: Reaper,
        queue: Queue,
        is_idle: Callable[[], bool],
        executor_id: str,
        host: str,
        beat_s: float = presence.BEAT_S,
    ) -> None:
        self.worker, self.reaper, self.queue = worker, reaper, queue
        self.is_idle, self.executor_id, self.host, self.beat_s = is_idle, executor_id, host, beat_s
        self.over = threading.Event()
        self.threads = [
            threading.Thread(target=self.run, args=[act], name=act.__name__, daemon=True)
            for act in (self.beat, self.watch)
        ]
        self.waited_for: str | None = None

    @property
    def database(self) -> Database:
        return self.worker.database

    def start(self) -> None:
        """Arrive, after giving up this executor's earlier processes: two never live at once."""
        self.reaper.give_up(presence.Presence.executor_id == self.executor_id)
        self.arrive()
        self.reaper.take_back()
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Depart. Whatever the worker still held is taken back by somebody's reaper."""
        self.over.set()
        for thread in self.threads:
            thread.join(self.beat_s)
        try:
            with self.database.begin() as db:
                presence.depart(db, self.worker.name)
        except OperationalError as error:
            log.warning("this worker could not say that it goes: %s", error.orig)

    def run(self, act: Callable[[], None]) -> None:
        while not self.over.wait(self.beat_s):
            try:
                act()
            except OperationalError as error:
                log.warning("the database does not answer: %s", error.orig)
            except Exception:
                log.exception("%s failed", act.__name__)

    def beat(self) -> None:
        with self.database.begin() as db:
            alive = presence.beat(db, self.worker.name, self.worker.clock())
        if not alive:
            self.come_back()

    def watch(self) -> None:
        self.reaper.look()
        self.order_forgotten()

    def arrive(self) -> None:
        with self.database.begin() as db:
            now_ms = self.worker.clock()
            presence.arrive(db, self.worker.name, self.executor_id, self.host, now_ms)

    def come_back(self) -> None:
        """Under a new name: what was begun under the old one is somebody else's by now."""
        log.warning("this worker was given up for lost; it comes back as another")
        self.worker.name = uuid4().hex
        self.arrive()

    def order_forgotten(self) -> None:
        """Order the first job of the line again where it waits although this worker is idle.

        The engine may have handed it to a process that died before it began. A job that is
        ordered twice is drawn once.
        """
        head = select(Job).where(Job.state == "queued").order_by(Job.line, Job.id).limit(1)
        with self.database.read() as db:
            job = db.scalar(head) if self.is_idle() else None
        before, self.waited_for = self.waited_for, job.id if job else None
        if job is not None and job.id == before:
            log.warning("job %s was not delivered; ordering it again", job.id)
            with self.database.begin() as db:
                self.queue.order(db, job, again=str(self.worker.clock() // ORDER_AGAIN_MS))
