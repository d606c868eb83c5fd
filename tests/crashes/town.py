"""What can be killed: Postgres, Redis, two web processes, two workers. And the killing."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.crashes.servers import PostgresServer, RedisServer
from tests.services import free_port

ROOT = Path(__file__).parents[2]
WEBS, WORKERS = 2, 2
SECRET = "a secret of the rehearsal, known to nobody else"
#: How often what is killed is what: a web process takes longest to come back.
WEIGHTS = {"worker": 50, "web": 14, "redis": 18, "postgres": 12, "sleep": 6}
LOST_S = 6


@dataclass
class Town:
    """One Greenroom of many processes, on this machine, below `folder`."""

    folder: Path
    postgres: PostgresServer
    redis: RedisServer
    nursery: "subprocess.Popen[str]"
    ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(WEBS)])
    running: dict[str, int] = field(default_factory=dict)
    killed: set[str] = field(default_factory=set)

    @property
    def media(self) -> Path:
        return self.folder / "media"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "GREENROOM_DATABASE_URL": self.postgres.url("greenroom"),
            "GREENROOM_REDIS_URL": self.redis.url,
            "GREENROOM_MEDIA": str(self.media),
            "GREENROOM_SECRET": SECRET,
            "GREENROOM_WORKER": "off",
            "GREENROOM_LOST_SECONDS": str(LOST_S),
            "GREENROOM_DRAIN_SECONDS": "30",
            **{
                f"GREENROOM_{whose}{limit}": "1000"
                for whose in ("", "BEARER_")
                for limit in ("CONCURRENT", "RATE_PER_MINUTE", "CLIPS_PER_DAY")
            },
            "GREENROOM_GPU_SECONDS_PER_DAY": "1000000",
            "GREENROOM_BEARER_GPU_SECONDS_PER_DAY": "1000000",
        }

    @property
    def names(self) -> list[str]:
        return [f"web {n}" for n in range(WEBS)] + [f"worker {n}" for n in range(WORKERS)]

    def start(self, name: str) -> None:
        kind, _, number = name.partition(" ")
        environ = {**self.environ, "GREENROOM_DATA": str(self.folder / name.replace(" ", "-"))}
        if kind == "web":
            environ["GRADIO_SERVER_PORT"] = str(self.ports[int(number)])
        order = {"kind": kind, "environ": environ, "log": str(self.folder / f"{name}.log")}
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(order) + "\n")
        self.nursery.stdin.flush()
        self.running[name] = int(self.nursery.stdout.readline())

    def send(self, name: str, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.running[name], number)

    def start_what_is_gone(self) -> None:
        for name in self.names:
            if not is_alive(self.running.get(name)):
                self.start(name)

    def kill_something(self, dice: random.Random) -> str:
        """Kill one thing, wait a moment, and see to it that it comes back; what it was."""
        what = self.pick(dice)
        pause_s = dice.uniform(0, 1.5)
        if what == "postgres":
            self.postgres.kill()
            time.sleep(pause_s)
            self.postgres.start()
        elif what == "redis":
            self.redis.kill()
            time.sleep(pause_s)
            self.redis.start()
        elif what == "sleep":  # long enough to be given up, and then awake again
            name = dice.choice([name for name in self.names if name.startswith("worker")])
            self.send(name, signal.SIGSTOP)
            time.sleep(LOST_S * 2)
            self.send(name, signal.SIGCONT)
        else:
            name = dice.choice([name for name in self.names if name.startswith(what)])
            self.send(name, signal.SIGKILL)
            time.sleep(pause_s)
        self.start_what_is_gone()
        return what

    def pick(self, dice: random.Random) -> str:
        """Each kind of thing once, and then the ones that come back quickly more often."""
        spared = [what for what in WEIGHTS if what not in self.killed]
        what = (
            dice.choice(spared)
            if spared
            else dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        )
        self.killed.add(what)
        return what

    def wait_until_open(self, ports: list[int], limit_s: float = 300) -> None:
        """Return once the web processes on these ports answer."""
        end = time.monotonic() + limit_s
        for port in ports:
            while time.monotonic() < end:
                with suppress(httpx.HTTPError):
                    if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                        break
                time.sleep(0.2)
            else:
                raise TimeoutError(f"nobody answers on port {port}; see {self.folder}")

    def stop(self) -> None:
        for name in self.running:
            self.send(name, signal.SIGKILL)


def is_alive(process_id: int | None) -> bool:
    if process_id is None:
        return False
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def town(folder: Path) -> Iterator[Town]:
    """Everything started and answering."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crashes.nursery"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as nursery:
        postgres, redis = PostgresServer(folder / "postgres"), RedisServer(folder / "redis")
        try:
            postgres.start()
            postgres.create("greenroom")
            redis.start()
            assert nursery.stdout is not None
            assert nursery.stdout.readline() == "ready\n"
            built = Town(folder, postgres, redis, nursery)
            built.start("web 0")  # alone at first: it makes the tables
            built.wait_until_open(built.ports[:1])
            built.start_what_is_gone()
            built.wait_until_open(built.ports)
            yield built
            built.stop()
        finally:
            nursery.kill()
            redis.kill()
            postgres.kill()
