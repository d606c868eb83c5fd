"""`python -m auth token …`: what opens the door."""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from auth import devices, revocation, rotation, scopes, tokens
from auth.answers import Answer, add_row, iso, make_table, minute
from auth.commands.desk import Desk, Refused, ask, find_tester
from auth.commands.words import duration_ms, reason, thumbprint
from auth.limits import Limits
from auth.records import Tester, Token
from auth.words import count

PERSONS = (tokens.ACCESS, tokens.LINK)  # they may do whatever their holder may
SCOPE_HELP = "for a script: only this, several with commas (api: read and generate)"
JKT_HELP = "the thumbprint of the one key it works with; default: the first that signs with it"
BEARER_HELP = "the script's token works for whoever holds it, without proof of a key"


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("token", help="what opens the door").add_subparsers(required=True)
    issue = verbs.add_parser("issue", parents=[output], help="a new token, shown this once")
    issue.add_argument("name", help="of the tester")
    issue.add_argument("--expires", type=duration_ms, default="30d", metavar="30d|12h|45m")
    issue.add_argument("--scope", metavar="api|read|generate|review|admin|worker", help=SCOPE_HELP)
    key = issue.add_mutually_exclusive_group()
    key.add_argument("--jkt", type=thumbprint, help=JKT_HELP)
    key.add_argument("--bearer", action="store_true", help=BEARER_HELP)
    issue.set_defaults(command=issue_token)
    show = verbs.add_parser("list", parents=[output], help="all tokens, never their secrets")
    show.set_defaults(command=list_tokens)
    rotate = verbs.add_parser("rotate", parents=[output], help="a new token in place of one")
    rotate.add_argument("id", help="the token's public id, as in `token list`")
    rotate.add_argument(
        "--overlap",
        type=duration_ms,
        default="24h",
        metavar="24h",
        help="how long the old one goes on",
    )
    rotate.add_argument(
        "--expires", type=duration_ms, metavar="30d", help="default: as the old one"
    )
    rotate.set_defaults(command=rotate_token)
    revoke = verbs.add_parser("revoke", parents=[output], help="end a token and all it opened")
    revoke.add_argument("id", help="the token's public id, as in `token list`")
    revoke.add_argument("--reason", type=reason, required=True)
    revoke.add_argument("--yes", action="store_true", help="do not ask")
    revoke.set_defaults(command=revoke_token)


def issue_token(desk: Desk, arguments: Namespace) -> Answer:
    given = scopes.parse(arguments.scope) if arguments.scope else None
    if (arguments.bearer or arguments.jkt) and (given is None or scopes.WORKER in given):
        raise Refused("This is for a script's token: give its --scope, for example api.")
    with desk.database.begin() as db:
        tester = find_tester(db, arguments.name)
        token = tokens.mint(
            db,
            desk.gate.keys,
            tester.id,
            kind=kind_for(given),
            given=given or scopes.PERSONAL,
            jkt=arguments.jkt,
            bearer=arguments.bearer,
            lifetime_ms=arguments.expires,
            now_ms=desk.now_ms,
        )
        if arguments.jkt:
            row = db.get_one(Token, token.id)
            devices.enrol(db, row, arguments.jkt, f"Script with token {token.id}", desk.now_ms)
        note_new(desk, db, token, "token.issue", bearer=arguments.bearer)
    until = f"until {minute(token.expires_at)}. It is shown this once."
    if arguments.bearer:
        until += f" Whoever holds it can use it: {spoken(desk.gate.bearer)} at most."
    what = f"{tester.name} signs in with this" if given is None else f"For {tester.name}'s scripts"
    facts = new_facts(token, tester)
    if arguments.bearer:
        facts["limits"] = asdict(desk.gate.bearer)
    return Answer(facts, token.text, f"{what} {until}")


def spoken(limits: Limits) -> str:
    """The caps of a bearer key, as `limits show` has them in a row."""
    gpu_s = (limits.gpu_ms_per_day or 0) // 1000
    return (
        f"{limits.rate_per_minute} a minute, {limits.concurrent} at once, "
        f"{limits.clips_per_day} clips and {gpu_s} s of drawing a day"
    )


