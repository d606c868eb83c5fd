"""The gate on the command line: `python -m auth --help`.

Runs beside the server, on the same settings and database. What a person or a script takes away
goes to stdout, everything else to stderr. Exit code 1: refused, 2: not understood.
"""

import sys
import time

from sqlalchemy.exc import ArgumentError, OperationalError

from auth import audit as audit_log
from auth.commands import (
    audit,
    cohort,
    identity,
    invite,
    limits,
    link,
    passkey,
    session,
    stop,
    tester,
    token,
    waitlist,
)
from auth.commands.desk import Desk, Refused
from auth.commands.words import Parser
from auth.gate import Gate
from auth.meters_redis import wire_redis
from database import Database
from errors import GreenroomError
from settings import Settings

NOUNS = {
    "tester": tester,
    "token": token,
    "link": link,
    "invite": invite,
    "waitlist": waitlist,
    "cohort": cohort,
    "limits": limits,
    "stop | resume": stop,
    "audit": audit,
    "identity": identity,
    "passkey": passkey,
    "session": session,
}


def main(argv: list[str] | None = None) -> int:
    arguments = make_parser().parse_args(argv)
    try:
        desk = open_desk()
        answer = arguments.command(desk, arguments)
    except (GreenroomError, Refused) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except (ArgumentError, OperationalError):
        print("The database cannot be opened. Check GREENROOM_DATABASE_URL.", file=sys.stderr)
        return 1
    answer.show(as_json=arguments.json)
    return 0


def open_desk() -> Desk:
    settings = Settings.read()
    database = Database(settings.database_url)
    wire_redis(database, settings)
    database.migrate()
    audit_log.sign_with(database, settings.secret)
    return Desk(settings, database, Gate.from_settings(settings), time.time_ns() // 1_000_000)


def make_parser() -> Parser:
    parser = Parser(prog="python -m auth", description="Testers, their tokens, and their limits.")
    output = Parser(add_help=False)
    output.add_argument("--json", action="store_true", help="for machines")
    nouns = parser.add_subparsers(required=True, metavar=" | ".join(NOUNS))
    for noun in NOUNS.values():
        noun.declare(nouns, output)
    return parser


if __name__ == "__main__":
    sys.exit(main())
