"""`python -m auth waitlist …`: who would like a place."""

from argparse import ArgumentParser, Namespace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import waitlist
from auth.answers import Answer, add_row, day, iso, make_table
from auth.audit import OPERATOR
from auth.commands.cohort import find_cohort
from auth.commands.desk import Desk, Refused, ask
from auth.commands.invite import invite_answer
from auth.commands.words import duration_ms
from auth.joining import WaitlistEntry


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("waitlist", help="who waits").add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="everybody who waits, longest first")
    show.set_defaults(command=list_waiting)
    invite = verbs.add_parser("invite", parents=[output], help="an invite link for one of them")
    invite.add_argument("email")
    invite.add_argument("--cohort", help="they come into")
    invite.add_argument("--expires", type=duration_ms, metavar="24h|45m")
    invite.set_defaults(command=invite_waiting)
    remove = verbs.add_parser("remove", parents=[output], help="forget one of them")
    remove.add_argument("email")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.set_defaults(command=remove_waiting)


def list_waiting(desk: Desk, _arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("E-mail", "Name", "State", "Since", "About")
    with desk.database.read() as db:
        for entry, state in waitlist.list(db, desk.now_ms):
            facts.append(
                {
                    "id": entry.id,
                    "name": entry.name,
                    "email": entry.email,
                    "about": entry.about,
                    "state": state,
                    "created_at": iso(entry.created_at),
                }
            )
            add_row(table, entry.email, entry.name, state, day(entry.created_at), entry.about)
    return Answer(facts, table)


def invite_waiting(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        entry = find_entry(db, arguments.email)
        cohort = find_cohort(db, arguments.cohort) if arguments.cohort else None
        made = waitlist.invite(
            db,
            desk.gate.keys,
            entry.id,
            by=OPERATOR,
            cohort_id=cohort.id if cohort else None,
            lifetime_ms=arguments.expires or desk.settings.invite_ms,
            now_ms=desk.now_ms,
        )
    return invite_answer(desk, made)


def remove_waiting(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.read() as db:
        entry = find_entry(db, arguments.email)
    ask(arguments, f"Take {entry.name} off the waitlist?", "Nobody was removed.")
    with desk.database.begin() as db:
        waitlist.remove(db, entry.id, by=OPERATOR, now_ms=desk.now_ms)
    return Answer({"id": entry.id}, f"{entry.name} is off the waitlist.")


def find_entry(db: Session, email: str) -> WaitlistEntry:
    """Raises Refused."""
    entry = db.scalar(select(WaitlistEntry).where(WaitlistEntry.email == email.strip().lower()))
    if entry is None:
        raise Refused(
            f"Nobody waits with the address {email}. `python -m auth waitlist list` shows them all."
        )
    return entry
