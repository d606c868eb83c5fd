"""`python -m programme shown …`: what others see of clips, taken down and given back."""

from argparse import ArgumentParser, Namespace
from typing import Any

from sqlalchemy import ColumnElement, select

from auth.answers import Answer, add_row, iso, make_table
from auth.commands.desk import Desk, ask
from programme import shares, showing
from programme.commands.acting import actor, declare_by
from programme.reasons import REASONS
from programme.records_clips import Publication, Share


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("shown", help="links and the gallery").add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="open links, the gallery, taken down")
    show.set_defaults(command=list_shown)
    down = verbs.add_parser("take-down", parents=[output], help="end all that is shown of a clip")
    down.add_argument("what", help="a link to it, its address in the gallery, or its id")
    down.add_argument("--reason", required=True, choices=REASONS)
    down.add_argument("--words", required=True, help="the artist reads them")
    declare_by(down, asks=True)
    down.set_defaults(command=take_down)
    end = verbs.add_parser("end", parents=[output], help="one link, and nothing else of its clip")
    end.add_argument("link", help="its address, or its id")
    end.add_argument("--words", required=True, help="the artist reads them")
    declare_by(end, asks=True)
    end.set_defaults(command=end_link)
    back = verbs.add_parser("restore", parents=[output], help="its artist may show it again")
    back.add_argument("clip")
    declare_by(back)
    back.set_defaults(command=restore)


def list_shown(desk: Desk, _arguments: Namespace) -> Answer:
    """A link is named by its id: who has its address may look."""
    table, facts = make_table("Clip", "What", "State", "Credit", "Since", "Link"), []
    with desk.database.read() as db:
        hung = db.scalars(select(Publication).where(stands(Publication))).all()
        links = db.scalars(select(Share).where(stands(Share))).all()
    rows: list[tuple[str, Share | Publication, int]] = [
        *(("gallery", row, row.published_at) for row in hung),
        *(("link", row, row.created_at) for row in links),
    ]
    for what, row, since in rows:
        state = "shown" if row.ended_at is None else f"taken down: {row.reason}"
        link = row.id if isinstance(row, Share) else None
        facts.append(
            {
                "clip": row.clip_id,
                "what": what,
                "link": link,
                "state": state,
                "credit": row.credit,
                "since": iso(since),
                "words": row.words,
            }
        )
        add_row(table, row.clip_id, what, state, row.credit, iso(since) or "", link or "")
    return Answer(facts, table)


def stands(record: type[Share] | type[Publication]) -> ColumnElement[bool]:
    """What is shown, or was taken down by an admin."""
    return record.ended_at.is_(None) | showing.is_taken_down(record)


def take_down(desk: Desk, arguments: Namespace) -> Answer:
    ask(arguments, "Take it down everywhere?", "Nothing was taken down.")
    with desk.database.begin() as db:
        by = actor(desk, db, arguments)
        clip_id = showing.clip_named(db, arguments.what)
        showing.take_down(db, clip_id, arguments.reason, arguments.words, by=by, now_ms=desk.now_ms)
    return Answer({"clip": clip_id}, f"Nothing is shown of {clip_id} any more.")


def end_link(desk: Desk, arguments: Namespace) -> Answer:
    ask(arguments, "End this link?", "Nothing was ended.")
    with desk.database.begin() as db:
        by = actor(desk, db, arguments)
        share = shares.end_for_artist(
            db, arguments.link, arguments.words, by=by, now_ms=desk.now_ms
        )
        facts = {"link": share.id, "clip": share.clip_id}
    return Answer(facts, "The link shows nothing any more. Its artist may make another.")


def restore(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        by = actor(desk, db, arguments)
        showing.restore(db, arguments.clip, by=by, now_ms=desk.now_ms)
    return Answer({"clip": arguments.clip}, "Its artist may show it again.")
