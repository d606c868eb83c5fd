"""The words that name a subject: `everybody`, `cohort NAME`, `tester NAME`, `token ID`."""

from argparse import ArgumentParser

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import subjects
from auth.commands.desk import Refused, find_tester
from auth.records import Cohort
from errors import NotFound

KINDS = (subjects.EVERYBODY, "cohort", "tester", "token")


def declare_subject(parser: ArgumentParser, *more: str) -> None:
    parser.add_argument("kind", choices=(*KINDS, *more), metavar=" | ".join((*KINDS, *more)))
    parser.add_argument("name", nargs="?", help="of the cohort or tester, or the token's public id")


def find_subject(db: Session, kind: str, name: str | None) -> tuple[str, str]:
    """A subject's key, and what people call it. Raises Refused."""
    if kind == subjects.EVERYBODY:
        if name is not None:
            raise Refused("Everybody has no name. Leave it out.")
        return kind, kind
    if name is None:
        raise Refused(f"Say which {kind}: a name follows it.")
    if kind == "tester":
        tester = find_tester(db, name)
        return f"tester:{tester.id}", tester.name
    if kind == "cohort":
        found = db.scalar(select(Cohort.id).where(Cohort.name == name.strip()))
        name = found or name
    try:
        return f"{kind}:{name}", subjects.name_of(db, f"{kind}:{name}")
    except NotFound:
        raise Refused(f"There is no {kind} {name}.") from None
