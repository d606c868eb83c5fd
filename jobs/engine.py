"""The durable engine around a worker: DBOS delivers each job id until its workflow returns."""

import threading
import time
from contextlib import suppress

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

from jobs.queue import APPLICATION, QUEUE, SCHEMA, VERSION, WORKFLOW
from jobs.worker import Leaving, Worker

POLLING_S = 0.1
HAND_BACK_S = 15
ASK_EVERY_S = 0.1


class Engine:
    """Runs one worker in this process. DBOS is global: one engine a process, started once."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.closing = threading.Event()
        self.turn = threading.Lock()

    def start(self, database_url: str, executor_id: str) -> None:
        """Deliver this executor's unfinished jobs again, then whatever is queued.

        executor_id  stays the same from process to process of one data folder, and no two live
                     processes share it: what it left unfinished belongs to the next
        """
        config: DBOSConfig = {
            "name": APPLICATION,
            "application_version": VERSION,
            "executor_id": executor_id,
            "system_database_url": database_url,
            "dbos_system_schema": SCHEMA,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
        }
        DBOS(config=config)

        # Our own rows count attempts: the engine must not give up before them.
        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        def workflow(job_id: str) -> None:
            self.carry(job_id)

        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=1,
            polling_interval_sec=POLLING_S,
            on_conflict="always_update",
        )

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a job to carry."""
        return not self.turn.locked() and not self.closing.is_set()

    def carry(self, job_id: str) -> None:
        with self.turn:
            if not self.closing.is_set():
                with suppress(Leaving):
                    self.worker.carry(job_id)
                    return
        # Not done, and this process goes: never return, or it would be handed the next one.
        threading.Event().wait()

    def leave(self, drain_s: float, at_once: threading.Event) -> None:
        """Take no more jobs; finish the one in hand within `drain_s`, else hand it back.

        at_once  set: hand it back now
        After this the process has to end without returning from its threads.
        """
        self.closing.set()
        give_up_at = time.monotonic() + drain_s
        while not at_once.is_set() and time.monotonic() < give_up_at:
            if self.turn.acquire(timeout=ASK_EVERY_S):
                return
        self.worker.leaving.set()
        self.turn.acquire(timeout=HAND_BACK_S)
