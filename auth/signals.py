"""Hard signals: what only a copied credential or a shared key does, written to the audit log."""

import threading
from collections import OrderedDict

from auth import audit
from auth.devices import Signal
from database import Database

ONCE_EACH_MS = 60_000
REMEMBERED = 10_000


class Signals:
    """Each is written at once, and again a minute later at the earliest: a flood fills no log."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.written_at: OrderedDict[Signal, int] = OrderedDict()
        self.lock = threading.Lock()

    def note(self, signal: Signal, address: str, now_ms: int) -> None:
        """Commits, whatever becomes of the request that gave the signal."""
        if not self.is_due(signal, now_ms):
            return
        with self.database.begin() as db:
            audit.record(
                db,
                actor=f"tester:{signal.tester_id}",
                action=signal.action,
                subject=signal.subject,
                details={"address": address},
                now_ms=now_ms,
            )

    def is_due(self, signal: Signal, now_ms: int) -> bool:
        with self.lock:
            if now_ms < self.written_at.get(signal, 0) + ONCE_EACH_MS:
                return False
            self.written_at[signal] = now_ms
            self.written_at.move_to_end(signal)
            if len(self.written_at) > REMEMBERED:
                self.written_at.popitem(last=False)
            return True
