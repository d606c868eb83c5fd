"""`python -m auth cohort …`: groups of testers."""

from argparse import ArgumentParser, Namespace
from typing import Any

from sqlalchemy.orm import Session

from auth import cohorts
from auth.answers import Answer, add_row, day, iso, make_table
from auth.audit import OPERATOR
from auth.commands import step_up
from auth.commands.desk import Desk, Refused, find_tester
from auth.records import Cohort
from auth.words import count
from errors import NotFound


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("cohort", help="groups of testers").add_subparsers(required=True)
    add = verbs.add_parser("add", parents=[output], help="add a cohort")
    add.add_argument("name")
    add.set_defaults(command=add_cohort)
    show = verbs.add_parser("list", parents=[output], help="all cohorts")
    show.set_defaults(command=list_cohorts)
    move = verbs.add_parser("move", parents=[output], help="put testers into a cohort")
    move.add_argument("cohort", help="or `none`: out of every cohort")
    move.add_argument("names", nargs="+", metavar="tester")
    move.set_defaults(command=move_testers)
    step_up.declare_rule(verbs, output, find_cohort)


def add_cohort(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        cohort = cohorts.add(db, arguments.name, by=OPERATOR, now_ms=desk.now_ms)
    return Answer(
        {"id": cohort.id, "name": cohort.name},
        f"There is a cohort named {cohort.name} now.",
        f'`python -m auth cohort move "{cohort.name}" NAME …` puts testers into it.',
    )


def list_cohorts(desk: Desk, _arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("Name", "Testers", "Since", "State")
    with desk.database.read() as db:
        for group in cohorts.list(db):
            cohort = group.cohort
            facts.append(
                {
                    "id": cohort.id,
                    "name": cohort.name,
                    "testers": group.testers,
                    "stopped": group.stopped,
                    "step_up": cohort.step_up,
                    "touch_clips": cohort.touch_clips,
                    "touch_hours": cohort.touch_hours,
                    "created_at": iso(cohort.created_at),
                }
            )
            state = "stopped" if group.stopped else ""
            add_row(table, cohort.name, str(group.testers), day(cohort.created_at), state)
    return Answer(facts, table)


def move_testers(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        cohort = None if arguments.cohort == "none" else find_cohort(db, arguments.cohort)
        for name in dict.fromkeys(arguments.names):
            tester = find_tester(db, name)
            cohorts.move(db, tester.id, cohort, by=OPERATOR, now_ms=desk.now_ms)
    moved = count(len(set(arguments.names)), "tester")
    where = f"to {cohort.name}" if cohort else "out of every cohort"
    facts = {"cohort": cohort.name if cohort else None, "testers": sorted(set(arguments.names))}
    return Answer(facts, f"{moved} moved {where}.")


def find_cohort(db: Session, name: str) -> Cohort:
    """Raises Refused."""
    try:
        return cohorts.find(db, name)
    except NotFound:
        raise Refused(
            f"There is no cohort named {name}. `python -m auth cohort list` shows them all."
        ) from None
