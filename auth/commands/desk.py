"""What every command works with."""

import sys
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from auth import audit, testers
from auth.gate import Gate
from auth.records import Tester
from database import Database
from errors import NotFound
from settings import Settings


@dataclass(frozen=True)
class Desk:
    settings: Settings
    database: Database
    gate: Gate
    now_ms: int

    def note(
        self, db: Session, action: str, subject: str, reason: str = "", **details: Any
    ) -> None:
        """Write into the audit log that whoever holds the server did this."""
        audit.record(
            db,
            actor=audit.OPERATOR,
            action=action,
            subject=subject,
            reason=reason,
            details=details,
            now_ms=self.now_ms,
        )


class Refused(Exception):
    """A sentence for whoever holds the server, and for nobody else: it says what exists."""


def find_tester(db: Session, name: str) -> Tester:
    """Raises Refused."""
    try:
        return testers.find(db, name)
    except NotFound:
        raise Refused(
            f"There is no tester named {name}. `python -m auth tester list` shows them all."
        ) from None


def ask(arguments: Namespace, question: str, otherwise: str) -> None:
    """Ask the person at the terminal, if there is one and `--yes` was not given.

    Raises Refused, saying `otherwise`, unless they say yes.
    """
    if arguments.yes or not sys.stdin.isatty():
        return
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused(otherwise)
