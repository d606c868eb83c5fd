"""`python -m auth limits …`: how much whom."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth import audit, subjects, testers
from auth.answers import Answer, add_row, make_table
from auth.commands.desk import Desk, Refused, find_tester
from auth.commands.subject import declare_subject, find_subject
from auth.gate import Gate
from auth.limits import Limits, set_own
from auth.records import Cohort, Limited, Subject
from auth.rows import insert_new

HEADINGS = {
    "rate_per_minute": "A minute",
    "rate_per_day": "A day",
    "concurrent": "At once",
    "clips_per_day": "Clips a day",
    "gpu_ms_per_day": "GPU s a day",
    "gpu_ms_total": "GPU s in all",
}


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("limits", help="how much whom").add_subparsers(required=True)
    change = verbs.add_parser("set", parents=[output], help="set limits, or take them away: none")
    declare_subject(change, "members")
    change.add_argument("--rate", type=rate, action="append", default=[], metavar="5/min|200/day")
    change.add_argument("--concurrent", type=at_once, metavar="2", help="clips at once")
    change.add_argument("--clips", type=clips, metavar="50/day")
    change.add_argument("--gpu", type=gpu, action="append", default=[], metavar="1800/day|9000")
    change.set_defaults(command=set_limits)
    show = verbs.add_parser("show", parents=[output], help="every limit that was set")
    show.set_defaults(command=show_limits)


def rate(text: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"([0-9]{1,7}|none)/(min|day)", text)
    if match is None:
        raise ArgumentTypeError("give a rate like 5/min, 200/day or none/day")
    return f"rate_per_{'minute' if match[2] == 'min' else 'day'}", number(match[1])


def at_once(text: str) -> tuple[str, int | None]:
    return "concurrent", number(text)


def clips(text: str) -> tuple[str, int | None]:
    return "clips_per_day", number(text.removesuffix("/day"))


def gpu(text: str) -> tuple[str, int | None]:
    seconds = number(text.removesuffix("/day"))
    name = "gpu_ms_per_day" if text.endswith("/day") else "gpu_ms_total"
    return name, None if seconds is None else 1000 * seconds


def number(text: str) -> int | None:
    if re.fullmatch(r"[0-9]{1,9}|none", text) is None:
        raise ArgumentTypeError("give a whole number, or none")
    return None if text == "none" else int(text)


def set_limits(desk: Desk, arguments: Namespace) -> Answer:
    changes: dict[str, int | None] = dict([*arguments.rate, *arguments.gpu])
    changes |= dict(filter(None, (arguments.concurrent, arguments.clips)))
    if not changes:
        raise Refused("Say which limit: --rate, --concurrent, --clips or --gpu.")
    with desk.database.begin() as db:
        key, spoken, row = find_row(db, arguments.kind, arguments.name)
        limits = set_own(db, row, changes)
        audit.record(
            db,
            actor=audit.OPERATOR,
            action="limits.set",
            subject=key,
            details=changes,
            now_ms=desk.now_ms,
        )
    table = make_table("Whose", *HEADINGS.values())
    add_limits(table, spoken, limits)
    return Answer({"subject": key, "limits": asdict(limits)}, table)


def find_row(db: Session, kind: str, name: str | None) -> tuple[str, str, Limited]:
    """The key, the words for it and the row that holds a subject's limits. Raises Refused."""
    if kind == "tester" and name is not None:
        tester = find_tester(db, name)
        return f"tester:{tester.id}", tester.name, tester
    if kind == "members":
        key, spoken = find_subject(db, "cohort", name)
        row = db.get_one(Cohort, key.partition(":")[2])
        return f"members:{row.id}", f"each of {spoken}", row
    key, spoken = find_subject(db, kind, name)
    insert_new(db, Subject, key=key, epoch=0)
    return key, spoken, db.get_one(Subject, key)


def show_limits(desk: Desk, _arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("Whose", *HEADINGS.values())
    with desk.database.read() as db:
        for spoken, limits in every_limit(db, desk.gate):
            facts.append({"whose": spoken, "limits": asdict(limits)})
            add_limits(table, spoken, limits)
    return Answer(facts, table)


def every_limit(db: Session, gate: Gate) -> list[tuple[str, Limits]]:
    """Who has limits of their own, the narrowest last; first what all others may do."""
    found = [("each tester", gate.limits), ("each bearer key", gate.bearer)]
    rows = db.scalars(select(Subject).order_by(Subject.key))
    found += [(subjects.name_of(db, row.key), Limits.own(row)) for row in rows]
    found += [(f"each of cohort {row.name}", Limits.own(row)) for row in db.scalars(select(Cohort))]
    found += [(tester.name, Limits.own(tester)) for tester in testers.list(db)]
    return [(spoken, limits) for spoken, limits in found if limits != Limits()]


def add_limits(table: Any, spoken: str, limits: Limits) -> None:
    def cell(name: str) -> str:
        value = getattr(limits, name)
        if value is None:
            return ""
        return str(value // 1000 if name.startswith("gpu") else value)

    add_row(table, spoken, *(cell(name) for name in HEADINGS))
