"""Real servers for the tests, each on its own port and folder, started once a run.

Where a program is missing, the test that wants it is skipped by name; under CI=true it fails.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

POSTGRES_FOLDERS = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"))[::-1]]


def find_program(*names: str, folders: list[str] | None = None) -> str:
    """The path of the first of `names` that is installed; skips (under CI: fails) without one."""
    path = os.pathsep.join([*(folders or []), os.environ.get("PATH", "")])
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    sentence = f"{names[0]} is not installed; `make test` installs it where it may use apt"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(ready: "subprocess.Popen[bytes] | None", port: int, limit_s: float = 30) -> None:
    """Return when something listens on `port`; fail when `ready` ended or `limit_s` is over."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if ready is not None and ready.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(f"nothing listens on port {port}")


def wait_until_answered(port: int, limit_s: float = 30) -> None:
    """Return when Postgres takes connections: it listens a moment before it does."""
    end = time.monotonic() + limit_s
    while True:
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user="greenroom", dbname="postgres"
            ).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """The URL of a fresh Redis that keeps nothing."""
    program, port = find_program("redis-server"), free_port()
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(server, port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(timeout=20)


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of a fresh S3-compatible service that keeps everything in memory."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(server, port, limit_s=120)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


@contextmanager
def postgres_server(folder: Path, *more: str) -> Iterator[str]:
    """The URL of a fresh Postgres cluster; databases are made in it one a test. `more`: options."""
    initdb = find_program("initdb", folders=POSTGRES_FOLDERS)
    server_program, port = str(Path(initdb).with_name("postgres")), free_port()
    as_owner = {}
    if os.geteuid() == 0:  # Postgres refuses to run as root
        owner = pwd.getpwnam("postgres")
        as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    cluster = folder / "cluster"
    subprocess.run(
        [initdb, "-D", cluster, "-U", "greenroom", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        **as_owner,
    )
    options = ["-F", "-N", "200", "-k", "", "-h", "127.0.0.1", "-p", str(port), *more]
    server = subprocess.Popen(
        [server_program, "-D", cluster, *options],
        cwd=folder,
        stderr=(folder / "server.log").open("wb"),
        start_new_session=True,  # a signal meant for the tests is not meant for it
        **as_owner,
    )
    try:
        wait_until(server, port)
        wait_until_answered(port)
        yield f"postgresql+psycopg://greenroom@127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGINT)  # ends the connections that a test forgot, too
        server.wait(timeout=30)


def new_database(postgres_url: str, template: str = "template1") -> str:
    """The URL of a new database in that cluster, a copy of `template`, which nobody uses."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(
        f"{postgres_url.replace('+psycopg', '')}/postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return f"{postgres_url}/{name}"


def drop_database(url: str) -> None:
    """Thousands of databases would take minutes to delete at the end, and gigabytes until then."""
    cluster, _, name = url.replace("+psycopg", "").rpartition("/")
    with psycopg.connect(f"{cluster}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def asleep(postgres_url: str) -> Iterator[None]:
    """Every process of that Postgres stopped: it takes connections, and says nothing."""
    address = f"{postgres_url.replace('+psycopg', '')}/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row is not None
    postmaster = (Path(row[0]) / "postmaster.pid").read_text().split()[0]
    backends = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    processes = [int(pid) for pid in (postmaster, *backends)]
    try:
        send_all(signal.SIGSTOP, processes)
        yield
    finally:
        send_all(signal.SIGCONT, processes)


def send_all(number: signal.Signals, processes: list[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):  # it ended by itself
            os.kill(pid, number)
