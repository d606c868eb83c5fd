"""Postgres that answers in time, or counts as away.

A server that takes connections and says nothing (stopped, its disk stuck, behind a dead link)
looks to a driver like one that is busy, and is waited for without end. Here every wait has one.
"""

from dataclasses import dataclass
from typing import Any, Self

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

# A process that sleeps in the middle of a transaction keeps others from its locks no longer.
IDLE_S = 60


@dataclass(frozen=True)
class Patience:
    """How long Postgres is waited for.

    connect_s  for a new connection
    answer_s   for what one statement answers, the wait for others' locks included
    pool_s     for one of this process's connections, while all of them are in use
    """

    connect_s: int = 10
    answer_s: int = 15
    pool_s: int = 5


class Connection(psycopg.Connection[Any]):
    """Ends itself with OperationalError where an answer takes longer than `answer_s`."""

    answer_s = float(Patience.answer_s)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            return super().wait(gen, interval, timeout or self.answer_s)
        except psycopg.OperationalError as error:
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()  # its answer may still come, and would be taken for the next one's
                raise psycopg.OperationalError("the server does not answer") from error
            raise

    @classmethod
    def open(cls, patience: Patience, *where: Any, **how: Any) -> Self:
        """A connection whose server gives a statement up before we do, and with it its locks."""
        how.setdefault("connect_timeout", patience.connect_s)
        connection = cls.connect(*where, **how)
        connection.answer_s = patience.answer_s
        for name, limit_s in (
            ("statement_timeout", patience.answer_s * 0.8),
            ("idle_in_transaction_session_timeout", IDLE_S),
        ):
            connection.execute("SELECT set_config(%s, %s, false)", (name, f"{limit_s * 1000:.0f}"))
        connection.commit()
        return connection


def be_patient(engine: Engine, patience: Patience) -> None:
    """Let each connection of `engine` be one that waits no longer than `patience`."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, where: Any, how: Any) -> Connection:
        return Connection.open(patience, *where, **how)
