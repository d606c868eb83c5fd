"""The programme on the command line: `python -m programme --help`.

Runs beside the server, on the same settings and database, as `python -m auth` does.
"""

import sys

from sqlalchemy.exc import ArgumentError, OperationalError

from auth.__main__ import open_desk
from auth.commands.desk import Refused
from auth.commands.words import Parser
from errors import GreenroomError
from programme.commands import (
    call,
    consent,
    feedback,
    incident,
    ledger,
    policy,
    prompts,
    refusal,
    review,
    shown,
)

NOUNS = {
    "policy": policy,
    "review": review,
    "refusal": refusal,
    "prompts": prompts,
    "shown": shown,
    "feedback": feedback,
    "rate | ledger": ledger,
    "call": call,
    "incident": incident,
    "consent": consent,
}


def main(argv: list[str] | None = None) -> int:
    arguments = make_parser().parse_args(argv)
    try:
        answer = arguments.command(open_desk(), arguments)
    except (GreenroomError, Refused) as refused:
        print(refused, file=sys.stderr)
        return 1
    except (ArgumentError, OperationalError):
        print("The database cannot be opened. Check GREENROOM_DATABASE_URL.", file=sys.stderr)
        return 1
    answer.show(as_json=arguments.json)
    return 0


def make_parser() -> Parser:
    parser = Parser(prog="python -m programme", description="What is owed to testers.")
    output = Parser(add_help=False)
    output.add_argument("--json", action="store_true", help="for machines")
    nouns = parser.add_subparsers(required=True, metavar=" | ".join(NOUNS))
    for noun in NOUNS.values():
        noun.declare(nouns, output)
    return parser


if __name__ == "__main__":
    sys.exit(main())
