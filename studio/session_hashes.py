"""Gradio's session hashes, each bound to the person who first used it.

Gradio hands the events of a session to whoever names its hash. Here a hash belongs to the tester
who joined the queue with it, and nobody else can read, or end, what happens under it.
"""

import json
import re
from collections import OrderedDict
from urllib.parse import parse_qsl

from auth.gate import Principal
from errors import BadRequest, NotFound

REMEMBERED = 10_000
SHAPE = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SessionHashes:
    """Which tester each hash belongs to; the ones silent for longest are forgotten."""

    def __init__(self) -> None:
        self.owner: OrderedDict[str, str] = OrderedDict()

    def join(self, principal: Principal, body: bytes) -> None:
        """Bind the hash that a queue/join body names. Raises BadRequest, NotFound."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadRequest("The body must be a JSON object.") from error
        session_hash = document.get("session_hash") if isinstance(document, dict) else None
        if not isinstance(session_hash, str) or not SHAPE.fullmatch(session_hash):
            raise BadRequest("The body must name a session_hash.")
        if self.owner.setdefault(session_hash, principal.tester_id) != principal.tester_id:
            raise NotFound
        self.owner.move_to_end(session_hash)
        if len(self.owner) > REMEMBERED:
            self.owner.popitem(last=False)

    def check(self, principal: Principal, query: bytes) -> None:
        """The hash in a queue/data query must be the principal's. Raises BadRequest, NotFound."""
        given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        if [name for name, _ in given] != ["session_hash"]:
            raise BadRequest("The query must be one session_hash.")
        if self.owner.get(given[0][1]) != principal.tester_id:
            raise NotFound
