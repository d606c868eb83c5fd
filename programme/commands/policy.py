"""`python -m programme policy …`: what becomes of clips."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict, replace
from typing import Any

from auth.answers import Answer, add_row, iso, make_table
from auth.audit import OPERATOR
from auth.commands.desk import Desk, Refused, ask
from programme import policy
from programme.commands.acting import declare_yes


def declare(nouns: Any, output: ArgumentParser) -> None:
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
    declare_yes(new)
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
