"""`python -m programme incident …`: what went wrong, for the transparency page."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth.answers import Answer, add_row, make_table
from auth.audit import OPERATOR
from auth.commands.desk import Desk, ask
from programme import incidents
from programme.commands.acting import declare_yes
from programme.ledger import day_of


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("incident", help="what went wrong").add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="what is published")
    show.set_defaults(command=list_incidents)
    new = verbs.add_parser("write", parents=[output], help="publish one; name no person")
    new.add_argument("--day", metavar="2026-11-22", help="it happened on; default: today, UTC")
    new.add_argument("--title", required=True)
    new.add_argument("--words", required=True, help="what happened, whom it touched, what was done")
    new.set_defaults(command=write)
    back = verbs.add_parser("withdraw", parents=[output], help="off the page; the log keeps it")
    back.add_argument("id")
    declare_yes(back)
    back.set_defaults(command=withdraw)


def list_incidents(desk: Desk, _arguments: Namespace) -> Answer:
    table, facts = make_table("Id", "Day", "Title"), []
    with desk.database.read() as db:
        for row in incidents.published(db):
            facts.append({"id": row.id, "day": row.day, "title": row.title, "words": row.words})
            add_row(table, row.id, row.day, row.title)
    return Answer(facts, table)


def write(desk: Desk, arguments: Namespace) -> Answer:
    day = arguments.day or day_of(desk.now_ms)
    with desk.database.begin() as db:
        row = incidents.write(
            db, day, arguments.title, arguments.words, by=OPERATOR, now_ms=desk.now_ms
        )
        return Answer({"id": row.id, "day": day}, row.id)


def withdraw(desk: Desk, arguments: Namespace) -> Answer:
    ask(arguments, "Take it off the page?", "Nothing was withdrawn.")
    with desk.database.begin() as db:
        incidents.withdraw(db, arguments.id, by=OPERATOR, now_ms=desk.now_ms)
    return Answer({"id": arguments.id}, "It left the page.")
