"""The terms of the programme: versioned texts, and who accepted which, when."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.joining import TermsAcceptance
from auth.rows import insert_new
from errors import Conflict

FOLDER = Path(__file__).parent.parent / "docs/terms"


@dataclass(frozen=True)
class Terms:
    """One text. `version` is its file's name, the day it is from; `text` is Markdown."""

    version: str
    text: str
    sha256: str


def current(folder: Path = FOLDER) -> Terms:
    """The newest version, as it is on disk now."""
    newest = max(folder.glob("[0-9]*.md"))
    text = newest.read_text(encoding="utf-8")
    return Terms(newest.stem, text, hashlib.sha256(text.encode()).hexdigest())


def accept(db: Session, terms: Terms, tester_id: str, seen_sha256: str, now_ms: int) -> None:
    """Write down that a tester accepted these terms; a second time changes nothing. No commit.

    Raises Conflict when the text they saw is another.
    """
    if seen_sha256 != terms.sha256:
        raise Conflict("The terms have changed meanwhile. Reload the page and read them again.")
    insert_new(
        db,
        TermsAcceptance,
        tester_id=tester_id,
        version=terms.version,
        sha256=terms.sha256,
        accepted_at=now_ms,
    )


def accepted(db: Session, tester_id: str) -> str | None:
    """The newest version this tester accepted."""
    versions = select(TermsAcceptance.version).where(TermsAcceptance.tester_id == tester_id)
    return db.scalar(versions.order_by(TermsAcceptance.version.desc()).limit(1))
