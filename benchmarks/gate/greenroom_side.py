"""Greenroom as it is served, without a worker; `--ungated`: without its gateway."""

import sys

import uvicorn
import uvloop
from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send

from app import wire
from auth import scopes
from auth.gate import Principal
from auth.records import Token
from settings import Settings
from studio.parser import Parser
from studio.parts import Parts
from studio.server import bind
from studio.site import build_site
from studio.visits import Visits


class Ungated:
    """Lets everybody in as one tester, and asks nothing."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self.app = app
        with parts.database.read() as db:
            token = db.scalars(select(Token)).first()
        assert token is not None
        self.principal = Principal(
            token.tester_id, "Ada", "tester", token.id, None, scopes.API, bearer=True
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["principal"] = self.principal
        await self.app(scope, receive, send)


async def serve(ungated: bool) -> None:
    """On the HTTP parser and the event loop that the plain peers use too."""
    parts = wire(Settings.read())
    gated = build_site(parts)
    app = Visits(Ungated(gated.app, parts) if ungated else gated)
    config = uvicorn.Config(
        app,
        http=Parser,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    await parts.hub.start()
    await uvicorn.Server(config).serve(sockets=[bind(parts.settings)])


if __name__ == "__main__":
    uvloop.run(serve("--ungated" in sys.argv))
