"""Fixtures every folder of tests shares: one list of tests, every backend."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from database import Database
from tests.services import drop_database, new_database, postgres_server, redis_server, s3_server

# Before torch is imported; jobs/__main__.py says why.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Tests run side by side, a worker for each core: more threads would only wait for each other.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    # Not in pytest's own folder: the next pytest to start closes that to the server's user.
    with (
        tempfile.TemporaryDirectory(prefix="greenroom-postgres-") as folder,
        # Nothing is written but by a test.
        postgres_server(Path(folder), "-c", "autovacuum=off") as url,
    ):
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file: copying it takes a hundredth of migrating one."""
    path = tmp_path_factory.mktemp("template") / "greenroom.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The URL of a migrated, empty database that others are copied from."""
    url = new_database(postgres_url)
    migrate(url)
    return url


def migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any tables, on each backend in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'greenroom.db'}"
        return
    url = new_database(request.getfixturevalue("postgres_url"))
    yield url
    drop_database(url)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database that holds nothing yet, on each backend in turn."""
    if request.param == "sqlite":
        path = tmp_path / "greenroom.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("postgres_template")
    url = new_database(request.getfixturevalue("postgres_url"), template.rpartition("/")[2])
    yield url
    drop_database(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database, on each backend in turn."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Where a server answers that speaks as S3 does."""
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket_url(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty bucket, and in the environment the way to it."""
    name = f"clips-{uuid.uuid4().hex[:12]}"
    assert httpx.put(f"{s3_address}/{name}").status_code == 200
    for variable, value in (
        ("AWS_ENDPOINT_URL", s3_address),
        ("AWS_ACCESS_KEY_ID", "greenroom"),
        ("AWS_SECRET_ACCESS_KEY", "greenroom"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(variable, value)
    return f"s3://{name}/films"
