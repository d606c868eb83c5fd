"""How requests are read: by llhttp, and what it lets pass that two readers could read differently.

llhttp, Node's parser, is strict about where a request ends: two lengths, a length beside a transfer
coding, a bare LF or CR, a folded line and a space before a colon are refused by it. uvicorn's
protocol around it gives the application less than was sent, so the rest is refused here, before
anybody is asked (RFC 9112, sections 2.3, 3.2, 6.1 and 7.1.2):

- a target that is not a path: `http://host/jobs` and `/jobs#x` would come in as `/jobs`;
- no Host, or several, and versions other than 1.0 and 1.1;
- a transfer coding other than chunked alone, and any in HTTP/1.0;
- a head, or trailers, of more than HEAD_MAX_BYTES: llhttp has no limit.

Trailers are not read: they would come in as headers.
"""

import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_MAX_BYTES = 16 * 1024
TOO_LARGE = "The head of the request is too large."


class Parser(HttpToolsProtocol):
    """Of one connection. What it refuses is answered 400, and the connection closed.

    Notes in the request's state when it had come (`arrived_ns`, by `time.monotonic_ns`): several
    that come at once are one batch, and what is asked on behalf of all is asked after that.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.in_head = False
        self.head_bytes = self.unended_bytes = 0

    def data_received(self, data: bytes) -> None:
        was_in_head = self.in_head
        super().data_received(data)
        # A line that does not end is handed to nobody, so it is counted as it comes.
        self.unended_bytes += len(data) if was_in_head and self.in_head else -self.unended_bytes
        if self.unended_bytes > HEAD_MAX_BYTES and not self.transport.is_closing():
            self.send_400_response(TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head, self.head_bytes = True, 0

    def on_url(self, url: bytes) -> None:
        self.count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.count(len(name) + len(value))
        if self.in_head:
            super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        self.in_head, self.head_bytes = False, 0
        version = self.parser.get_http_version()
        names = [name for name, _ in self.headers]
        if version not in ("1.0", "1.1"):
            raise ValueError("another version of HTTP")
        if not self.url.startswith(b"/") or b"#" in self.url:
            raise ValueError("a target that is not a path")
        if names.count(b"host") != 1 and (version == "1.1" or b"host" in names):
            raise ValueError("no host, or several")
        if b"transfer-encoding" in names and (version, self.codings()) != ("1.1", [b"chunked"]):
            raise ValueError("a transfer coding other than chunked")
        self.scope["state"]["arrived_ns"] = time.monotonic_ns()
        super().on_headers_complete()

    def codings(self) -> list[bytes]:
        return [value.lower() for name, value in self.headers if name == b"transfer-encoding"]

    def count(self, more_bytes: int) -> None:
        self.head_bytes += more_bytes
        if self.head_bytes > HEAD_MAX_BYTES:
            raise ValueError(TOO_LARGE)
