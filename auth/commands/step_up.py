"""`python -m auth tester step-up …` and `cohort step-up …`: who must touch a passkey, how often."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from auth import step_up
from auth.answers import Answer
from auth.audit import OPERATOR
from auth.commands.desk import Desk, Refused
from auth.records import Cohort, Tester
from auth.words import count, lasting

RULES = {"on": True, "off": False, "default": None}
SAID = {
    True: "asked to touch a passkey from the next clip on",
    False: "not asked to touch a passkey",
    None: "asked to touch a passkey only where their cohort is, or GREENROOM_STEP_UP says so",
}


def declare_rule(
    verbs: Any, output: ArgumentParser, find: Callable[[Session, str], Tester | Cohort]
) -> None:
    rule = verbs.add_parser("step-up", parents=[output], help="whether they must touch a passkey")
    rule.add_argument("name")
    rule.add_argument("rule", nargs="?", choices=RULES, metavar="on|off|default")
    rule.add_argument("--clips", type=clips, metavar="5|default", help="so many clips a touch")
    rule.add_argument("--hours", type=hours, metavar="2|default", help="for so long after it")
    rule.set_defaults(command=set_rule, find=find)


def clips(text: str) -> tuple[str, int | None]:
    return "clips", number(text)


def hours(text: str) -> tuple[str, int | None]:
    return "hours", number(text)


def number(text: str) -> int | None:
    if text == "default":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ArgumentTypeError("give a whole number, or default")
    return int(text)


def set_rule(desk: Desk, arguments: Namespace) -> Answer:
    changes: dict[str, bool | int | None] = dict(filter(None, (arguments.clips, arguments.hours)))
    if arguments.rule:
        changes["needed"] = RULES[arguments.rule]
    if not changes:
        raise Refused("Say what to change: on, off or default, --clips or --hours.")
    with desk.database.begin() as db:
        row = arguments.find(db, arguments.name)
        step_up.set_rule(db, row, changes, by=OPERATOR, now_ms=desk.now_ms)
        passkeys = step_up.count_passkeys(db, row.id)
        above = db.get(Cohort, row.cohort_id) if isinstance(row, Tester) and row.cohort_id else None
    facts = {
        "name": row.name,
        **{column: getattr(row, column) for column in step_up.COLUMNS.values()},
    }
    rule = desk.gate.step_up.of(row, above)
    whom = row.name if isinstance(row, Tester) else f"each tester of {row.name}"
    opens = f"a touch opens {count(rule.clips, 'clip')}, for {lasting(rule.lasting_ms // 1000)}"
    aside = ""
    if row.step_up and isinstance(row, Tester) and not passkeys:
        aside = (
            f"{row.name} has no passkey yet. They add one on the page Your devices, within ten "
            "minutes of signing in."
        )
    return Answer(facts, f"{whom}: {SAID[row.step_up]}; {opens}.", aside)
