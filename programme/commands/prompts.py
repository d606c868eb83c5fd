"""`python -m programme prompts …`: read where a policy lets admins, each look with its why."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth.answers import Answer, add_row, iso, make_table, minute
from auth.commands.desk import Desk, find_tester
from programme import prompts
from programme.commands.acting import actor, declare_by


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("prompts", help="where admins may read").add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="whose prompts may be read")
    show.set_defaults(command=list_artists)
    read = verbs.add_parser("read", parents=[output], help="what a tester asked for")
    read.add_argument("tester", metavar="NAME")
    read.add_argument("--why", required=True, help="the tester reads it")
    read.add_argument("--before", metavar="CLIP", help="older ones alone")
    declare_by(read)
    read.set_defaults(command=read_prompts)


def list_artists(desk: Desk, _arguments: Namespace) -> Answer:
    table, facts = make_table("Artist", "Prompts"), []
    with desk.database.read() as db:
        for tester, may in prompts.artists(db):
            facts.append({"id": tester.id, "name": tester.name, "may": may})
            add_row(table, tester.name, "may be read" if may else "kept from admins")
    return Answer(facts, table)


def read_prompts(desk: Desk, arguments: Namespace) -> Answer:
    table, facts = make_table("Clip", "Asked", "State", "Prompt"), []
    with desk.database.begin() as db:
        jobs = prompts.read(
            db,
            find_tester(db, arguments.tester).id,
            arguments.why,
            by=f"tester:{actor(desk, db, arguments)}",
            now_ms=desk.now_ms,
            before=arguments.before,
        )
        wishes = [(job.id, job.created_at, job.state, job.spec) for job in jobs]
    for clip_id, asked_at, state, spec in wishes:
        scenes = [*(spec.get("storyboard") or [spec["prompt"]])]
        facts.append({"id": clip_id, "asked_at": iso(asked_at), "state": state, "prompts": scenes})
        add_row(table, clip_id, minute(asked_at), state, "\n".join(scenes))
    return Answer(facts, table, "This look stands in the audit log; the tester reads it.")
