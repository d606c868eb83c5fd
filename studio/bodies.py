"""What a request brings along: read whole, or piece by piece where it is too large to be held."""

from starlette.types import Message, Receive, Scope

from errors import BadRequest
from studio.doors import Door


async def read_body(door: Door, scope: Scope, receive: Receive) -> bytes:
    """The whole body; nothing of one that its page reads itself.

    Raises BadRequest where it is larger than the door takes, declared or counted.
    """
    for name, declared in scope["headers"]:
        if name == b"content-length" and declared.isdigit():
            refuse_large(door, int(declared))
    if door.unread or scope["method"] in ("GET", "HEAD"):
        return b""
    body, more, receive = bytearray(), True, bounded(door, receive)
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The request ended in the middle.")
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def bounded(door: Door, receive: Receive) -> Receive:
    """A `receive` that raises BadRequest once the body is larger than the door takes."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        refuse_large(door, size)
        return message

    return receive_some


def refuse_large(door: Door, size: int) -> None:
    if size > door.most_bytes:
        raise BadRequest(f"The body is larger than {door.most_bytes // 1024:,} KB.")


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` once, and then what the server says."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
