"""`python -m auth tester import …`: many people at once, from a spreadsheet."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from auth import roster
from auth.answers import Answer, iso
from auth.audit import OPERATOR
from auth.commands.cohort import find_cohort
from auth.commands.desk import Desk, Refused
from auth.commands.invite import link_of
from auth.roster import Imported, RosterInvalid

COLUMNS = ("name", "email", "cohort", "link", "expires_at")


class NotKept(Exception):
    """Rolls a rehearsal back, and carries what it found."""

    def __init__(self, imported: Imported) -> None:
        super().__init__()
        self.imported = imported


def declare(verbs: Any, output: ArgumentParser) -> None:
    take = verbs.add_parser("import", parents=[output], help="invite everybody in a CSV file")
    take.add_argument("file", help="columns: name, email, cohort; `-` reads from a pipe")
    take.add_argument("--cohort", help="of those for whom the file names none")
    take.add_argument("--dry-run", action="store_true", help="check only: nobody is invited")
    take.set_defaults(command=import_testers)


def import_testers(desk: Desk, arguments: Namespace) -> Answer:
    try:
        imported = load(desk, arguments, read_file(arguments.file))
    except RosterInvalid as error:
        raise Refused(str(error)) from None
    rows = [] if arguments.dry_run else invited_rows(desk, imported)
    facts = {
        "dry_run": arguments.dry_run,
        "invited": [dict(zip(COLUMNS, row, strict=True)) for row in rows],
        "would_invite": [row.name for row, _ in imported.invited] if arguments.dry_run else [],
        "known": list(imported.known),
    }
    would = "would be invited" if arguments.dry_run else "invited, each with a link shown this once"
    people = len(imported.invited)
    said = [*imported.known, f"{people} {'person' if people == 1 else 'people'} {would}."]
    if imported.known:
        said[-1] += f" {len(imported.known)} left out, as above."
    shown = "" if arguments.dry_run else roster.as_csv(COLUMNS, rows)
    return Answer(facts, shown, "\n".join(said))


def load(desk: Desk, arguments: Namespace, content: bytes) -> Imported:
    """Raises RosterInvalid, Refused."""
    rows = roster.read(content)
    try:
        with desk.database.begin() as db:
            if arguments.cohort:
                find_cohort(db, arguments.cohort)
            imported = roster.load(
                db,
                desk.gate.keys,
                rows,
                by=OPERATOR,
                cohort=arguments.cohort,
                lifetime_ms=desk.settings.invite_ms,
                now_ms=desk.now_ms,
            )
            if arguments.dry_run:
                raise NotKept(imported)
    except NotKept as rehearsal:
        return rehearsal.imported
    return imported


def read_file(name: str) -> bytes:
    """At most one byte more than is allowed. Raises Refused."""
    if name == "-":
        return sys.stdin.buffer.read(roster.FILE_MAX_BYTES + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(roster.FILE_MAX_BYTES + 1)
    except OSError as error:
        raise Refused(f"{name} cannot be read: {error.strerror}.") from None


def invited_rows(desk: Desk, imported: Imported) -> list[tuple[str, ...]]:
    return [
        (
            row.name,
            row.email or "",
            row.cohort or "",
            link_of(desk, made),
            iso(made.expires_at) or "",
        )
        for row, made in imported.invited
    ]
