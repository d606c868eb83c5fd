"""The secret of the server can be changed without signing anybody out."""

import pytest

from auth import sign_ins, tokens
from auth.gate import Gate
from auth.keys import FIRST_VERSION, Keys
from auth.records import Token
from database import Database
from errors import TokenInvalid
from tests.auth.conftest import NOON, Invited

OLD = "a secret of at least thirty-two characters"
NEW = "the next secret, of at least 32 characters"
ROTATING, ROTATED = Keys.derive(NEW, OLD), Keys.derive(NEW)


def test_versions_name_their_secret_and_never_the_first() -> None:
    assert ROTATING.current == ROTATED.current != Keys.derive(OLD).current
    assert FIRST_VERSION not in (ROTATED.current, Keys.derive(OLD).current)
    assert 0 < ROTATED.current < 2**31  # what the column holds


def test_find_accepts_tokens_of_the_previous_secret_until_it_is_removed(
    database: Database, ada: Invited
) -> None:
    with database.read() as db:
        assert tokens.find(db, ROTATING, ada.token.text, NOON).id == ada.token.id
        with pytest.raises(TokenInvalid):
            tokens.find(db, ROTATED, ada.token.text, NOON)


def test_find_accepts_tokens_from_before_versions_named_their_secret(
    database: Database, gate: Gate, ada: Invited
) -> None:
    with database.begin() as db:
        db.get_one(Token, ada.token.id).pepper_version = FIRST_VERSION
    with database.read() as db:
        for keys in (gate.keys, ROTATING):
            assert tokens.find(db, keys, ada.token.text, NOON).id == ada.token.id
        with pytest.raises(TokenInvalid):
            tokens.find(db, ROTATED, ada.token.text, NOON)


def test_cookies_of_the_previous_secret_stand_until_it_is_removed(
    database: Database, ada: Invited
) -> None:
    with database.read() as db:
        assert sign_ins.find(db, ROTATING, ada.cookie, NOON)[1].id == ada.token.id
        with pytest.raises(TokenInvalid):
            sign_ins.find(db, ROTATED, ada.cookie, NOON)
