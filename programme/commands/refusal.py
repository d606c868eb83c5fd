"""`python -m programme refusal …`: refusals whose artists asked for a person."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth.answers import Answer, add_row, iso, make_table, minute
from auth.commands.desk import Desk
from programme.commands.acting import actor, declare_by
from programme.moderation import refusals


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("refusal", help="appealed prompts and pictures").add_subparsers(
        required=True
    )
    show = verbs.add_parser("list", parents=[output], help="appeals that wait")
    show.set_defaults(command=list_appealed)
    for name, verdict, what in (
        ("allow", refusals.ALLOWED, "let it pass, for its artist, against that rule"),
        ("uphold", refusals.UPHELD, "leave it refused"),
    ):
        verb = verbs.add_parser(name, parents=[output], help=what)
        verb.add_argument("id")
        verb.add_argument("--words", required=True, help="the artist reads them")
        declare_by(verb)
        verb.set_defaults(command=decide, verdict=verdict)


def list_appealed(desk: Desk, _arguments: Namespace) -> Answer:
    table, facts = make_table("Id", "Rule", "Appealed", "What", "What the artist says"), []
    with desk.database.read() as db:
        for row in refusals.appealed(db):
            at = iso(row.appealed_at)
            facts.append(
                {
                    "id": row.id,
                    "rule": row.rule_id,
                    "appealed_at": at,
                    "kind": row.kind,
                    "text": row.text,
                    "plea": row.plea,
                }
            )
            what = row.text or f"a {row.kind}: look at it backstage"
            add_row(table, row.id, row.rule_id, minute(row.appealed_at), what, row.plea)
    return Answer(facts, table)


def decide(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        by = actor(desk, db, arguments, reviews=True)
        refusals.decide(
            db, arguments.id, arguments.verdict, arguments.words, by=by, now_ms=desk.now_ms
        )
    return Answer({"id": arguments.id, "state": arguments.verdict}, f"It is {arguments.verdict}.")
