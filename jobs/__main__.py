"""`python -m jobs`, or `jobs.worker`: a worker's process. Here, and only here, jobs meet the gate.

What it tells of its work goes to standard output, one event a line; its log to standard error.
"""

import argparse
import fcntl
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from auth.budget import release, settle
from auth.meters_redis import wire_redis
from auth.switch import why_stop
from database import Database
from errors import BootRefused, GreenroomError
from jobs.engine import Engine
from jobs.live import PipePublisher, Publisher, RedisPublisher
from jobs.presence import looks
from jobs.provenance import open_provenance
from jobs.pulse import Pulse
from jobs.queue import Queue, migrate_engine
from jobs.reaper import Reaper
from jobs.worker import Worker
from observe import exposition, logs, traces
from settings import Settings
from sora_core.catalog import MODELS
from sora_core.render import pipeline
from sora_core.store import Store

log = logging.getLogger("greenroom.jobs")

#: A worker that a web process started: nobody waits for minutes until Ctrl-C is over.
EMBEDDED_DRAIN_S = 10.0


class Departure:
    """When this process has to go, and how long it may take to finish the job in hand."""

    def __init__(self, drain_s: float) -> None:
        self.due, self.drain_s = threading.Event(), drain_s
        self.at_once = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.ask())

    def ask(self) -> None:
        """Go; asked twice, without finishing the job in hand."""
        if self.due.is_set():
            self.at_once.set()
        self.due.set()

    def when_closed(self, stream: TextIO) -> None:
        """Go at once when `stream` ends: our parent held its other end, and is gone."""

        def watch() -> None:
            while stream.read(1):
                pass
            self.at_once.set()
            self.due.set()

        threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jobs", description="Draw what is queued.")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="go when the parent process is gone"
    )
    arguments = parser.parse_args()
    # Threads that wait by spinning starve the web process, and each other, on a few cores: a clip
    # took nine times as long. Read when torch is imported, which is later.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    events = take_stdout()
    try:
        settings = Settings.read()
        if settings.worker_metrics is not None and settings.metrics_token is not None:
            exposition.serve(*settings.worker_metrics, settings.metrics_token)
    except BootRefused as refusal:
        sys.exit(str(refusal))
    logs.configure(settings.log, "worker")
    send_last_spans = traces.configure(settings.traces_to, "worker")
    departure = Departure(EMBEDDED_DRAIN_S if arguments.until_stdin_closes else settings.drain_s)
    if arguments.until_stdin_closes:
        departure.when_closed(sys.stdin)
    serve(settings, events, departure)
    send_last_spans()
    os._exit(0)  # threads of the engine hold jobs that they must not report as done


def serve(settings: Settings, events: TextIO, departure: Departure) -> None:
    lock = (settings.data / "worker.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)  # the worker before us may still be putting its job back
    executor_id = read_executor_id(settings.data / "executor-id")
    database = Database(settings.database_url)
    wire_redis(database, settings)
    database.migrate()
    migrate_engine(database)
    store = Store(settings.media, executor_id, settings.data / "drafts")
    store.sweep()
    publisher: Publisher = PipePublisher(events)
    if settings.redis_url is not None:
        publisher = RedisPublisher(settings.redis_url)
    queue, patience = Queue(database), looks(settings.lost_s)
    worker = Worker(database, store, publisher, settle, release, why_stop, queue, clock=now_ms)
    worker.provenance_of = open_provenance(settings, database, now_ms)
    reaper = Reaper(database, queue, store, publisher, release, now_ms, patience)
    engine = Engine(worker)
    pulse = Pulse(worker, reaper, queue, lambda: engine.is_idle, executor_id, socket.gethostname())
    warm_up()
    if departure.due.is_set():
        return
    pulse.start()
    engine.start(database.url, executor_id)
    departure.due.wait()
    engine.leave(departure.drain_s, departure.at_once)
    pulse.stop()


def take_stdout() -> TextIO:
    """Standard output for events alone: what anything else prints goes to standard error."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return events


def read_executor_id(path: Path) -> str:
    """This data folder's name in the engine, made at the first start. Under the lock only."""
    if not path.exists() or not path.read_text():
        path.write_text(uuid4().hex)
    return path.read_text()


def warm_up() -> None:
    """Load the models before the first job; where that fails, each job says so itself."""
    for model in MODELS:
        try:
            pipeline(model)
        except GreenroomError as error:
            log.error("%s: %s", model, error)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
