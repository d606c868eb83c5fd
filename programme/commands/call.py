"""`python -m programme call …`: open calls, from their publication to the decision."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime
from typing import Any

from auth.answers import Answer, add_row, iso, make_table
from auth.audit import OPERATOR
from auth.commands.desk import Desk, ask
from programme import calls
from programme.commands.acting import actor, declare_by
from programme.records_calls import Call


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("call", help="open calls").add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="every call, the newest first")
    show.set_defaults(command=list_calls)
    new = verbs.add_parser("publish", parents=[output], help="what it says never changes")
    for name in calls.LENGTHS:
        new.add_argument(f"--{name}", required=True)
    new.add_argument("--entries-each", type=int, default=1, help="clips of one artist")
    for name in ("opens", "closes", "decides"):
        new.add_argument(f"--{name}", type=moment, required=True, metavar="2026-11-22[T12:00]")
    new.set_defaults(command=publish)
    entered = verbs.add_parser("entries", parents=[output], help="of one call, in order")
    entered.add_argument("call")
    entered.set_defaults(command=list_entries)
    listed = verbs.add_parser("shortlist", parents=[output], help="keep an entry")
    listed.add_argument("call")
    listed.add_argument("clip")
    listed.add_argument("--off", action="store_true", help="off the list again")
    declare_by(listed)
    listed.set_defaults(command=shortlist)
    end = verbs.add_parser("decide", parents=[output], help="publish the decision, of all at once")
    end.add_argument("call")
    end.add_argument("--choose", nargs="*", default=[], metavar="CLIP", help="of the shortlist")
    end.add_argument("--words", required=True, help="every entrant reads them")
    declare_by(end, asks=True)
    end.set_defaults(command=decide)


def moment(text: str) -> int:
    """Milliseconds since the epoch of a day or a minute; UTC where no zone is said."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("give a moment like 2026-11-22 or 2026-11-22T12:00") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def list_calls(desk: Desk, _arguments: Namespace) -> Answer:
    table, facts = make_table("Call", "Title", "State", "Closes", "Entries", "Chosen"), []
    with desk.database.read() as db:
        for call in calls.all_calls(db):
            row = call_facts(call, desk.now_ms) | vars(calls.count(db, call.id))
            facts.append(row)
            cells = (call.id, call.title, row["state"], row["closes_at"])
            add_row(table, *cells, str(row["entries"]), str(row["chosen"]))
    return Answer(facts, table)


def call_facts(call: Call, now_ms: int) -> dict[str, Any]:
    times = {name: iso(getattr(call, name)) for name in ("opens_at", "closes_at", "decides_at")}
    return {"id": call.id, "title": call.title, "state": calls.state_of(call, now_ms), **times}


def publish(desk: Desk, arguments: Namespace) -> Answer:
    form = {name: getattr(arguments, name) for name in calls.LENGTHS} | {
        "entries_each": arguments.entries_each,
        **{f"{name}_at": getattr(arguments, name) for name in ("opens", "closes", "decides")},
    }
    with desk.database.begin() as db:
        call = calls.publish(db, form, by=OPERATOR, now_ms=desk.now_ms)
        return Answer(call_facts(call, desk.now_ms), call.id)


def list_entries(desk: Desk, arguments: Namespace) -> Answer:
    table, facts = make_table("Clip", "State", "Shortlisted", "Note"), []
    with desk.database.read() as db:
        for row in calls.entries(db, arguments.call):
            facts.append(
                {
                    "clip": row.clip_id,
                    "state": row.state,
                    "shortlisted": row.shortlisted,
                    "note": row.note,
                }
            )
            add_row(table, row.clip_id, row.state, "yes" if row.shortlisted else "", row.note)
    return Answer(facts, table)


def shortlist(desk: Desk, arguments: Namespace) -> Answer:
    listed = not arguments.off
    with desk.database.begin() as db:
        by = actor(desk, db, arguments)
        calls.shortlist(db, arguments.call, arguments.clip, listed, by=by, now_ms=desk.now_ms)
    said = "On the shortlist." if listed else "Off the shortlist."
    return Answer({"clip": arguments.clip, "shortlisted": listed}, said)


def decide(desk: Desk, arguments: Namespace) -> Answer:
    ask(arguments, "Publish the decision about every entry?", "Nothing was decided.")
    with desk.database.begin() as db:
        by = actor(desk, db, arguments)
        calls.decide(
            db, arguments.call, arguments.choose, arguments.words, by=by, now_ms=desk.now_ms
        )
        count = calls.count(db, arguments.call)
    said = f"Decided: {count.chosen} of {count.entries} entries are chosen."
    return Answer({"call": arguments.call, **vars(count)}, said)
