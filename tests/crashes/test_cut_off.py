"""Two machines in networks of their own; one is cut off in the middle of a job, and joined again.

Network namespaces stand for machines, so it takes root, and is skipped by name without it.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from auth.gate import Gate
from auth.records import Reservation
from database import Database
from jobs.presence import workers_there
from jobs.queue import Queue, migrate_engine, new_job_id
from jobs.records import Clip, Job, Presence
from settings import Settings
from sora_core.spec import ClipSpec
from tests.crashes.load import enrol
from tests.crashes.servers import PostgresServer
from tests.jobs.conftest import now_ms
from tests.services import find_program

ROOT = Path(__file__).parents[2]
NETWORK = "10.203"
SPEC = ClipSpec.parse({"prompt": "a red ball", "size": "256x256", "seconds": 10, "seed": 7})


def ip(*words: str) -> None:
    subprocess.run([find_program("ip", folders=["/usr/sbin"]), *words], check=True)


@dataclass
class Machine:
    """A network namespace with one cable to the machine of the database, and a worker in it."""

    number: int
    name: str = field(init=False)
    cable: str = field(init=False)

    def __post_init__(self) -> None:
        self.name, self.cable = f"greenroom{self.number}", f"grcable{self.number}"

    @property
    def gateway(self) -> str:
        return f"{NETWORK}.{self.number}.1"

    def plug_in(self) -> None:
        ip("netns", "add", self.name)
        ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("addr", "add", f"{self.gateway}/24", "dev", self.cable)
        self.join()
        ip("-n", self.name, "addr", "add", f"{NETWORK}.{self.number}.2/24", "dev", "eth0")
        ip("-n", self.name, "link", "set", "eth0", "up")

    def cut_off(self) -> None:
        ip("link", "set", self.cable, "down")

    def join(self) -> None:
        ip("link", "set", self.cable, "up")

    def unplug(self) -> None:
        ip("netns", "del", self.name)

    @contextmanager
    def working(self, folder: Path, environ: dict[str, str]) -> Iterator[Path]:
        """A worker that runs there; the folder of its data."""
        data = folder / self.name
        command = ["ip", "netns", "exec", self.name]
        with (
            (folder / f"{self.name}.log").open("wb") as log,
            subprocess.Popen(
                [*command, sys.executable, "-m", "tests.crashes.pretending"],
                cwd=ROOT,
                env=os.environ | environ | {"GREENROOM_DATA": str(data)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            ) as worker,
        ):
            try:
                yield data
            finally:
                worker.kill()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="greenroom-cut-off-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def machines() -> Iterator[list[Machine]]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces take root")
    with ExitStack() as plugged:
        both = [Machine(1), Machine(2)]
        for machine in both:
            machine.plug_in()
            plugged.callback(machine.unplug)
        yield both


@pytest.fixture
def postgres(folder: Path, machines: list[Machine]) -> Iterator[PostgresServer]:
    addresses = ["127.0.0.1", *(machine.gateway for machine in machines)]
    server = PostgresServer(folder / "postgres", ",".join(addresses))
    with (folder / "postgres/cluster/pg_hba.conf").open("a") as allowed:
        allowed.write(f"host all all {NETWORK}.0.0/16 trust\n")
    try:
        server.start()
        server.create("greenroom")
        yield server
    finally:
        server.kill()


def wait_for(database: Database, what: Callable[[Job], bool], limit_s: float = 300) -> Job:
    """The job, once it is so."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        with database.read() as db:
            job = db.scalars(select(Job)).one()
        if what(job):
            return job
        time.sleep(0.1)
    raise AssertionError(f"the job is {job.state}, attempt {job.attempts}, step {job.step}")


@pytest.mark.timeout(900)
def test_job_of_a_machine_that_is_cut_off_and_joined_again_ends_once(
    folder: Path, machines: list[Machine], postgres: PostgresServer
) -> None:
    environ = {
        "GREENROOM_DATABASE_URL": postgres.url("greenroom"),
        "GREENROOM_MEDIA": str(folder / "media"),
        "GREENROOM_LOST_SECONDS": "6",
        "GREENROOM_SECRET": "a secret of the rehearsal, known to nobody else",
    }
    settings = Settings.read({"GREENROOM_DATA": str(folder / "here"), **environ})
    database = Database(settings.database_url)
    database.migrate()
    migrate_engine(database)
    ask(database, Gate.from_settings(settings), enrol(settings, "Ada")[0].text)
    with ExitStack() as running:
        places = {}
        for machine in machines:
            url = environ["GREENROOM_DATABASE_URL"].replace("127.0.0.1", machine.gateway)
            data = running.enter_context(
                machine.working(folder, {**environ, "GREENROOM_DATABASE_URL": url})
            )
            places[machine.name] = data
        begun = wait_for(database, lambda job: job.state == "running" and job.step > 2)
        first = machine_of(database, begun, machines, places)
        first.cut_off()
        again = wait_for(database, lambda job: job.state == "running" and job.attempts == 2)
        assert machine_of(database, again, machines, places) is not first
        first.join()
        ended = wait_for(database, lambda job: job.ended_at is not None)
        assert (ended.state, ended.attempts) == ("finished", 2)
        assert ended.executor_id == again.executor_id
        wait_for(database, lambda _: there(database) == len(machines))
        assert_ended_once(database, folder / "media")
    database.close()


def ask(database: Database, gate: Gate, key: str) -> None:
    with database.begin() as db:
        principal = gate.authenticate(db, bearer=key, now_ms=now_ms())
        job_id = new_job_id(now_ms())
        admission = gate.admit(db, principal, job_id, SPEC.gpu_ms, now_ms())
        Queue(database).enqueue(
            db,
            SPEC,
            job_id=job_id,
            owner_id=admission.tester_id,
            admission_id=admission.token_id,
            now_ms=now_ms(),
        )


def machine_of(
    database: Database, job: Job, machines: list[Machine], places: dict[str, Path]
) -> Machine:
    with database.read() as db:
        executor_id = db.get_one(Presence, job.executor_id).executor_id
    (found,) = (
        machine
        for machine in machines
        if (places[machine.name] / "executor-id").read_text() == executor_id
    )
    return found


def there(database: Database) -> int:
    with database.read() as db:
        return workers_there(db, now_ms())


def assert_ended_once(database: Database, media: Path) -> None:
    with database.read() as db:
        clip = db.scalars(select(Clip)).one()
        assert db.scalars(select(Reservation.state)).all() == ["settled"]
        assert db.scalar(select(func.count()).select_from(Presence)) == 3  # one of them was lost
    kept = {str(path.relative_to(media)) for path in media.rglob("*.*") if path.is_file()}
    assert {name for name in kept if not name.startswith(".drafts")} == {clip.key, clip.poster_key}
