"""The gate on the command line: `python -m auth --help`.

Runs beside the server, on the same settings and database. What a person or a script takes away
goes to stdout, everything else to stderr. Exit code 1: refused, 2: not understood.
"""

import argparse
import re
import sys
import time
from typing import NoReturn

from sqlalchemy.exc import ArgumentError, OperationalError

from auth import commands
from auth.commands import Desk, Refused
from auth.gate import Gate
from auth.revocation import REASON_MAX_CHARS
from database import Database
from errors import GreenroomError
from settings import Settings

UNIT_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000}


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:]}. `{self.prog} --help` says more.\n")


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
    database.migrate()
    return Desk(settings, database, Gate.from_settings(settings), time.time_ns() // 1_000_000)


def make_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m auth", description="Testers, their tokens, and their limits.")
    output = Parser(add_help=False)
    output.add_argument("--json", action="store_true", help="for machines")
    nouns = parser.add_subparsers(required=True, metavar="tester | token | link")

    verbs = nouns.add_parser("tester", help="the people").add_subparsers(required=True)
    add = verbs.add_parser("add", parents=[output], help="add a tester")
    add.add_argument("name")
    add.add_argument("--admin", action="store_true", help="who may also go backstage")
    add.set_defaults(command=commands.add_tester)
    show = verbs.add_parser("list", parents=[output], help="all testers, and their day")
    show.set_defaults(command=commands.list_testers)

    verbs = nouns.add_parser("token", help="what opens the door").add_subparsers(required=True)
    issue = verbs.add_parser("issue", parents=[output], help="a new token, shown this once")
    issue.add_argument("name", help="of the tester")
    issue.add_argument("--expires", type=duration_ms, default="30d", metavar="30d|12h|45m")
    issue.set_defaults(command=commands.issue_token)
    show = verbs.add_parser("list", parents=[output], help="all tokens, never their secrets")
    show.set_defaults(command=commands.list_tokens)
    revoke = verbs.add_parser("revoke", parents=[output], help="end a token and all it opened")
    revoke.add_argument("id", help="the token's public id, as in `token list`")
    revoke.add_argument("--reason", type=reason, required=True)
    revoke.add_argument("--yes", action="store_true", help="do not ask")
    revoke.set_defaults(command=commands.revoke_token)

    link = nouns.add_parser("link", parents=[output], help="a sign-in link that works once")
    link.add_argument("name", help="of the tester")
    link.add_argument("--expires", type=duration_ms, default="24h", metavar="24h|45m")
    link.set_defaults(command=commands.make_link)
    return parser


def duration_ms(text: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([dhm])", text, re.ASCII)
    if match is None:
        raise argparse.ArgumentTypeError("give a time like 30d, 12h or 45m")
    return int(match[1]) * UNIT_MS[match[2]]


def reason(text: str) -> str:
    if not 0 < len(text.strip()) <= REASON_MAX_CHARS:
        raise argparse.ArgumentTypeError(f"give a reason of 1 to {REASON_MAX_CHARS} characters")
    return text.strip()


if __name__ == "__main__":
    sys.exit(main())
