"""Greenroom as people run it: `python app.py` on a data folder of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.orm import Session

from database import Database
from jobs.records import Job
from tests.services import free_port

ROOT = Path(__file__).parent.parent.parent


class Greenroom:
    """One data folder, and the process that serves it."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data, self.port = data, free_port()
        self.environment = environment
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data / "test.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it serves."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GREENROOM_", "GRADIO_"))}
        mine = {"GREENROOM_DATA": str(self.data), "GRADIO_SERVER_PORT": str(self.port)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=ROOT,
                env=clean | mine | self.environment,
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(self.is_healthy, 180, self.said)
        except AssertionError:
            self.process.kill()  # nobody else would end it
            raise

    def is_healthy(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"it did not start\n{self.said()}"
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def said(self) -> str:
        return self.log.read_text()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(timeout=60)

    @property
    def admin_link(self) -> str:
        [link] = re.findall(r"One-time admin link \(valid 24 h\): (\S+)", self.said())
        return str(link)

    def command(self, *arguments: str) -> str:
        """What `python -m auth …` prints."""
        done = subprocess.run(
            [sys.executable, "-m", "auth", *arguments],
            cwd=ROOT,
            env=os.environ | {"GREENROOM_DATA": str(self.data)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def token_for(self, name: str) -> str:
        self.command("tester", "add", name)
        printed = self.command("token", "issue", name, "--expires", "30d", "--json")
        [token] = re.findall(r"grm_access_\w+", printed)
        return str(token)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """The database as it is now."""
        database = Database(f"sqlite:///{self.data / 'greenroom.db'}")
        try:
            with database.read() as db:
                yield db
        finally:
            database.close()

    def job(self, job_id: str) -> Job:
        """The job's row as it is now."""
        with self.reading() as db:
            return db.get_one(Job, job_id)


def wait_for(happened: Callable[[], Any], limit_s: float, story: Callable[[], str] = str) -> None:
    end = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < end, f"it did not happen in {limit_s} s\n{story()}"
        time.sleep(0.05)
