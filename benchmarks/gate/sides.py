"""The sides: each a server process of one worker, on a port of its own, that knows one token."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from app import wire
from auth import scopes, testers, tokens
from auth.keys import Keys
from settings import Settings
from studio.clock import now_ms
from tests.services import free_port, new_database

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SECRET = "a secret of a benchmark, of more than 32 characters"  # noqa: S105
KEYS, DAY_MS = Keys.derive(SECRET), 86_400_000
GENEROUS = {
    f"GREENROOM_{whose}{limit}": value
    for whose in ("", "BEARER_")
    for limit, value in {
        "RATE_PER_MINUTE": "60000",
        "CONCURRENT": "1000",
        "CLIPS_PER_DAY": "1000000",
        "GPU_SECONDS_PER_DAY": "10000000",
    }.items()
}


@dataclass(frozen=True)
class Side:
    """What is asked, and the command that serves it.

    bad_token  well-formed, and nobody's
    """

    name: str
    command: Sequence[str | Path]
    port: int
    token: str
    bad_token: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def serving(self) -> Iterator["Server"]:
        """Being started; ended with the block."""
        with tempfile.TemporaryFile("w+") as log:
            process = subprocess.Popen(
                [*self.command],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                yield Server(self, process, log)
            finally:
                end(process)


@dataclass(frozen=True)
class Server:
    """The process that serves a side."""

    side: Side
    process: subprocess.Popen[bytes]
    log: IO[str]

    def wait_until_up(self, limit_s: float = 300) -> None:
        """Raises RuntimeError, with what it printed last, where it does not come up."""
        late = time.monotonic() + limit_s
        while not is_open(self.side.port):
            if self.process.poll() is not None or time.monotonic() > late:
                self.log.seek(0)
                said = self.log.read()[-2000:]
                raise RuntimeError(f"{self.side.name} did not come up:\n{said}")
            time.sleep(0.2)

    def cpu_s(self) -> float:
        """Processor time so far, of threads that ended too; proc(5), in ticks of 10 ms mostly."""
        after_name = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def end(process: "subprocess.Popen[bytes]", limit_s: float = 60) -> None:
    """Ask a process to go; kill it where it has not gone by then."""
    process.terminate()
    try:
        process.wait(timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def others(python: Path, redis_url: str, folder: Path, *, litellm: bool) -> list[Side]:
    token = "sk-a-token-of-the-benchmark-long-enough"  # noqa: S105
    found = []
    for name, storage in (
        ("plain", ""),
        ("slowapi", "memory://"),
        ("slowapi in Redis", redis_url),
        ("plain again", ""),
    ):
        port = free_port()
        command = [python, HERE / "slowapi_side.py", str(port), token, storage]
        found.append(Side(name, command, port, token))
    if litellm:
        port, config = free_port(), folder / "litellm.yaml"
        config.write_text(LITELLM.format(here=HERE))
        (folder / "litellm_auth.py").write_text((HERE / "litellm_auth.py").read_text())
        command = [python.with_name("litellm"), "--config", config, "--port", str(port)]
        command += ["--host", "127.0.0.1", "--num_workers", "1", "--telemetry", "False"]
        known = {"BENCHMARK_TOKEN": token, "LITELLM_MASTER_KEY": f"sk-{secrets.token_hex(32)}"}
        known["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it asks nobody for prices
        found.append(Side("LiteLLM", command, port, token, environment=known))
    return found


LITELLM = """
model_list:
  - model_name: sprout
    litellm_params: {{model: openai/sprout, api_key: none, api_base: "http://127.0.0.1:1"}}
general_settings:
  custom_auth: litellm_auth.check
"""


def greenrooms(postgres_url: str, redis_url: str, folder: Path) -> list[Side]:
    return [
        greenroom("Greenroom on SQLite", folder / "sqlite"),
        greenroom("Greenroom ungated", folder / "ungated", "--ungated"),
        greenroom("Greenroom on Postgres", folder / "pg", database=new_database(postgres_url)),
        greenroom(
            "Greenroom on Postgres and Redis",
            folder / "both",
            database=new_database(postgres_url),
            redis=redis_url,
        ),
    ]


def greenroom(name: str, data: Path, *options: str, database: str = "", redis: str = "") -> Side:
    port = free_port()
    environment = {
        "GREENROOM_DATA": str(data),
        "GREENROOM_DATABASE_URL": database,
        "GREENROOM_REDIS_URL": redis,
        "GREENROOM_SECRET": SECRET,
        "GRADIO_SERVER_PORT": str(port),
        **GENEROUS,
    }
    parts = wire(Settings.read(environment))
    with parts.database.begin() as db:
        ada = testers.add(db, f"Ada at {name}", now_ms=now_ms())
        good = tokens.mint(
            db,
            KEYS,
            ada.id,
            kind=tokens.API,
            given=scopes.API,
            bearer=True,
            lifetime_ms=DAY_MS,
            now_ms=now_ms(),
        )
    parts.database.close()
    command = [sys.executable, "-m", "benchmarks.gate.greenroom_side", *options]
    return Side(name, command, port, good.text, tokens.new_text(tokens.API)[2], environment)