def kind_for(given: frozenset[str] | None) -> str:
    """A token with scopes of its own is a script's or a machine's."""
    if given is None:
        return tokens.ACCESS
    return tokens.WORKER if scopes.WORKER in given else tokens.API


def note_new(desk: Desk, db: Session, token: tokens.Minted, action: str, **details: Any) -> None:
    desk.note(db, action, f"token:{token.id}", tester=token.tester_id, kind=token.kind, **details)


def new_facts(token: tokens.Minted, tester: Tester) -> dict[str, Any]:
    return {
        "id": token.id,
        "token": token.text,
        "tester": tester.name,
        "kind": token.kind,
        "expires_at": iso(token.expires_at),
    }


def rotate_token(desk: Desk, arguments: Namespace) -> Answer:
    tester = find_holder(desk, arguments.id)
    with desk.database.begin() as db:
        token = rotation.rotate(
            db,
            desk.gate.keys,
            arguments.id,
            overlap_ms=arguments.overlap,
            lifetime_ms=arguments.expires,
            now_ms=desk.now_ms,
        )
        note_new(desk, db, token, "token.rotate", replaces=arguments.id)
        old_end_ms = db.get_one(Token, arguments.id, populate_existing=True).expires_at
    return Answer(
        new_facts(token, tester) | {"replaces": arguments.id, "old_expires_at": iso(old_end_ms)},
        token.text,
        f"{tester.name}'s new token, good until {minute(token.expires_at)}. It is shown this once. "
        f"{arguments.id} goes on until {minute(old_end_ms)}.",
    )


def list_tokens(desk: Desk, _arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("Id", "Tester", "Kind", "Scopes", "State", "Expires", "Last used", "Reason")
    with desk.database.read() as db:
        for token, tester in tokens.list(db):
            state = state_of(token, desk.now_ms)
            facts.append(
                {
                    "id": token.id,
                    "tester": tester.name,
                    "kind": token.kind,
                    "scopes": token.scopes.split(),
                    "bearer": token.bearer_granted,
                    "state": state,
                    "created_at": iso(token.created_at),
                    "expires_at": iso(token.expires_at),
                    "last_used_at": iso(token.last_used_at),
                    "revoked_at": iso(token.revoked_at),
                    "revoke_reason": token.revoke_reason,
                    "replaced_by": token.replaced_by,
                }
            )
            add_row(
                table,
                token.id,
                tester.name,
                token.kind,
                "" if token.kind in PERSONS else token.scopes,
                state,
                minute(token.expires_at),
                minute(token.last_used_at),
                token.revoke_reason or (token.replaced_by and "replaced") or "",
            )
    return Answer(facts, table)


def revoke_token(desk: Desk, arguments: Namespace) -> Answer:
    tester = find_holder(desk, arguments.id)
    question = f"Revoke token {arguments.id} of {tester.name}, and end all it opened?"
    ask(arguments, question, "Nothing was revoked.")
    with desk.database.begin() as db:
        stopped = revocation.revoke(db, arguments.id, arguments.reason, desk.now_ms)
        if stopped.first:
            desk.note(db, "token.revoke", f"token:{arguments.id}", arguments.reason)
    return Answer(
        {
            "id": arguments.id,
            "tester": tester.name,
            "sign_ins_ended": stopped.sign_ins,
            "clips_stopping": stopped.clips,
        },
        f"Token {arguments.id} of {tester.name} "
        + ("is revoked: " if stopped.first else "was revoked before: ")
        + f"{count(stopped.sign_ins, 'sign-in')} ended, "
        f"{count(stopped.clips, 'clip')} to be stopped by the worker.",
    )


def find_holder(desk: Desk, token_id: str) -> Tester:
    with desk.database.read() as db:
        token = db.get(Token, token_id)
        if token is None:
            raise Refused(
                f"There is no token {token_id}. `python -m auth token list` shows them all."
            )
        return db.get_one(Tester, token.tester_id)


def state_of(token: Token, now_ms: int) -> str:
    return tokens.why_dead(token, now_ms) or "good"
