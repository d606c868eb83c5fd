"""`python -m auth stop …` and `resume …`: the switch."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth import audit, switch
from auth.answers import Answer
from auth.commands.desk import Desk, ask
from auth.commands.subject import declare_subject, find_subject


def declare(nouns: Any, output: ArgumentParser) -> None:
    stop = nouns.add_parser("stop", parents=[output], help="let somebody make no more clips")
    declare_subject(stop)
    stop.add_argument("--message", required=True, help="what its testers read")
    stop.add_argument("--yes", action="store_true", help="do not ask")
    stop.set_defaults(command=turn_off)
    resume = nouns.add_parser("resume", parents=[output], help="undo a stop")
    declare_subject(resume)
    resume.set_defaults(command=turn_on)


def turn_off(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.read() as db:
        key, spoken = find_subject(db, arguments.kind, arguments.name)
    ask(arguments, f"Stop {spoken}, and the clips under way?", "Nothing was stopped.")
    with desk.database.begin() as db:
        turned = switch.stop(db, key, arguments.message, desk.now_ms)
        if turned:
            audit.record(
                db,
                actor=audit.OPERATOR,
                action="switch.stop",
                subject=key,
                reason=arguments.message,
                now_ms=desk.now_ms,
            )
    if not turned:
        return Answer(
            {"subject": key, "stopped": True, "first": False}, f"{spoken}: stopped before."
        )
    return Answer(
        {"subject": key, "stopped": True, "first": True},
        f"{spoken}: stopped. Clips under way stop at their next step and are not charged.",
        "`python -m auth resume …` undoes it.",
    )


def turn_on(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        key, spoken = find_subject(db, arguments.kind, arguments.name)
        turned = switch.resume(db, key)
        if turned:
            audit.record(
                db, actor=audit.OPERATOR, action="switch.resume", subject=key, now_ms=desk.now_ms
            )
    said = "makes clips again" if turned else "was not stopped"
    return Answer({"subject": key, "stopped": False, "first": turned}, f"{spoken}: {said}.")
