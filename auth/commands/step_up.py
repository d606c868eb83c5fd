"""`python -m auth tester step-up …` and `cohort step-up …`: who must touch a passkey."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from auth import step_up
from auth.answers import Answer
from auth.audit import OPERATOR
from auth.commands.desk import Desk
from auth.records import Cohort, Tester

RULES = {"on": True, "off": False, "default": None}
SAID = {
    "on": "asked to touch a passkey from the next clip on",
    "off": "not asked to touch a passkey",
    "default": "asked to touch a passkey only where their cohort is, or GREENROOM_STEP_UP says so",
}


def declare_rule(
    verbs: Any, output: ArgumentParser, find: Callable[[Session, str], Tester | Cohort]
) -> None:
    rule = verbs.add_parser("step-up", parents=[output], help="whether they must touch a passkey")
    rule.add_argument("name")
    rule.add_argument("rule", choices=RULES, metavar="on|off|default")
    rule.set_defaults(command=set_rule, find=find)


def set_rule(desk: Desk, arguments: Namespace) -> Answer:
    needed = RULES[arguments.rule]
    with desk.database.begin() as db:
        row = arguments.find(db, arguments.name)
        step_up.set_rule(db, row, needed, by=OPERATOR, now_ms=desk.now_ms)
        passkeys = step_up.count_passkeys(db, row.id)
    whom = row.name if isinstance(row, Tester) else f"each tester of {row.name}"
    aside = ""
    if needed and isinstance(row, Tester) and not passkeys:
        aside = (
            f"{row.name} has no passkey yet. They add one on the page Your devices, within ten "
            "minutes of signing in."
        )
    return Answer({"name": row.name, "step_up": needed}, f"{whom}: {SAID[arguments.rule]}.", aside)
