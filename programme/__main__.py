"""The programme on the command line: `python -m programme --help`.

Runs beside the server, on the same settings and database, as `python -m auth` does.
"""

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.exc import ArgumentError, OperationalError

from auth.__main__ import open_desk
from auth.answers import Answer, add_row, iso, make_table
from auth.audit import OPERATOR
from auth.commands.desk import Desk, Refused, ask
from auth.commands.words import Parser
from errors import GreenroomError
from programme import consent, ledger, money, policy


def main(argv: list[str] | None = None) -> int:
    arguments = make_parser().parse_args(argv)
    try:
        answer = arguments.command(open_desk(), arguments)
    except (GreenroomError, Refused) as refusal:
        print(refusal, file=sys.stderr)
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
    nouns = parser.add_subparsers(required=True, metavar="policy | rate | consent")
    declare_policy(nouns, output)
    rate = nouns.add_parser("rate", parents=[output], help="what a contribution is worth")
    rate.add_argument("kind", choices=ledger.KINDS)
    rate.add_argument("amount", type=int, help="in minor units, such as cents")
    rate.add_argument("currency", help="ISO 4217, such as EUR")
    rate.set_defaults(command=set_rate)
    allowed = nouns.add_parser("consent", parents=[output], help="clips that may be used")
    allowed.add_argument("purpose", choices=tuple(consent.PURPOSES))
    allowed.set_defaults(command=list_allowed)
    return parser


def declare_policy(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("policy", help="what becomes of clips").add_subparsers(required=True)
    show = verbs.add_parser("show", parents=[output], help="every version, the newest first")
    show.set_defaults(command=show_policy)
    new = verbs.add_parser("announce", parents=[output], help="put the next version into force")
    new.add_argument("--sharing", choices=policy.SHARING)
    new.add_argument("--review-hours", type=int)
    new.add_argument("--keep-days", help="a number, or `always`")
    new.add_argument("--prompts", choices=policy.READERS, help="who reads them")
    new.add_argument("--marked", choices=policy.MARKED, help="which films say what made them")
    new.add_argument("--open-numbers", choices=("on", "off"))
    new.add_argument("--words", required=True, help="what changes and why: testers read it")
    new.add_argument("--yes", action="store_true", help="do not ask")
    new.set_defaults(command=announce_policy)


def show_policy(desk: Desk, _arguments: Namespace) -> Answer:
    table, facts = make_table("Version", "Announced", "In words"), []
    with desk.database.read() as db:
        for version in policy.versions(db):
            said = policy.sentences(version.policy)
            at = iso(version.announced_at) if version.number else None
            facts.append({"number": version.number, "announced_at": at, **asdict(version.policy)})
            add_row(table, str(version.number), at or "from the beginning", " ".join(said))
    return Answer(facts, table)


def announce_policy(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.read() as db:
        had = policy.current(db)
    wanted = policy.parse(asdict(replace(had.policy, **changes(arguments))))
    lost = policy.taken_away(had.policy, wanted)
    if lost:
        ask(arguments, f"{' '.join(lost)} Ask every tester?", "Nothing was announced.")
    with desk.database.begin() as db:
        made = policy.announce(
            db, wanted, arguments.words, after=had.number, by=OPERATOR, now_ms=desk.now_ms
        )
    sentence = f"Version {made.number} is in force."
    asked = f"Testers who were here are asked, and their new clips wait: {' '.join(lost)}"
    return Answer({"number": made.number, "lost": lost}, sentence, asked if lost else "")


def changes(arguments: Namespace) -> dict[str, Any]:
    """What was asked for. Raises Refused."""
    keep: dict[str, Any] = {}
    if arguments.keep_days is not None:
        if arguments.keep_days != "always" and not arguments.keep_days.isdigit():
            raise Refused("Give --keep-days a number of days, or `always`.")
        always = arguments.keep_days == "always"
        keep = {"keep_days": None if always else int(arguments.keep_days)}
    given = {
        "sharing": arguments.sharing,
        "review_hours": arguments.review_hours,
        "prompts": arguments.prompts,
        "marked": arguments.marked,
        "open_numbers": arguments.open_numbers and arguments.open_numbers == "on",
    }
    return keep | {name: value for name, value in given.items() if value is not None}


def set_rate(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        ledger.set_rate(
            db,
            arguments.kind,
            arguments.amount,
            arguments.currency.upper(),
            by=OPERATOR,
            now_ms=desk.now_ms,
        )
    said = money.said(arguments.amount, arguments.currency.upper())
    return Answer({"kind": arguments.kind, "rate": said}, f"{arguments.kind}: {said} from now on.")


def list_allowed(desk: Desk, arguments: Namespace) -> Answer:
    """The clips whose artists say yes, now; a list that was kept is worth nothing tomorrow."""
    with desk.database.read() as db:
        clips = consent.clips_allowed(db, arguments.purpose)
    facts = [{"clip": clip.id, "key": clip.key, "owner": clip.owner_id} for clip in clips]
    return Answer(facts, "\n".join(clip.id for clip in clips))


if __name__ == "__main__":
    sys.exit(main())
