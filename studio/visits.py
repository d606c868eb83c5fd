"""The outermost layer: every request has an id, which its answer, its log line and its job bear."""

import logging
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from observe import metrics, traces
from observe.visit import CURRENT, Visit
from studio.refusals import answer, broken

log = logging.getLogger("greenroom.http")

ID_HEADER = b"x-request-id"
# A stranger may send any word as a method; as a label it is one of these.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Visits:
    """Serves `app`; notes each request, and answers 500 where the app broke before it answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = Visit()
        CURRENT.set(visit)  # each request is a task of its own, so nobody else sees it
        method = scope["method"] if scope["method"] in METHODS else "other"
        with traces.span(method, traces.SERVER) as span:
            leaving = Answer(visit, method, send)
            try:
                await self.app(scope, receive, leaving.send)
            except Exception:
                log.exception("a request broke")
                if leaving.status is None:
                    response = await answer(broken(), scope)
                    await response(scope, receive, leaving.send)
            finally:
                leaving.tell(span)


class Answer:
    """One answer as it leaves: its id is added, its status and time are noted."""

    def __init__(self, visit: Visit, method: str, send: Send) -> None:
        self.visit, self.method, self.send_on = visit, method, send
        self.began = time.perf_counter()
        self.status: int | None = None
        self.waited_s = 0.0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.waited_s = time.perf_counter() - self.began
            rows = [row for row in message.get("headers", ()) if row[0].lower() != ID_HEADER]
            own = (ID_HEADER, str(self.visit.id).encode())
            message = {**message, "headers": [*rows, own]}
        await self.send_on(message)

    def tell(self, span: traces.Span) -> None:
        """Count it, and say it in one line and on its span.

        `ms`: until the answer began; `open_ms`: until it ended, which is later for a stream.
        """
        visit = self.visit
        status = str(self.status or "none")  # none: they left first
        metrics.http_seconds(self.method, visit.route, status).observe(self.waited_s)
        if visit.code is not None:
            metrics.REFUSALS.labels(visit.code).inc()
        if span.is_recording():
            span.update_name(f"{self.method} {visit.route}")
            span.set_attributes(
                {
                    "http.request.method": self.method,
                    "http.route": visit.route,
                    "http.response.status_code": self.status or 0,
                    "greenroom.request_id": str(visit.id),
                }
            )
        if log.isEnabledFor(logging.INFO):
            log.info("request", extra=self.facts())

    def facts(self) -> dict[str, Any]:
        visit = self.visit
        return {
            "method": self.method,
            "route": visit.route,
            "status": self.status,
            "code": visit.code,
            "token_id": visit.token_id,
            "ms": round(self.waited_s * 1000, 1),
            "open_ms": round((time.perf_counter() - self.began) * 1000, 1),
        }
