"""`python -m auth token …`: what opens the door."""

from argparse import ArgumentParser, Namespace
from typing import Any

from auth import revocation, tokens
from auth.answers import Answer, add_row, iso, make_table, minute
from auth.commands.desk import Desk, Refused, ask, find_tester
from auth.commands.words import duration_ms, reason
from auth.records import Tester, Token
from auth.words import count


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("token", help="what opens the door").add_subparsers(required=True)
    issue = verbs.add_parser("issue", parents=[output], help="a new token, shown this once")
    issue.add_argument("name", help="of the tester")
    issue.add_argument("--expires", type=duration_ms, default="30d", metavar="30d|12h|45m")
    issue.set_defaults(command=issue_token)
    show = verbs.add_parser("list", parents=[output], help="all tokens, never their secrets")
    show.set_defaults(command=list_tokens)
    revoke = verbs.add_parser("revoke", parents=[output], help="end a token and all it opened")
    revoke.add_argument("id", help="the token's public id, as in `token list`")
    revoke.add_argument("--reason", type=reason, required=True)
    revoke.add_argument("--yes", action="store_true", help="do not ask")
    revoke.set_defaults(command=revoke_token)


def issue_token(desk: Desk, arguments: Namespace) -> Answer:
    tester, token = mint(desk, arguments, tokens.ACCESS)
    return Answer(
        {
            "id": token.id,
            "token": token.text,
            "tester": tester.name,
            "expires_at": iso(token.expires_at),
        },
        token.text,
        f"{tester.name} signs in with this until {minute(token.expires_at)}. "
        "It is shown this once.",
    )


def mint(desk: Desk, arguments: Namespace, kind: str) -> tuple[Tester, tokens.Minted]:
    with desk.database.begin() as db:
        tester = find_tester(db, arguments.name)
        return tester, tokens.mint(
            db,
            desk.gate.keys,
            tester.id,
            kind=kind,
            lifetime_ms=arguments.expires,
            now_ms=desk.now_ms,
        )


def list_tokens(desk: Desk, _arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("Id", "Tester", "Kind", "State", "Expires", "Last used", "Reason")
    with desk.database.read() as db:
        for token, tester in tokens.list(db):
            state = state_of(token, desk.now_ms)
            facts.append(
                {
                    "id": token.id,
                    "tester": tester.name,
                    "kind": token.kind,
                    "state": state,
                    "created_at": iso(token.created_at),
                    "expires_at": iso(token.expires_at),
                    "last_used_at": iso(token.last_used_at),
                    "revoked_at": iso(token.revoked_at),
                    "revoke_reason": token.revoke_reason,
                }
            )
            add_row(
                table,
                token.id,
                tester.name,
                token.kind,
                state,
                minute(token.expires_at),
                minute(token.last_used_at),
                token.revoke_reason or "",
            )
    return Answer(facts, table)


def revoke_token(desk: Desk, arguments: Namespace) -> Answer:
    tester = find_holder(desk, arguments.id)
    question = f"Revoke token {arguments.id} of {tester.name}, and end all it opened?"
    ask(arguments, question, "Nothing was revoked.")
    with desk.database.begin() as db:
        stopped = revocation.revoke(db, arguments.id, arguments.reason, desk.now_ms)
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
