"""The outermost layer: every request has an id, which its answer, its log line and its job bear."""

import logging
import time

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import GreenroomError
from observe.visit import CURRENT, Visit

log = logging.getLogger("greenroom.http")

ID_HEADER = "x-request-id"


class Visits:
    """Serves `app`; notes each request, and answers 500 where the app broke before it answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = Visit(scope["method"])
        CURRENT.set(visit)  # each request is a task of its own, so nobody else sees it
        answer = Answer(visit, send)
        try:
            await self.app(scope, receive, answer.send)
        except Exception:
            log.exception("a request broke")
            if answer.status is None:
                await broken(visit)(scope, receive, answer.send)
        finally:
            answer.tell()


class Answer:
    """One answer as it leaves: its id is added, its status and time are noted."""

    def __init__(self, visit: Visit, send: Send) -> None:
        self.visit, self.send_on = visit, send
        self.began = time.perf_counter()
        self.status: int | None = None
        self.waited_s = 0.0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.waited_s = time.perf_counter() - self.began
            MutableHeaders(scope=message)[ID_HEADER] = self.visit.id
        await self.send_on(message)

    def tell(self) -> None:
        """One line. `ms`: until the answer began; `open_ms`: until it ended, as a stream does."""
        log.info(
            "request",
            extra={
                "method": self.visit.method,
                "route": self.visit.route,
                "status": self.status,
                "code": self.visit.code,
                "token_id": self.visit.token_id,
                "ms": round(self.waited_s * 1000, 1),
                "open_ms": round((time.perf_counter() - self.began) * 1000, 1),
            },
        )


def broken(visit: Visit) -> JSONResponse:
    error = GreenroomError(
        f"Something broke here. Try again; if it stays so, tell whoever runs this: {visit.id}."
    )
    visit.code = error.code
    headers = {"cache-control": "no-store"}
    return JSONResponse(error.as_problem(), 500, headers, "application/problem+json")
