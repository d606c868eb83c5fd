"""`python -m auth session …`: where testers are signed in, and an end to it."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth import sessions
from auth.answers import Answer, add_row, iso, make_table, minute
from auth.audit import OPERATOR
from auth.commands.desk import Desk, ask, find_tester
from auth.words import count


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("session", help="where testers are signed in")
    verbs = verbs.add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="the sessions of a tester")
    show.add_argument("name", help="of the tester")
    show.set_defaults(command=list_sessions)
    end = verbs.add_parser("end", parents=[output], help="one of a tester's, or all of them")
    end.add_argument("name", help="of the tester")
    end.add_argument("session", nargs="?", help="its id; without one all of them end")
    end.add_argument("--yes", action="store_true", help="do not ask")
    end.set_defaults(command=end_sessions)


def list_sessions(desk: Desk, arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("Id", "Device", "Signed in", "Ends")
    with desk.database.read() as db:
        tester = find_tester(db, arguments.name)
        for one in sessions.list(db, tester.id, desk.now_ms):
            since, until = one.sign_in.created_at, one.sign_in.expires_at
            facts.append(
                {
                    "id": one.name,
                    "device": one.device.label,
                    "signed_in_at": iso(since),
                    "ends_at": iso(until),
                }
            )
            add_row(table, one.name, one.device.label, minute(since), minute(until))
    return Answer(facts, table)


def end_sessions(desk: Desk, arguments: Namespace) -> Answer:
    """Pages that are open elsewhere close within a second; what was under way goes on."""
    with desk.database.read() as db:
        tester = find_tester(db, arguments.name)
    what = "this session" if arguments.session else "every session"
    ask(arguments, f"End {what} of {tester.name}?", "Nothing was ended.")
    by_us: dict[str, Any] = {"by": OPERATOR, "now_ms": desk.now_ms}
    with desk.database.begin() as db:
        if arguments.session:
            ended = sessions.end_one(db, tester.id, arguments.session, **by_us)
        else:
            ended = sessions.end_others(db, tester.id, None, **by_us)
    return Answer(
        {"tester": tester.name, "ended": len(ended)},
        f"{count(len(ended), 'session')} of {tester.name} ended.",
        "Their token still signs them in: revoke it where it may be in other hands.",
    )
