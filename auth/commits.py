"""Whether anybody committed anything: a word of the database that every commit changes.

What was read under one word is still so while the database says the same word. An SQLite file says
it in microseconds (`PRAGMA data_version`, https://sqlite.org/pragma.html#pragma_data_version),
Postgres in one round trip (commits_postgres.py).
"""

import sqlite3
import time
from typing import Protocol

from auth.commits_postgres import ServerCommits
from database import Database

# Requests of one batch are begun within this. One that waited for another on its connection may
# have come long before it is begun, and is told what is true now.
TOGETHER_NS = 5_000_000


class Commits(Protocol):
    """Lives on one event loop, which it never blocks for longer than a file takes to answer."""

    async def word(self, since_ns: int | None = None) -> object | None:
        """The database's word, said after `since_ns` (`time.monotonic_ns`); None: after this call.

        None where it says nothing in time. Two words that are equal, and not None: between them
        nothing was committed.
        """

    def close(self) -> None:
        """Close what was opened."""


def commits_of(database: Database) -> Commits:
    return FileCommits(database.file) if database.file is not None else ServerCommits(database)


class FileCommits:
    """Those into one SQLite file, by anybody but the connection that asks."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.cursor: sqlite3.Cursor | None = None
        self.said: int | None = None
        self.asked_ns = 0  # when `said` had not been asked for yet

    async def word(self, since_ns: int | None = None) -> int | None:
        now_ns = time.monotonic_ns()
        fresh = now_ns - self.asked_ns < TOGETHER_NS
        if since_ns is None or since_ns >= self.asked_ns or not fresh:
            self.asked_ns, self.said = now_ns, self.ask()
        return self.said

    def ask(self) -> int | None:
        try:
            if self.cursor is None:
                connection = sqlite3.connect(
                    self.path, timeout=0, isolation_level=None, check_same_thread=False
                )
                self.cursor = connection.cursor()
            return int(self.cursor.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return None

    def close(self) -> None:
        if self.cursor is not None:
            self.cursor.connection.close()
            self.cursor = None
            self.asked_ns = 0
