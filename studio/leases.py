"""Open event streams: each goes on only while the sign-in that opened it stands.

A stream is opened once and may stay open for minutes, so asking at its opening is not enough.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.gate import Principal

GOODBYE_S = 0.5  # how long a stream may take to say why it ends


class Lease:
    """The right of one stream to stay open.

    stir  wakes the stream: there may be something to tell, or its lease is over
    """

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.over = asyncio.Event()
        self.shutting_down = False
        self.stir: Callable[[], None] = lambda: None

    def end(self) -> None:
        self.over.set()
        self.stir()


class Leases:
    """Every open stream of this process. Lives on one event loop."""

    def __init__(self) -> None:
        self.open: set[Lease] = set()
        self.again = asyncio.Event()

    @contextmanager
    def grant(self, principal: Principal) -> Iterator[Lease]:
        lease = Lease(principal)
        self.open.add(lease)
        try:
            yield lease
        finally:
            self.open.discard(lease)

    def end_token(self, token_id: str) -> None:
        for lease in list(self.open):
            if lease.principal.token_id == token_id:
                lease.end()

    def end_sign_in(self, sign_in_id: str | None) -> None:
        for lease in list(self.open):
            if sign_in_id is not None and lease.principal.sign_in_id == sign_in_id:
                lease.end()

    def look_again(self) -> None:
        """Ask of every stream now whether its sign-in stands, and let it look for news."""
        self.again.set()
        self.stir()

    def stir(self) -> None:
        for lease in list(self.open):
            lease.stir()

    def shut_down(self) -> None:
        """End every stream, so that the server can stop. Pages come back by themselves."""
        for lease in list(self.open):
            lease.shutting_down = True
            lease.end()


async def serve_under(
    lease: Lease, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Serve one stream until it ends by itself or its lease does.

    When the lease ends, the stream has GOODBYE_S to end in its own words, then it is cut.
    """
    started = finished = False

    async def watched_send(message: Message) -> None:
        nonlocal started, finished
        started = started or message["type"] == "http.response.start"
        await send(message)
        finished = message["type"] == "http.response.body" and not message.get("more_body", False)

    serving = asyncio.ensure_future(app(scope, receive, watched_send))
    over = asyncio.ensure_future(lease.over.wait())
    try:
        await asyncio.wait([serving, over], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait([serving], timeout=GOODBYE_S)
    finally:
        for task in (serving, over):
            task.cancel()
        await asyncio.gather(over, return_exceptions=True)
        with suppress(asyncio.CancelledError):
            await serving
    if started and not finished:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
