"""`python -m auth invite …`: a place in the programme, for whoever opens the link."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth import invites
from auth.answers import Answer, add_row, iso, make_table, minute
from auth.audit import OPERATOR
from auth.commands.cohort import find_cohort
from auth.commands.desk import Desk, Refused, ask
from auth.commands.words import duration_ms
from auth.invites import MintedInvite
from auth.joining import Invite


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("invite", help="who may come in").add_subparsers(required=True)
    make = verbs.add_parser("make", parents=[output], help="an invite link, shown this once")
    make.add_argument("--name", help="of the tester; else they choose one")
    make.add_argument("--email", help="of the tester")
    make.add_argument("--cohort", help="they come into")
    make.add_argument("--expires", type=duration_ms, metavar="24h|45m")
    make.set_defaults(command=make_invite)
    show = verbs.add_parser("list", parents=[output], help="all invites, never their secrets")
    show.set_defaults(command=list_invites)
    revoke = verbs.add_parser("revoke", parents=[output], help="end an invite")
    revoke.add_argument("id", help="as in `invite list`")
    revoke.add_argument("--yes", action="store_true", help="do not ask")
    revoke.set_defaults(command=revoke_invite)


def make_invite(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        cohort = find_cohort(db, arguments.cohort) if arguments.cohort else None
        made = invites.make(
            db,
            desk.gate.keys,
            by=OPERATOR,
            name=arguments.name,
            email=arguments.email,
            cohort_id=cohort.id if cohort else None,
            lifetime_ms=arguments.expires or desk.settings.invite_ms,
            now_ms=desk.now_ms,
        )
    return invite_answer(desk, made)


def link_of(desk: Desk, made: MintedInvite) -> str:
    """Browsers send nothing that stands behind the #."""
    return f"{desk.settings.public_url}/invite#invite={made.text}"


def invite_answer(desk: Desk, made: MintedInvite) -> Answer:
    link = link_of(desk, made)
    facts = {
        "id": made.id,
        "link": link,
        "name": made.name,
        "email": made.email,
        "expires_at": iso(made.expires_at),
    }
    return Answer(
        facts,
        link,
        f"Hand this to {made.name or made.email or 'one person'}. It works once, until "
        f"{minute(made.expires_at)}, and is shown this once.",
    )


def list_invites(desk: Desk, _arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("Id", "Name", "E-mail", "State", "Made", "Expires")
    with desk.database.read() as db:
        for invite in invites.list(db):
            state = invites.why_dead(invite, desk.now_ms) or "open"
            facts.append(
                {
                    "id": invite.id,
                    "name": invite.name,
                    "email": invite.email,
                    "cohort_id": invite.cohort_id,
                    "state": state,
                    "created_at": iso(invite.created_at),
                    "expires_at": iso(invite.expires_at),
                    "used_at": iso(invite.used_at),
                    "tester_id": invite.tester_id,
                }
            )
            add_row(
                table,
                invite.id,
                invite.name or "",
                invite.email or "",
                state,
                minute(invite.created_at),
                minute(invite.expires_at),
            )
    return Answer(facts, table)


def revoke_invite(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.read() as db:
        invite = db.get(Invite, arguments.id)
    if invite is None:
        raise Refused(
            f"There is no invite {arguments.id}. `python -m auth invite list` shows them all."
        )
    whom = invite.name or invite.email or "nobody in particular"
    ask(arguments, f"Revoke invite {invite.id}, for {whom}?", "Nothing was revoked.")
    with desk.database.begin() as db:
        invites.revoke(db, arguments.id, by=OPERATOR, now_ms=desk.now_ms)
    return Answer(
        {"id": arguments.id, "state": "revoked"}, f"Invite {arguments.id} opens nothing more."
    )
