"""`python -m auth link …`: a sign-in link that works once."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth import tokens
from auth.answers import Answer, iso, minute
from auth.commands.desk import Desk, find_tester
from auth.commands.token import note_new
from auth.commands.words import duration_ms


def declare(nouns: Any, output: ArgumentParser) -> None:
    link = nouns.add_parser("link", parents=[output], help="a sign-in link that works once")
    link.add_argument("name", help="of the tester")
    link.add_argument("--expires", type=duration_ms, default="24h", metavar="24h|45m")
    link.set_defaults(command=make_link)


def make_link(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        tester = find_tester(db, arguments.name)
        token = tokens.mint(
            db,
            desk.gate.keys,
            tester.id,
            kind=tokens.LINK,
            lifetime_ms=arguments.expires,
            now_ms=desk.now_ms,
        )
        note_new(desk, db, token, "token.issue")
    link = f"{desk.settings.public_url}/sign-in#link={token.text}"
    return Answer(
        {
            "id": token.id,
            "link": link,
            "tester": tester.name,
            "expires_at": iso(token.expires_at),
        },
        link,
        f"{tester.name} signs in with this once, until {minute(token.expires_at)}. "
        "It is shown this once.",
    )
