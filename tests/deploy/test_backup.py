"""A backup is rehearsed: what was lost stands again, on both databases, and nothing else does."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from auth import audit, revocation, testers, tokens
from auth.gate import Gate
from auth.switch import everything_stopped
from database import Database
from errors import TokenInvalid
from jobs.queue import migrate_engine
from settings import Settings
from sora_core.store import Store
from tests.services import find_program

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
NOON, DAY_MS = 1_797_120_000_000, 86_400_000
FILM = b"a film" * 1000


@dataclass
class Room:
    """One data folder and its database, as far as a backup is about them."""

    data: Path
    database_url: str

    @property
    def environment(self) -> dict[str, str]:
        return {"GREENROOM_DATA": str(self.data), "GREENROOM_DATABASE_URL": self.database_url}

    @property
    def settings(self) -> Settings:
        return Settings.read(self.environment)

    @property
    def database(self) -> Database:
        database = Database(self.database_url)
        audit.sign_with(database, self.settings.secret)
        return database

    @property
    def gate(self) -> Gate:
        return Gate.from_settings(self.settings)

    @property
    def store(self) -> Store:
        return Store(self.data / "clips")

    def live(self) -> str:
        """Somebody comes, and makes a film; the text of their token."""
        database = self.database
        database.migrate()
        migrate_engine(database)
        with database.begin() as db:
            ada = testers.add(db, "Ada", now_ms=NOON)
            keys = self.gate.keys
            given = {"kind": tokens.API, "bearer": True, "lifetime_ms": DAY_MS, "now_ms": NOON}
            minted = tokens.mint(db, keys, ada.id, **given)
            audit.record(db, actor="operator", action="token.issue", subject="x", now_ms=NOON)
        draft = self.store.draft("film.mp4")
        draft.write_bytes(FILM)
        self.store.keep(draft, self.store.key("film.mp4"))
        database.close()
        return minted.text

    def lets_in(self, token: str) -> bool:
        database = self.database
        try:
            with database.read() as db:
                self.gate.authenticate(db, bearer=token, now_ms=NOON)
        except TokenInvalid:
            return False
        finally:
            database.close()
        return True

    def run(self, script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(DEPLOY / script), *arguments],
            env=os.environ | {"PYTHON": sys.executable} | self.environment,
            capture_output=True,
            text=True,
            timeout=220,
        )

    def back_up(self, folder: Path, *more: str) -> Path:
        done = self.run("backup.sh", str(folder), *more)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.splitlines()[-1])


@pytest.fixture
def room(tmp_path: Path, database_url: str) -> Room:
    if database_url.startswith("postgresql"):
        find_program("pg_dump")
    else:
        database_url = f"sqlite:///{tmp_path / 'room' / 'greenroom.db'}"
    (tmp_path / "room").mkdir()
    return Room(tmp_path / "room", database_url)


@pytest.fixture
def elsewhere(room: Room, tmp_path: Path, request: pytest.FixtureRequest) -> Room:
    """An empty place of the same kind."""
    data = tmp_path / "elsewhere"
    if room.database_url.startswith("sqlite"):
        return Room(data, f"sqlite:///{data / 'greenroom.db'}")
    server, _, name = room.database_url.rpartition("/")
    subprocess.run(
        [
            "psql",
            "-qXc",
            f'CREATE DATABASE "{name}_2"',
            server.replace("+psycopg", "") + "/postgres",
        ],
        check=True,
    )
    return Room(data, f"{server}/{name}_2")


def test_restored_room_has_its_people_films_and_log_and_is_stopped(
    room: Room, elsewhere: Room, tmp_path: Path
) -> None:
    token = room.live()
    backup = room.back_up(tmp_path / "backups")
    restored = elsewhere.run("restore.sh", str(backup))
    assert restored.returncode == 0, restored.stderr
    assert elsewhere.lets_in(token)
    key = elsewhere.store.key("film.mp4")
    assert (elsewhere.data / "clips" / key).read_bytes() == FILM
    database = elsewhere.database
    with database.read() as db:
        assert [row.key for row, _ in everything_stopped(db)] == ["everybody"]
    assert database.is_current()
    database.close()


def test_what_was_made_after_the_backup_is_not_in_it(
    room: Room, elsewhere: Room, tmp_path: Path
) -> None:
    """A revocation too: that is why the restored room is stopped, and says so."""
    token = room.live()
    backup = room.back_up(tmp_path / "backups")
    database = room.database
    with database.begin() as db:
        revocation.revoke(db, token.split("_")[2], "lost", NOON)
    database.close()
    restored = elsewhere.run("restore.sh", str(backup))
    assert not room.lets_in(token)
    assert elsewhere.lets_in(token)
    assert "Revoke again" in restored.stdout


def test_damaged_backup_is_refused_before_anything_is_written(
    room: Room, elsewhere: Room, tmp_path: Path
) -> None:
    room.live()
    backup = room.back_up(tmp_path / "backups")
    media = backup / "media.tar"
    media.write_bytes(media.read_bytes().replace(b"a film", b"a fi1m", 1))
    refused = elsewhere.run("restore.sh", str(backup))
    assert refused.returncode == 1
    assert "damaged" in refused.stderr
    assert not elsewhere.data.exists()


def test_restore_overwrites_nothing(room: Room, tmp_path: Path) -> None:
    token = room.live()
    backup = room.back_up(tmp_path / "backups")
    refused = room.run("restore.sh", str(backup))
    assert refused.returncode == 1
    assert "is not empty" in refused.stderr
    assert room.lets_in(token)


def test_backup_is_for_its_owner_alone(room: Room, tmp_path: Path) -> None:
    """It holds the secret, and with it everything."""
    room.live()
    backup = room.back_up(tmp_path / "backups")
    assert (backup.stat().st_mode & 0o077) == 0
    assert {path.stat().st_mode & 0o077 for path in backup.iterdir()} == {0}


def test_backup_that_fails_leaves_nothing_behind(room: Room, tmp_path: Path) -> None:
    room.live()
    lost = Room(room.data, room.database_url + "_that_is_not_there")
    assert lost.run("backup.sh", str(tmp_path / "backups")).returncode != 0
    assert list((tmp_path / "backups").iterdir()) == []


def test_oldest_backups_go_where_so_many_are_kept(room: Room, tmp_path: Path) -> None:
    room.live()
    folder = tmp_path / "backups"
    old = [folder / f"greenroom-2020010{day}T000000Z" for day in (1, 2, 3)]
    for path in old:
        path.mkdir(parents=True)
    newest = room.back_up(folder, "2")
    assert sorted(folder.iterdir()) == [old[2], newest]
