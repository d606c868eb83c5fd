"""What processes say while they run: sentences for a person, or one JSON object a line.

Nothing an artist wrote and nothing that opens a door may stand in a log. So requests are named by
their route, errors that nobody foresaw by their type and place without their words, only fields
of FIELDS are taken over, and whatever still looks like a credential is covered.
"""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from observe.visit import CURRENT

HOUSE = str(Path(__file__).parent.parent)

# What a line may say besides when, who, what, and of which request and job.
FIELDS = (
    "method",
    "route",
    "status",
    "code",
    "token_id",
    "ms",
    "open_ms",
    "state",
    "wait_ms",
    "gpu_ms",
    "worker",
)
# Our tokens but for their public id, JSON web tokens (proofs among them), passwords in URLs.
SECRETS = (
    (re.compile(r"(grm_[a-z]+_[0-9A-Za-z]{12}_)[0-9A-Za-z_]+"), r"\1…"),
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"), "…"),
    (
        re.compile(r"(?i)((?:cookie|authorization|dpop)\W{1,4}(?:bearer |dpop )?)[^\s\"',;]+"),
        r"\1…",
    ),
    (re.compile(r"(://[^/\s:@]*:)[^@\s/]+@"), r"\1…@"),
)
TEXT, JSON = "text", "json"


def configure(style: str, process: str) -> None:
    """Send the logs of this process to standard error.

    style    TEXT: warnings and worse. JSON: what is worth knowing, each request included.
    process  who speaks: `web`, `worker`
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process) if style == JSON else Sentences(process))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("greenroom").setLevel(logging.INFO if style == JSON else logging.WARNING)
    adopt("dbos", "uvicorn", "uvicorn.error", "uvicorn.access")


def adopt(*names: str) -> None:
    """Loggers that libraries gave handlers of their own speak as everybody does."""
    for name in names:
        logger = logging.getLogger(name)
        # Handlers all the same, since one of them adds its own where it finds none.
        logger.handlers, logger.propagate = list(logging.getLogger().handlers), False


class Sentences(logging.Formatter):
    """For a person at a terminal."""

    def __init__(self, process: str) -> None:
        super().__init__(f"{process}: %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return covered(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return place_of(ei)


class JsonLines(logging.Formatter):
    """For a machine: time (RFC 3339, UTC), level, logger, process, message, and of FIELDS."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": self.process,
            "message": covered(record.getMessage()),
        }
        visit = CURRENT.get()
        if visit is not None:
            line |= {"request_id": visit.id, "job_id": visit.job_id}
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = place_of(record.exc_info)
        return json.dumps({name: value for name, value in line.items() if value is not None})


def covered(text: str) -> str:
    """`text` without what looks like a credential."""
    for pattern, cover in SECRETS:
        text = pattern.sub(cover, text)
    return text


def place_of(exc_info: Any) -> str:
    """The type of an exception and the way it came, innermost last; not its words."""
    kind, _, trace = exc_info
    frames = (
        f"{frame.filename.removeprefix(HOUSE).lstrip('/')}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)[-12:]
    )
    return " < ".join([*frames, kind.__name__][::-1])
