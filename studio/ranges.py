"""A file of the store as an answer: whole, or the one range that was asked for (RFC 9110, 14)."""

import hashlib
import re

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from sora_core.store import Store
from studio.requests import header_values

RANGE = re.compile(r"bytes=(?=.*\d)(\d*)-(\d*)")


class StoredFile(Response):
    """200 and all of it, 206 and a part, or 416.

    Several ranges at once are answered with all of it, as are those for an older `If-Range`.
    """

    def __init__(
        self, store: Store, key: str, size: int, media_type: str, saved_as: str | None = None
    ) -> None:
        self.store, self.key, self.size, self.media_type = store, key, size, media_type
        self.etag = f'"{hashlib.sha256(f"{key} {size}".encode()).hexdigest()[:32]}"'
        self.background = None
        self.about = {
            "accept-ranges": "bytes",
            "cache-control": "private, no-store",
            "etag": self.etag,
        }
        if saved_as is not None:
            self.about["content-disposition"] = f'attachment; filename="{saved_as}"'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.answer(scope)(scope, receive, send)

    def answer(self, scope: Scope) -> Response:
        start, stop = self.wanted(scope)
        if start >= stop and self.size:
            outside = {"content-range": f"bytes */{self.size}", **self.about}
            return Response(status_code=416, headers=outside)
        part = (start, stop) != (0, self.size)
        headers = {"content-length": str(stop - start), **self.about}
        if part:
            headers["content-range"] = f"bytes {start}-{stop - 1}/{self.size}"
        return StreamingResponse(
            self.store.read(self.key, start, stop) if scope["method"] != "HEAD" else iter(()),
            status_code=206 if part else 200,
            media_type=self.media_type,
            headers=headers,
        )

    def wanted(self, scope: Scope) -> tuple[int, int]:
        """From which byte to before which; an empty range where the file has none of it."""
        asked, if_range = header_values(scope, "range"), header_values(scope, "if-range")
        found = RANGE.fullmatch(asked[0]) if len(asked) == 1 else None
        if found is None or if_range not in ([], [self.etag]):
            return 0, self.size
        first, last = found.groups()
        if not first:
            return max(0, self.size - int(last)), self.size
        return int(first), min(self.size, int(last) + 1) if last else self.size
