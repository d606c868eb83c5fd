"""Postgres and Redis that are killed and come back on the same port: Postgres with its files."""

import os
import pwd
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.services import POSTGRES_FOLDERS, find_program, free_port, wait_until

RESTART_S = 60


class PostgresServer:
    """A cluster in `folder`. Its files outlive it. `listen`: addresses, commas between."""

    def __init__(self, folder: Path, listen: str = "127.0.0.1") -> None:
        self.folder, self.port, self.listen = folder, free_port(), listen
        self.program = find_program("initdb", folders=POSTGRES_FOLDERS)
        self.as_owner: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        if os.geteuid() == 0:  # Postgres refuses to run as root
            owner = pwd.getpwnam("postgres")
            self.as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            [
                self.program,
                "-D",
                folder / "cluster",
                "-U",
                "greenroom",
                "-A",
                "trust",
                "-E",
                "UTF8",
            ],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **self.as_owner,
        )

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://greenroom@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Return once it answers: what it could not write down at its death is read again."""
        end = time.monotonic() + RESTART_S
        while not self.answers():
            if self.process is None or self.process.poll() is not None:
                self.launch()  # once more, where a process of the last one was still going
            if time.monotonic() > end:
                raise TimeoutError(f"Postgres does not come back; see {self.folder}")
            time.sleep(0.1)

    def launch(self) -> None:
        server = str(Path(self.program).with_name("postgres"))
        options = ["-N", "200", "-k", "", "-h", self.listen, "-p", str(self.port)]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [server, "-D", self.folder / "cluster", *options],
                cwd=self.folder,
                stderr=log,
                start_new_session=True,
                **self.as_owner,
            )

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            self.connect("postgres").close()
            return True
        return False

    def connect(self, name: str) -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="greenroom",
            dbname=name,
            autocommit=True,
            connect_timeout=5,
        )

    def create(self, name: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class RedisServer:
    """A Redis that keeps nothing: after its death it is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.program = folder, free_port(), find_program("redis-server")
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), *options],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self.process, self.port)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
