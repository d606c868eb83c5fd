"""In whose name a command decides: what is decided about people is decided by a person."""

from argparse import ArgumentParser, Namespace

from sqlalchemy.orm import Session

from auth.commands.desk import Desk, Refused, find_tester
from auth.testers import ADMIN


def declare_by(verb: ArgumentParser, *, asks: bool = False) -> None:
    """`asks`: whether it takes something away, and so asks first."""
    verb.add_argument("--by", required=True, metavar="NAME", help="the admin who decides")
    if asks:
        declare_yes(verb)


def declare_yes(verb: ArgumentParser) -> None:
    verb.add_argument("--yes", action="store_true", help="do not ask")


def actor(desk: Desk, db: Session, arguments: Namespace, *, reviews: bool = False) -> str:
    """The id of who decides; that it came by the command line is in the audit log.

    reviews  whether a reviewer may, who is no admin
    Raises Refused for whoever may not.
    """
    tester = find_tester(db, arguments.by)
    may = tester.role == ADMIN or (reviews and tester.reviewer_since is not None)
    if not may:
        role = "an admin or a reviewer" if reviews else "an admin"
        raise Refused(f"{tester.name} is not {role}, and decides nothing here.")
    desk.note(db, "command.act", f"tester:{tester.id}")
    return tester.id
