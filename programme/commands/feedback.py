"""`python -m programme feedback …`: what testers sent, and the answers to it."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth.answers import Answer, add_row, iso, make_table, minute
from auth.commands.desk import Desk
from programme import feedback
from programme.commands.acting import actor, declare_by

ASKED = tuple(kind for kind in feedback.KINDS if kind != feedback.RATING)


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("feedback", help="what testers say").add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="harm first, then the oldest")
    show.add_argument("--state", choices=feedback.STATES, default=feedback.NEW)
    show.add_argument("--kind", choices=ASKED)
    show.set_defaults(command=list_feedback)
    for name, state, what in (
        ("accept", feedback.ACCEPTED, "it is right; credited to who sent it"),
        ("fix", feedback.FIXED, "it was repaired; credited once more"),
        ("decline", feedback.DECLINED, "with a reason"),
    ):
        verb = verbs.add_parser(name, parents=[output], help=what)
        verb.add_argument("id")
        verb.add_argument(
            "--answer", default="", required=state == feedback.DECLINED, help="they read it"
        )
        declare_by(verb)
        verb.set_defaults(command=decide, state=state)


def list_feedback(desk: Desk, arguments: Namespace) -> Answer:
    table, facts = make_table("Id", "Kind", "From", "Sent", "Words"), []
    with desk.database.read() as db:
        for row, name in feedback.to_decide(db, state=arguments.state, kind=arguments.kind):
            facts.append(
                {
                    "id": row.id,
                    "kind": row.kind,
                    "from": name,
                    "sent_at": iso(row.created_at),
                    "clip": row.clip_id,
                    "words": row.words,
                    "settings": row.settings,
                    "answer": row.answer,
                }
            )
            add_row(table, row.id, row.kind, name, minute(row.created_at), row.words[:60])
    return Answer(facts, table)


def decide(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        by = actor(desk, db, arguments)
        feedback.decide(
            db, arguments.id, arguments.state, arguments.answer, by=by, now_ms=desk.now_ms
        )
    return Answer({"id": arguments.id, "state": arguments.state}, f"It is {arguments.state}.")
