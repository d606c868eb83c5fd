"""`python -m auth identity …`: who signs in with which account of the provider."""

from argparse import ArgumentParser, Namespace
from typing import Any

from sqlalchemy import select

from auth import audit, identities
from auth.answers import Answer, add_row, day, iso, make_table
from auth.commands.desk import Desk, Refused, ask
from auth.identities import Identity
from auth.records import Tester


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("identity", help="accounts of the sign-in provider")
    verbs = verbs.add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="whose account is whose")
    show.set_defaults(command=list_identities)
    unlink = verbs.add_parser("unlink", parents=[output], help="it signs nobody in any more")
    unlink.add_argument("issuer")
    unlink.add_argument("subject", help="both as in `identity list`")
    unlink.add_argument("--yes", action="store_true", help="do not ask")
    unlink.set_defaults(command=unlink_identity)


def list_identities(desk: Desk, _arguments: Namespace) -> Answer:
    table = make_table("Tester", "Issuer", "Subject", "Since")
    facts: list[dict[str, Any]] = []
    everyone = select(Identity, Tester.name).join(Tester, Tester.id == Identity.tester_id)
    with desk.database.read() as db:
        for identity, name in db.execute(everyone.order_by(Tester.name, Identity.subject)):
            facts.append(
                {
                    "tester": name,
                    "issuer": identity.issuer,
                    "subject": identity.subject,
                    "created_at": iso(identity.created_at),
                }
            )
            add_row(table, name, identity.issuer, identity.subject, day(identity.created_at))
    return Answer(facts, table)


def unlink_identity(desk: Desk, arguments: Namespace) -> Answer:
    issuer, subject = arguments.issuer, arguments.subject
    ask(arguments, f"Unlink {subject} at {issuer}?", "Nothing was unlinked.")
    with desk.database.begin() as db:
        done = identities.unlink(db, issuer, subject, actor=audit.OPERATOR, now_ms=desk.now_ms)
    if not done:
        raise Refused("There is no such account. `python -m auth identity list` shows them all.")
    return Answer(
        {"issuer": issuer, "subject": subject},
        f"{subject} at {issuer} signs nobody in any more. Sign-ins it opened stand until they end.",
    )
