"""Whether anybody committed anything to a Postgres server, in one round trip.

A snapshot names the transactions whose writes it sees
(`pg_current_snapshot()`, https://www.postgresql.org/docs/current/functions-info.html), and a
transaction leaves it before its COMMIT is answered. Two equal snapshots see the same rows.
"""

import asyncio
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from database import Database

# On a standby a snapshot does not name what it does not see.
QUESTION = b"SELECT pg_current_snapshot() WHERE NOT pg_is_in_recovery()"
CONNECT_S, ANSWER_S, AGAIN_S = 10, 1.0, 1.0

Answer = asyncio.Future[object | None]


class ServerCommits:
    """Those into one Postgres server, over one connection that nobody else uses.

    Whoever asks while a question is under way is answered by the next one, all of them together:
    the first may have been answered before the commit that they must not miss. Words of different
    connections differ, since behind a new one may be another server.
    """

    def __init__(self, database: Database) -> None:
        self.engine = database.engine
        self.loop: asyncio.AbstractEventLoop | None = None
        self.connection: psycopg.AsyncConnection[Any] | None = None
        self.connecting: asyncio.Task[None] | None = None
        self.not_before_s = 0.0
        self.number = 0  # of the connection
        self.asked: list[Answer] = []
        self.waiting: list[Answer] = []
        self.said: bytes | None = None
        self.too_late: asyncio.TimerHandle | None = None

    async def word(self, since_ns: int | None = None) -> object | None:
        loop = asyncio.get_running_loop()
        if self.connection is None:
            if self.connecting is None and loop.time() >= self.not_before_s:
                self.connecting = loop.create_task(self.connect(loop))
            return None
        answer: Answer = loop.create_future()
        self.waiting.append(answer)
        if not self.asked:
            self.ask()
        return await answer

    async def connect(self, loop: asyncio.AbstractEventLoop) -> None:
        where, how = self.engine.dialect.create_connect_args(self.engine.url)
        how.setdefault("connect_timeout", CONNECT_S)
        try:
            found = await psycopg.AsyncConnection.connect(*where, **how, autocommit=True)
            loop.add_reader(found.pgconn.socket, self.hear)
            self.loop, self.connection, self.number = loop, found, self.number + 1
        except psycopg.Error:
            self.not_before_s = loop.time() + AGAIN_S
        finally:
            self.connecting = None

    def ask(self) -> None:
        """Put one question for all who wait."""
        assert self.connection is not None
        assert self.loop is not None
        self.asked, self.waiting, self.said = self.waiting, [], None
        self.too_late = self.loop.call_later(ANSWER_S, self.lose)
        try:
            self.connection.pgconn.send_query(QUESTION)
            self.connection.pgconn.flush()
        except psycopg.Error:
            self.lose()

    def hear(self) -> None:
        """The server sent something: an answer, a part of one, or its farewell."""
        assert self.connection is not None
        wire = self.connection.pgconn
        try:
            wire.consume_input()
            while not wire.is_busy():
                result = wire.get_result()
                if result is None:
                    break
                if result.status != ExecStatus.TUPLES_OK or result.ntuples != 1:
                    raise psycopg.OperationalError("it has no word for it")
                self.said = result.get_value(0, 0)
            else:
                return
        except psycopg.Error:
            self.lose()
            return
        if self.said is not None:
            self.tell((self.number, self.said))
            if self.waiting:
                self.ask()

    def tell(self, word: object | None) -> None:
        """Answer those whose question this was."""
        asked, self.asked, self.said = self.asked, [], None
        if self.too_late is not None:
            self.too_late.cancel()
        for answer in asked:
            if not answer.done():  # its request may have been given up
                answer.set_result(word)

    def lose(self) -> None:
        """Give the connection up: nobody is told a word, and a new one is made in a moment."""
        if self.loop is not None:
            self.not_before_s = self.loop.time() + AGAIN_S
        self.close()

    def close(self) -> None:
        lost, self.connection = self.connection, None
        if lost is not None and self.loop is not None:
            with suppress(RuntimeError):  # its event loop has ended
                self.loop.remove_reader(lost.pgconn.socket)
            lost.pgconn.finish()
        self.asked += self.waiting
        self.waiting = []
        self.tell(None)
