"""One request on its way through the house: its id, and what may be told of it afterwards."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

NOWHERE = "-"


def new_request_id() -> str:
    """`req_` and 32 hex digits. Ours alone: what a stranger sends is no name for their request."""
    return f"req_{secrets.token_hex(16)}"


@dataclass
class Visit:
    """What is known of a request by the time it is answered, or while its job is carried on.

    route     the template it matched, as `/jobs/{job_id}`; never the path, which names clips
    code      why it was refused, as in errors/; None where it was not
    token_id  the public id of the token it came with, once that was found good
    job_id    of the job it asked for
    """

    id: str | None = field(default_factory=new_request_id)
    route: str = NOWHERE
    code: str | None = None
    token_id: str | None = None
    job_id: str | None = None


# Threads of the pool and tasks that a request starts see their request's own.
CURRENT: ContextVar[Visit | None] = ContextVar("visit", default=None)


def note(**known: str) -> None:
    """Add to what is known of the current request; outside of one nothing happens."""
    visit = CURRENT.get()
    if visit is not None:
        for name, value in known.items():
            setattr(visit, name, value)


def current_request_id() -> str | None:
    """None outside of a request."""
    visit = CURRENT.get()
    return visit.id if visit else None


@contextmanager
def carried_on(request_id: str | None, job_id: str) -> Iterator[None]:
    """What is logged in the block belongs to this job, and to the request that asked for it."""
    before = CURRENT.set(Visit(request_id, job_id=job_id))
    try:
        yield
    finally:
        CURRENT.reset(before)
