"""A token is shown once, kept as a keyed hash, and found only by its whole text."""

import string
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from auth import revocation, tokens
from auth.gate import Gate
from auth.keys import Keys
from auth.records import Token
from auth.tokens import SHAPE, Minted
from database import Database
from errors import BadRequest, TokenInvalid
from tests.auth.conftest import DAY_MS, NOON, Invited

A_TOKEN = "grm_access_abcdefghijkl_" + "S" * 43
GOOD = f"{A_TOKEN}_{tokens.checksum(A_TOKEN)}"


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def test_checksum_is_crc32_in_base62() -> None:
    assert tokens.checksum("") == "000000"
    assert tokens.checksum("123456789") == "3Jzrme"  # CRC-32/ISO-HDLC check value 0xCBF43926


def test_parse_gives_the_parts_and_forgives_pasted_white_space() -> None:
    parsed = tokens.parse(f"  {GOOD}\r\n")
    assert (parsed.kind, parsed.id, parsed.secret) == ("access", "abcdefghijkl", "S" * 43)
    assert "SSS" not in repr(parsed)


@given(
    st.integers(0, len(GOOD) - 1), st.sampled_from(string.ascii_letters + string.digits + "_-é\n")
)
def test_parse_refuses_any_one_character_changed(place: int, character: str) -> None:
    changed = GOOD[:place] + character + GOOD[place + 1 :]
    if changed.strip() != GOOD:
        with pytest.raises(TokenInvalid):
            tokens.parse(changed)


@given(st.text())
def test_parse_refuses_any_other_text(text: str) -> None:
    with pytest.raises(TokenInvalid):
        tokens.parse(text)


def test_find_touches_no_storage_for_a_bad_checksum(database: Database, gate: Gate) -> None:
    with statements(database) as seen, database.read() as db, pytest.raises(TokenInvalid):
        tokens.find(db, gate.keys, GOOD[:-1] + "_", NOON)
    assert seen == []


def test_mint_keeps_no_part_of_the_secret(database: Database, gate: Gate, ada: Invited) -> None:
    secret = tokens.parse(ada.token.text).secret
    with database.read() as db:
        row = db.execute(select(Token.__table__)).one()
    assert secret not in repr(row)
    assert secret not in repr(ada.token)
    assert SHAPE.fullmatch(ada.token.text)
    assert row.secret_hash == gate.keys.hash_new(secret)
    assert row.secret_hash != Keys.derive("another secret, also of 32 characters").hash_new(secret)


@pytest.mark.parametrize(
    ("kind", "days"), [("access", 0), ("access", -1), ("link", 1.01), ("access", 3651)]
)
def test_mint_refuses_a_lifetime_too_long_or_none(
    database: Database, gate: Gate, ada: Invited, kind: str, days: float
) -> None:
    with database.begin() as db, pytest.raises(BadRequest):
        tokens.mint(
            db, gate.keys, ada.tester.id, kind=kind, lifetime_ms=int(days * DAY_MS), now_ms=NOON
        )


def forged(_database: Database, token: Minted) -> str:
    body = token.text.rpartition("_")[0]
    swapped = body[:-1] + ("A" if body[-1] != "A" else "B")
    return f"{swapped}_{tokens.checksum(swapped)}"


def unknown(_database: Database, _token: Minted) -> str:
    return GOOD


def other_kind(_database: Database, token: Minted) -> str:
    body = token.text.rpartition("_")[0].replace("_access_", "_link_")
    return f"{body}_{tokens.checksum(body)}"


def revoked(database: Database, token: Minted) -> str:
    with database.begin() as db:
        revocation.revoke(db, token.id, "pasted", NOON)
    return token.text


def expired(database: Database, token: Minted) -> str:
    with database.begin() as db:
        db.get_one(Token, token.id).expires_at = NOON
    return token.text


@pytest.mark.parametrize("ruin", [unknown, forged, other_kind, revoked, expired])
def test_find_gives_every_bad_token_the_same_answer_for_the_same_work(
    database: Database, gate: Gate, ada: Invited, ruin: Callable[[Database, Minted], str]
) -> None:
    text = ruin(database, ada.token)
    with (
        statements(database) as seen,
        database.read() as db,
        pytest.raises(TokenInvalid) as refusal,
    ):
        gate.authenticate(db, bearer=text, now_ms=NOON)
    assert refusal.value.as_problem() == TokenInvalid().as_problem()
    assert len(seen) == 1 + database.is_sqlite  # one look-up (SQLite: and BEGIN)


def test_find_accepts_a_token_until_the_millisecond_it_expires(
    database: Database, gate: Gate, ada: Invited
) -> None:
    with database.read() as db:
        tokens.find(db, gate.keys, ada.token.text, ada.token.expires_at - 1)
        with pytest.raises(TokenInvalid):
            tokens.find(db, gate.keys, ada.token.text, ada.token.expires_at)


def test_find_refuses_every_token_when_the_secret_of_the_server_changed(
    database: Database, ada: Invited
) -> None:
    other = Keys.derive("another secret, also of 32 characters")
    with database.read() as db, pytest.raises(TokenInvalid):
        tokens.find(db, other, ada.token.text, NOON)
