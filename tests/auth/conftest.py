"""A gate with its limits, a tester behind it, and a fixed now."""

from dataclasses import dataclass

import pytest

from auth import testers, tokens
from auth.gate import Gate, Principal
from auth.keys import Keys
from auth.limits import Limits
from auth.records import Tester
from database import Database

DAY_MS = 86_400_000
NOON = 20_800 * DAY_MS + DAY_MS // 2


@pytest.fixture(scope="session")
def gate() -> Gate:
    """5 a minute, 2 at once, 50 clips and 1,800 s of GPU time a day."""
    keys = Keys.derive("a secret of at least thirty-two characters")
    return Gate(keys, Limits(5, 2, 50, 1_800_000))


@dataclass(frozen=True)
class Invited:
    """A tester with an access token, signed in by a browser."""

    tester: Tester
    token: tokens.Minted
    principal: Principal
    cookie: str


@pytest.fixture
def ada(database: Database, gate: Gate) -> Invited:
    return invite(database, gate, "Ada")


def invite(database: Database, gate: Gate, name: str, **own_limits: int) -> Invited:
    """Add a tester, with limits of their own where given, and sign them in."""
    with database.begin() as db:
        tester = testers.add(db, name, now_ms=NOON)
        for limit, value in own_limits.items():
            setattr(tester, limit, value)
        token = tokens.mint(db, gate.keys, tester.id, lifetime_ms=30 * DAY_MS, now_ms=NOON)
        principal, cookie = gate.sign_in(db, token.text, NOON)
    return Invited(tester, token, principal, cookie)


def mint(
    database: Database, gate: Gate, invited: Invited, kind: str, lifetime_ms: int
) -> tokens.Minted:
    with database.begin() as db:
        return tokens.mint(
            db, gate.keys, invited.tester.id, kind=kind, lifetime_ms=lifetime_ms, now_ms=NOON
        )
