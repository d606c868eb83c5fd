"""Processes under test, and what they take."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

HOUSE = Path(__file__).parent.parent.parent


@contextmanager
def serving(
    command: Sequence[str], port: int, environment: dict[str, str] | None = None
) -> Iterator[int]:
    """The process's id, once something listens on `port`."""
    server = subprocess.Popen(
        command, cwd=HOUSE, env=os.environ | (environment or {}), stdout=subprocess.DEVNULL
    )
    try:
        while server.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.2)
        yield server.pid
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(60)
        server.kill()


@contextmanager
def own_redis() -> Iterator[str]:
    """The URL of a Redis that nobody else uses. Raises SystemExit where none is installed."""
    program, port = shutil.which("redis-server"), free_port()
    if program is None:
        raise SystemExit("Install redis-server, or name one with --redis-url.")
    with tempfile.TemporaryDirectory(prefix="greenroom-redis-") as folder:
        options = ["--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with serving([program, "--port", str(port), *options], port):
            yield f"redis://127.0.0.1:{port}/0"


def resident_mb(pid: int) -> float:
    [line] = [x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in x]
    return int(line.split()[1]) / 1024


def cpu_s(pid: int) -> float:
    """What a process computed for so far, in the kernel and outside."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
