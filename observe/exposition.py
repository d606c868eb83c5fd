"""The metrics as text, for who holds the token; a small server for processes that have none."""

import hmac
from collections.abc import Callable, Iterable
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client.exposition import choose_encoder

from errors import BootRefused
from observe.metrics import REGISTRY

REALM = 'Bearer realm="greenroom metrics"'


def may_read(authorization: str | None, token: str | None) -> bool:
    """Whether a request with this Authorization may read; where no token is set, none may."""
    if token is None or authorization is None:
        return False
    scheme, _, shown = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(shown.encode(), token.encode())


def page(accept: str) -> tuple[bytes, str]:
    """All metrics of this process and the content type, in the format that `accept` asks for."""
    encode, content_type = choose_encoder(accept)
    return encode(REGISTRY), content_type


class Quiet(WSGIRequestHandler):
    timeout = 5  # seconds, for whoever connects and says nothing

    def log_message(self, format: str, *args: Any) -> None:
        pass


class OnThreads(WSGIServer):
    daemon_threads = True


def serve(host: str, port: int, token: str) -> WSGIServer:
    """Answer /metrics at an address of its own, from a thread; `shutdown()` ends it.

    For a worker, which serves nothing else. Raises BootRefused where the address is taken.
    """

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/metrics" or environ["REQUEST_METHOD"] != "GET":
            start("404 Not Found", [("content-type", "text/plain")])
            return [b""]
        if not may_read(environ.get("HTTP_AUTHORIZATION"), token):
            start("401 Unauthorized", [("www-authenticate", REALM)])
            return [b""]
        body, content_type = page(environ.get("HTTP_ACCEPT", ""))
        start("200 OK", [("content-type", content_type)])
        return [body]

    try:
        server = make_server(host, port, app, OnThreads, Quiet)
    except OSError as error:
        raise BootRefused(
            f"GREENROOM_WORKER_METRICS: {host}:{port} cannot be used: {error.strerror}."
        ) from error
    Thread(target=server.serve_forever, daemon=True).start()
    return server
