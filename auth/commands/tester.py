"""`python -m auth tester …`: the people."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import Any

from auth import reviewers, testers
from auth.answers import Answer, add_row, day, iso, make_table
from auth.audit import OPERATOR
from auth.commands import roster, step_up
from auth.commands.desk import Desk, find_tester
from auth.usage import allowance


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("tester", help="the people").add_subparsers(required=True)
    add = verbs.add_parser("add", parents=[output], help="add a tester")
    add.add_argument("name")
    add.add_argument("--admin", action="store_true", help="who may also go backstage")
    add.add_argument("--email", help="by which an identity provider knows them")
    add.set_defaults(command=add_tester)
    show = verbs.add_parser("list", parents=[output], help="all testers, and their day")
    show.set_defaults(command=list_testers)
    step_up.declare_rule(verbs, output, find_tester)
    reviewer = verbs.add_parser("reviewer", parents=[output], help="who decides on others' clips")
    reviewer.add_argument("name")
    reviewer.add_argument("rule", choices=("on", "off"))
    reviewer.set_defaults(command=set_reviewer)
    roster.declare(verbs, output)


def add_tester(desk: Desk, arguments: Namespace) -> Answer:
    role = testers.ADMIN if arguments.admin else testers.TESTER
    with desk.database.begin() as db:
        tester = testers.add(
            db, arguments.name, role=role, email=arguments.email, now_ms=desk.now_ms
        )
        desk.note(db, "tester.add", f"tester:{tester.id}", role=role)
    return Answer(
        {"id": tester.id, "name": tester.name, "role": tester.role},
        f"{tester.name} is in the programme.",
        f'`python -m auth token issue "{tester.name}"` makes a token, '
        f'`python -m auth link "{tester.name}"` a sign-in link.',
    )


def set_reviewer(desk: Desk, arguments: Namespace) -> Answer:
    granted = arguments.rule == "on"
    with desk.database.begin() as db:
        tester = find_tester(db, arguments.name)
        reviewers.set_reviewer(db, tester, granted, by=OPERATOR, now_ms=desk.now_ms)
    said = "reviews others' clips from now on" if granted else "reviews no clips any more"
    return Answer({"name": tester.name, "reviewer": granted}, f"{tester.name} {said}.")


def list_testers(desk: Desk, _arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("Name", "Role", "Since", "Clips today", "GPU time today", "Under way")
    with desk.database.read() as db:
        for tester in testers.list(db):
            limits = desk.gate.limits.of(tester)
            left = allowance(db, tester.id, limits, desk.now_ms)
            clips = (limits.clips_per_day or 0) - left.clips_left
            gpu_ms = (limits.gpu_ms_per_day or 0) - left.gpu_ms_left
            facts.append(
                {
                    "id": tester.id,
                    "name": tester.name,
                    "role": tester.role,
                    "reviewer": tester.reviewer_since is not None,
                    "email": tester.email,
                    "cohort_id": tester.cohort_id,
                    "step_up": tester.step_up,
                    "touch_clips": tester.touch_clips,
                    "touch_hours": tester.touch_hours,
                    "created_at": iso(tester.created_at),
                    "clips_today": clips,
                    "gpu_ms_today": gpu_ms,
                    "under_way": left.held,
                    "limits": asdict(limits),
                }
            )
            add_row(
                table,
                tester.name,
                tester.role if tester.reviewer_since is None else f"{tester.role}, reviewer",
                day(tester.created_at),
                f"{clips} of {limits.clips_per_day}",
                f"{gpu_ms // 1000} of {(limits.gpu_ms_per_day or 0) // 1000} s",
                f"{left.held} of {limits.concurrent}",
            )
    return Answer(facts, table)
