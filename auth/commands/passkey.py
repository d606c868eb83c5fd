"""`python -m auth passkey …`: what testers touch, and what to do when they lose it."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth import passkeys
from auth.answers import Answer, add_row, day, iso, make_table, minute
from auth.audit import OPERATOR
from auth.commands.desk import Desk, ask, find_tester
from auth.words import count


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("passkey", help="what testers touch").add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="the passkeys of a tester")
    show.add_argument("name", help="of the tester")
    show.set_defaults(command=list_passkeys)
    reset = verbs.add_parser("reset", parents=[output], help="remove all of a tester who lost them")
    reset.add_argument("name", help="of the tester")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    reset.set_defaults(command=reset_passkeys)


def list_passkeys(desk: Desk, arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("Id", "Name", "Added", "Last used")
    with desk.database.read() as db:
        tester = find_tester(db, arguments.name)
        for passkey in passkeys.list(db, tester.id):
            facts.append(
                {
                    "id": passkey.id,
                    "label": passkey.label,
                    "enrolled_at": iso(passkey.enrolled_at),
                    "last_used_at": iso(passkey.last_used_at),
                }
            )
            added, used = day(passkey.enrolled_at), minute(passkey.last_used_at)
            add_row(table, passkey.id, passkey.label, added, used)
    return Answer(facts, table)


def reset_passkeys(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.read() as db:
        tester = find_tester(db, arguments.name)
    ask(arguments, f"Remove every passkey of {tester.name}?", "Nothing was removed.")
    with desk.database.begin() as db:
        removed = passkeys.reset(db, tester.id, by=OPERATOR, now_ms=desk.now_ms)
    return Answer(
        {"tester": tester.name, "removed": removed},
        f"{count(removed, 'passkey')} of {tester.name} removed.",
        f'A link by `python -m auth link "{tester.name}"` signs them in, and within ten minutes '
        "they add a new one on the page Your devices.",
    )
