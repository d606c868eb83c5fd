"""A rotated token goes on for its overlap, dies, and nothing brings it back."""

import pytest

from auth import records, revocation, rotation, scopes, tokens
from auth.gate import Gate
from auth.tokens import Minted
from database import Database
from errors import BadRequest, Conflict, GreenroomError, NotFound, TokenInvalid
from tests.auth.conftest import DAY_MS, NOON, Invited, mint
from tests.auth.test_races import all_at_once

HOUR_MS = 3_600_000


def rotate(database: Database, gate: Gate, token_id: str, now_ms: int = NOON) -> Minted:
    with database.begin() as db:
        return rotation.rotate(db, gate.keys, token_id, overlap_ms=HOUR_MS, now_ms=now_ms)


def opens(database: Database, gate: Gate, token: Minted, now_ms: int) -> bool:
    with database.read() as db:
        try:
            tokens.find(db, gate.keys, token.text, now_ms)
        except TokenInvalid:
            return False
    return True


def test_rotate_lets_both_open_until_the_overlap_ends(
    database: Database, gate: Gate, ada: Invited
) -> None:
    new = rotate(database, gate, ada.token.id)
    assert new.expires_at == NOON + 30 * DAY_MS
    for token in (ada.token, new):
        assert opens(database, gate, token, NOON + HOUR_MS - 1)
    assert not opens(database, gate, ada.token, NOON + HOUR_MS)
    assert opens(database, gate, new, NOON + HOUR_MS)
    with database.read() as db, pytest.raises(TokenInvalid):
        gate.authenticate(db, bearer=None, cookie=ada.cookie, now_ms=NOON + HOUR_MS)


def test_rotate_hands_on_scopes_key_and_grant(database: Database, gate: Gate, ada: Invited) -> None:
    with database.begin() as db:
        old = tokens.mint(
            db,
            gate.keys,
            ada.tester.id,
            kind=tokens.API,
            given=frozenset({scopes.READ}),
            jkt="a" * 43,
            bearer=True,
            lifetime_ms=DAY_MS,
            now_ms=NOON,
        )
    new = rotate(database, gate, old.id)
    with database.read() as db:
        row = db.get_one(records.Token, new.id)
    assert (row.kind, row.scopes, row.jkt, row.bearer_granted) == ("api", "read", "a" * 43, True)


def test_rotate_never_prolongs_what_would_have_ended_sooner(
    database: Database, gate: Gate, ada: Invited
) -> None:
    short = mint(database, gate, ada, tokens.ACCESS, HOUR_MS // 2)
    rotate(database, gate, short.id)
    assert not opens(database, gate, short, NOON + HOUR_MS // 2)


def test_rotating_twice_and_revoking_the_new_one_do_not_revive_the_old(
    database: Database, gate: Gate, ada: Invited
) -> None:
    new = rotate(database, gate, ada.token.id)
    with pytest.raises(Conflict):
        rotate(database, gate, ada.token.id, NOON + HOUR_MS // 2)
    newest = rotate(database, gate, new.id)
    with database.begin() as db:
        revocation.revoke(db, newest.id, "pasted", NOON)
    assert opens(database, gate, ada.token, NOON + HOUR_MS - 1)
    assert not opens(database, gate, ada.token, NOON + HOUR_MS)
    with pytest.raises(Conflict):
        rotate(database, gate, newest.id)
    assert not opens(database, gate, newest, NOON)


def test_rotate_has_one_winner_when_ten_hurry(database: Database, gate: Gate, ada: Invited) -> None:
    ended = all_at_once(lambda _: rotate(database, gate, ada.token.id) and None, 10)
    assert ended == {"ok": 1, "conflict": 9}
    with database.read() as db:
        assert len(tokens.list(db)) == 2


@pytest.mark.parametrize(
    ("token_id", "overlap_ms", "refusal"),
    [("nobody", HOUR_MS, NotFound), (None, 0, BadRequest), (None, 31 * DAY_MS, BadRequest)],
)
def test_rotate_refuses_what_makes_no_sense(
    database: Database,
    gate: Gate,
    ada: Invited,
    token_id: str | None,
    overlap_ms: int,
    refusal: type[GreenroomError],
) -> None:
    with database.begin() as db, pytest.raises(refusal):
        rotation.rotate(db, gate.keys, token_id or ada.token.id, overlap_ms=overlap_ms, now_ms=NOON)


def test_rotate_refuses_a_link_and_an_expired_token(
    database: Database, gate: Gate, ada: Invited
) -> None:
    link = mint(database, gate, ada, tokens.LINK, DAY_MS)
    for token_id, now_ms in ((link.id, NOON), (ada.token.id, ada.token.expires_at)):
        with pytest.raises(Conflict):
            rotate(database, gate, token_id, now_ms)
