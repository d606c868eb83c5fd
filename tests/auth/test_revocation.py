"""A revoked token is dead everywhere at once, and its holder's other tokens are not."""

import pytest
from sqlalchemy import text

from auth import revocation, sign_ins, switch, tokens
from auth.gate import Gate
from auth.records import Subject, Token
from auth.revocation import Revoked
from auth.sign_ins import LIFETIME_MS
from database import Database
from errors import NotFound, TokenInvalid
from tests.auth.conftest import NOON, Invited, mint
from tests.devices import signed_by


def revoke(database: Database, token_id: str, reason: str = "pasted") -> Revoked:
    with database.begin() as db:
        return revocation.revoke(db, token_id, reason, NOON)


def test_revoke_says_what_it_stopped(database: Database, gate: Gate, ada: Invited) -> None:
    with database.begin() as db:
        gate.sign_in(db, ada.token.text, signed_by("Ada"), "", NOON)
        gate.admit(db, ada.principal, "job", 1000, NOON)
    assert revoke(database, ada.token.id) == Revoked(first=True, sign_ins=2, clips=1)


def test_revocation_is_seen_by_a_session_that_read_the_token_before(
    database: Database, gate: Gate, ada: Invited
) -> None:
    """The decision follows a sign-in in one session: what was read then is not what counts now."""
    with database.begin() as db:
        sign_in, _ = sign_ins.get(db, ada.principal.sign_in_id or "", now_ms=NOON)
        assert tokens.find(db, gate.keys, ada.token.text, NOON) is tokens.get(
            db, ada.token.id, NOON
        )
        db.execute(text("UPDATE tokens SET revoked_at = :now_ms"), {"now_ms": NOON})
        for look in (
            lambda: tokens.find(db, gate.keys, ada.token.text, NOON),
            lambda: sign_ins.get(db, sign_in.id, now_ms=NOON),
        ):
            with pytest.raises(TokenInvalid):
                look()
            db.execute(text("UPDATE tokens SET revoked_at = NULL"))
            look()
            db.execute(text("UPDATE tokens SET revoked_at = :now_ms"), {"now_ms": NOON})
        with pytest.raises(TokenInvalid):
            tokens.get(db, ada.token.id, NOON)


def test_revoke_counts_no_sign_in_that_ran_out_before(
    database: Database, gate: Gate, ada: Invited
) -> None:
    with database.begin() as db:
        later = revocation.revoke(db, ada.token.id, "pasted", NOON + LIFETIME_MS)
        assert later == Revoked(first=True, sign_ins=0, clips=0)


def test_revoke_keeps_the_first_time_and_reason(database: Database, ada: Invited) -> None:
    revoke(database, ada.token.id, "pasted")
    with database.begin() as db:
        again = revocation.revoke(db, ada.token.id, "again", NOON + 1)
        token = db.get_one(Token, ada.token.id)
    assert again == Revoked(first=False, sign_ins=0, clips=0)
    assert (token.revoked_at, token.revoke_reason) == (NOON, "pasted")


def test_revoke_kills_the_cookie_and_the_token_and_leaves_another_token_good(
    database: Database, gate: Gate, ada: Invited
) -> None:
    other = mint(database, gate, ada, "api", bearer=True)
    revoke(database, ada.token.id)
    with database.read() as db:
        with pytest.raises(TokenInvalid):
            gate.authenticate(db, bearer=None, cookie=ada.cookie, now_ms=NOON)
        assert gate.authenticate(db, bearer=other.text, now_ms=NOON).name == "Ada"
    with database.begin() as db, pytest.raises(TokenInvalid):
        gate.sign_in(db, ada.token.text, signed_by("Ada"), "", NOON)


def test_revoke_raises_the_epoch_of_its_token_alone(
    database: Database, gate: Gate, ada: Invited
) -> None:
    """A worker that holds the epoch from before does not draw on; another token's clips do."""
    other = mint(database, gate, ada, "api")
    keys = [f"token:{token_id}" for token_id in (other.id, ada.token.id)]
    with database.begin() as db:
        db.add_all(Subject(key=key, epoch=5) for key in keys)
    revoke(database, ada.token.id)
    with database.read() as db:
        assert [db.get_one(Subject, key).epoch for key in keys] == [5, 6]


def test_revoke_raises_not_found_for_an_unknown_token(database: Database) -> None:
    with pytest.raises(NotFound):
        revoke(database, "nobody")


def test_revoke_keeps_the_reason_as_one_printable_line(database: Database, ada: Invited) -> None:
    revoke(database, ada.token.id, "found\x1b[31m in\n a paste " + "x" * 500)
    with database.read() as db:
        reason = db.get_one(Token, ada.token.id).revoke_reason
    assert reason is not None
    assert reason.startswith("found [31m in a paste xxx")
    assert len(reason) == 400


def test_why_stop_tells_revoked_from_expired_and_fails_closed(
    database: Database, ada: Invited
) -> None:
    with database.begin() as db:
        db.get_one(Token, ada.token.id).expires_at = NOON - 1
        db.flush()
        assert switch.why_stop(db, ada.token.id, True) is None
        revocation.revoke(db, ada.token.id, "pasted", NOON)
        assert switch.why_stop(db, ada.token.id, True) == "revoked"
        assert switch.why_stop(db, "nobody", True) == "revoked"
