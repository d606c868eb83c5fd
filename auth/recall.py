"""Who a credential was found to be, remembered for as long as nothing at all was written since.

A look-up costs a hundred times what the rest of the gate does. An SQLite file says in microseconds
whether anybody committed (`PRAGMA data_version`, https://sqlite.org/pragma.html#pragma_data_version),
so that no answer is older than the last commit: a revocation that has returned is never missed.
Postgres has no such word, and there nothing is remembered. No admission is decided from here.
"""

import hashlib
import secrets
import sqlite3
import threading

from auth.gate import Principal
from database import Database

REMEMBERED_MAX = 10_000


class Recall:
    """The credentials of the requests since the last commit. Keeps no token and no cookie."""

    def __init__(self, database: Database) -> None:
        self.path = database.file
        self.connection: sqlite3.Connection | None = None
        self.lock = threading.Lock()
        self.key = secrets.token_bytes(32)
        self.state: int | None = None
        self.known: dict[bytes, Principal] = {}

    def state_of_file(self) -> int | None:
        """A number that every commit of another connection changes; None where there is none."""
        if self.path is None:
            return None
        try:
            if self.connection is None:
                self.connection = sqlite3.connect(self.path, timeout=0, check_same_thread=False)
            return int(self.connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return None

    def find(self, text: str, now_ms: int) -> tuple[Principal | None, int | None]:
        """Whose credential this is, if that is known; and the state to `keep` a look-up under.

        The state is read first: what is committed while somebody looks up makes the answer void.
        """
        with self.lock:
            state = self.state_of_file()
            if state is None or state != self.state:
                self.known.clear()
                self.state = state
                return None, state
            principal = self.known.get(self.digest(text))
        if principal is None or now_ms >= principal.until_ms:
            return None, state
        return principal, state

    def keep(self, text: str, principal: Principal, state: int | None) -> None:
        """Remember a look-up that began after `state` was read, unless something was written."""
        with self.lock:
            if state is None or state != self.state or principal.until_ms == 0:
                return
            if len(self.known) >= REMEMBERED_MAX:
                self.known.clear()
            self.known[self.digest(text)] = principal

    def digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), key=self.key, digest_size=16).digest()

    def close(self) -> None:
        with self.lock:
            if self.connection is not None:
                self.connection.close()
                self.connection = None
