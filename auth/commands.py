"""What each command does."""

import sys
from argparse import Namespace
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from auth import revocation, testers, tokens
from auth.answers import Answer, add_row, day, iso, make_table, minute
from auth.gate import Gate
from auth.records import Tester, Token
from auth.usage import allowance
from auth.words import count
from database import Database
from errors import NotFound
from settings import Settings


@dataclass(frozen=True)
class Desk:
    """What a command works with."""

    settings: Settings
    database: Database
    gate: Gate
    now_ms: int


class Refused(Exception):
    """A sentence for whoever holds the server, and for nobody else: it says what exists."""


def add_tester(desk: Desk, arguments: Namespace) -> Answer:
    role = testers.ADMIN if arguments.admin else testers.TESTER
    with desk.database.begin() as db:
        tester = testers.add(db, arguments.name, role=role, now_ms=desk.now_ms)
    return Answer(
        {"id": tester.id, "name": tester.name, "role": tester.role},
        f"{tester.name} is in the programme.",
        f'`python -m auth token issue "{tester.name}"` makes a token, '
        f'`python -m auth link "{tester.name}"` a sign-in link.',
    )


def list_testers(desk: Desk, _arguments: Namespace) -> Answer:
    facts: list[dict[str, Any]] = []
    table = make_table("Name", "Role", "Since", "Clips today", "GPU time today", "Under way")
    with desk.database.read() as db:
        for tester in testers.list(db):
            limits = desk.gate.limits.of(tester)
            left = allowance(db, tester.id, limits, desk.now_ms)
            clips = limits.clips_per_day - left.clips_left
            gpu_ms = limits.gpu_ms_per_day - left.gpu_ms_left
            facts.append(
                {
                    "id": tester.id,
                    "name": tester.name,
                    "role": tester.role,
                    "created_at": iso(tester.created_at),
                    "clips_today": clips,
                    "gpu_ms_today": gpu_ms,
                    "under_way": left.held,
                    "limits": asdict(limits),
                }
            )
            add_row(
                table,
                tester.name,
                tester.role,
                day(tester.created_at),
                f"{clips} of {limits.clips_per_day}",
                f"{gpu_ms // 1000} of {limits.gpu_ms_per_day // 1000} s",
                f"{left.held} of {limits.concurrent}",
            )
    return Answer(facts, table)


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


def make_link(desk: Desk, arguments: Namespace) -> Answer:
    tester, token = mint(desk, arguments, tokens.LINK)
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
    if sys.stdin.isatty() and not arguments.yes:
        ask(f"Revoke token {arguments.id} of {tester.name}, and end all it opened?")
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


def find_tester(db: Session, name: str) -> Tester:
    try:
        return testers.find(db, name)
    except NotFound:
        raise Refused(
            f"There is no tester named {name}. `python -m auth tester list` shows them all."
        ) from None


def find_holder(desk: Desk, token_id: str) -> Tester:
    with desk.database.read() as db:
        token = db.get(Token, token_id)
        if token is None:
            raise Refused(
                f"There is no token {token_id}. `python -m auth token list` shows them all."
            )
        return db.get_one(Tester, token.tester_id)


def ask(question: str) -> None:
    """Raises Refused unless the person at the terminal says yes."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was revoked.")


def state_of(token: Token, now_ms: int) -> str:
    return tokens.why_dead(token, now_ms) or "good"
