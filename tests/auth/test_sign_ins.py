"""A sign-in is a cookie that dies with its token, and a link opens exactly one."""

import json

import pytest
from sqlalchemy import func, select

from auth import revocation, sign_ins
from auth.audit import Search, entries
from auth.binding import Device
from auth.gate import Gate, Principal
from auth.records import AuditEntry, SignIn, Token
from auth.sign_ins import LIFETIME_MS
from auth.testers import ADMIN
from database import Database
from errors import BadRequest, NotSignedIn, TokenInvalid
from tests.auth.conftest import DAY_MS, NOON, Invited, mint
from tests.devices import signed_by


def whoever(
    gate: Gate, database: Database, cookie: str, now_ms: int = NOON, by: str = "Ada"
) -> Principal:
    with database.read() as db:
        return gate.authenticate(db, cookie=cookie, proof=signed_by(by), now_ms=now_ms)


def test_authenticate_knows_a_tester_by_token_and_by_cookie(
    database: Database, gate: Gate, ada: Invited
) -> None:
    by_cookie = whoever(gate, database, ada.cookie)
    script = mint(database, gate, ada, "api", bearer=True)
    with database.read() as db:
        by_token = gate.authenticate(db, bearer=script.text, now_ms=NOON)
    assert by_cookie == ada.principal
    assert by_token == Principal(
        ada.tester.id,
        "Ada",
        "tester",
        script.id,
        None,
        frozenset({"read", "generate"}),
        "api",
        bearer=True,
    )
    assert not by_cookie.is_admin
    assert Principal("t", "n", ADMIN, "k", None).is_admin


def test_authenticate_refuses_no_credential_in_the_words_of_a_dead_one(
    database: Database, gate: Gate
) -> None:
    with database.read() as db, pytest.raises(NotSignedIn) as refusal:
        gate.authenticate(db, bearer=None, now_ms=NOON)
    assert str(refusal.value) == str(TokenInvalid())


def test_authenticate_refuses_two_credentials_even_when_both_are_good(
    database: Database, gate: Gate, ada: Invited
) -> None:
    with database.read() as db, pytest.raises(BadRequest):
        gate.authenticate(db, bearer=ada.token.text, cookie=ada.cookie, now_ms=NOON)


@pytest.mark.parametrize("cookie", ["", "x", "é" * 43, "A" * 43, "A" * 10_000, "\ud800" * 43])
def test_authenticate_refuses_a_cookie_nobody_gave_out(
    database: Database, gate: Gate, cookie: str
) -> None:
    with pytest.raises(TokenInvalid):
        whoever(gate, database, cookie)


def test_authenticate_refuses_a_link_as_a_bearer_token(
    database: Database, gate: Gate, ada: Invited
) -> None:
    link = mint(database, gate, ada, "link", DAY_MS)
    with database.read() as db, pytest.raises(TokenInvalid):
        gate.authenticate(db, bearer=link.text, now_ms=NOON)


def test_sign_in_keeps_no_cookie(database: Database, gate: Gate, ada: Invited) -> None:
    with database.read() as db:
        assert ada.cookie not in repr(db.execute(select(SignIn.__table__)).all())


def test_sign_in_lasts_fourteen_days_and_no_longer(
    database: Database, gate: Gate, ada: Invited
) -> None:
    assert LIFETIME_MS == 14 * DAY_MS
    assert whoever(gate, database, ada.cookie, NOON + LIFETIME_MS - 1)
    with pytest.raises(TokenInvalid):
        whoever(gate, database, ada.cookie, NOON + LIFETIME_MS)


def test_forget_old_removes_what_was_over_before_then_and_nothing_else(
    database: Database, gate: Gate, ada: Invited
) -> None:
    """A millisecond decides, for those that ended and for those that ran out."""
    ends = {"ran out": (None, NOON - 1), "ended": (NOON - 1, NOON + 1)}
    ends |= {"runs out now": (None, NOON), "ends now": (NOON, NOON + 1)}
    with database.begin() as db:
        [mine] = db.scalars(select(SignIn)).all()
        kept = {name: getattr(mine, name) for name in ("tester_id", "token_id", "device_id")}
        for name, (ended_at, expires_at) in ends.items():
            times = {"created_at": 0, "expires_at": expires_at, "ended_at": ended_at}
            db.add(SignIn(id=name, **kept, **times))
        db.flush()
        sign_ins.forget_old(db, NOON)
        left = set(db.scalars(select(SignIn.id))) - {mine.id}
    assert left == {"runs out now", "ends now"}


def test_sign_in_never_outlives_its_access_token(
    database: Database, gate: Gate, ada: Invited
) -> None:
    short = mint(database, gate, ada, "access", DAY_MS)
    with database.begin() as db:
        _, cookie = gate.sign_in(db, short.text, signed_by("Ada"), "", NOON)
    assert whoever(gate, database, cookie, NOON + DAY_MS - 1)
    with pytest.raises(TokenInvalid):
        whoever(gate, database, cookie, NOON + DAY_MS)


def test_sign_in_by_link_outlives_the_link_but_not_its_revocation(
    database: Database, gate: Gate, ada: Invited
) -> None:
    link = mint(database, gate, ada, "link", DAY_MS)
    with database.begin() as db:
        principal, cookie = gate.sign_in(db, link.text, signed_by("Ada"), "", NOON)
    later = NOON + 13 * DAY_MS
    assert whoever(gate, database, cookie, later) == principal
    with database.begin() as db:
        assert gate.admit(db, principal, "job", 1000, later).token_id == link.id
    with database.begin() as db:
        revocation.revoke(db, link.id, "pasted", later)
    with pytest.raises(TokenInvalid):
        whoever(gate, database, cookie, later)


def test_sign_in_by_link_happens_once(database: Database, gate: Gate, ada: Invited) -> None:
    link = mint(database, gate, ada, "link", DAY_MS)
    with database.begin() as db:
        gate.sign_in(db, link.text, signed_by("Ada"), "", NOON)
    with pytest.raises(TokenInvalid), database.begin() as db:
        gate.sign_in(db, link.text, signed_by("Ada"), "", NOON)
    with database.read() as db:
        opened = select(func.count()).where(SignIn.token_id == link.id)
        assert db.scalar(opened) == 1


def test_sign_in_by_link_fails_when_the_link_expired(
    database: Database, gate: Gate, ada: Invited
) -> None:
    link = mint(database, gate, ada, "link", DAY_MS)
    with pytest.raises(TokenInvalid), database.begin() as db:
        gate.sign_in(db, link.text, signed_by("Ada"), "", NOON + DAY_MS)


def test_sign_in_notes_its_minute_at_most_once_a_minute(
    database: Database, gate: Gate, ada: Invited
) -> None:
    def last_used_after_sign_in(now_ms: int) -> int | None:
        with database.begin() as db:
            gate.sign_in(db, ada.token.text, signed_by("Ada"), "", now_ms)
        with database.read() as db:
            return db.get_one(Token, ada.token.id).last_used_at

    assert last_used_after_sign_in(NOON + 59_999) == NOON
    assert last_used_after_sign_in(NOON + 60_000) == NOON + 60_000


def test_sign_out_ends_this_cookie_only(database: Database, gate: Gate, ada: Invited) -> None:
    with database.begin() as db:
        _, phone = gate.sign_in(db, ada.token.text, signed_by("Ada"), "", NOON)
    with database.begin() as db:
        gate.sign_out(db, ada.principal, NOON)
    with pytest.raises(TokenInvalid):
        whoever(gate, database, ada.cookie)
    assert whoever(gate, database, phone).name == "Ada"


def test_coming_and_going_is_in_the_log_with_who_by_what_and_where(
    database: Database, gate: Gate, ada: Invited
) -> None:
    link = mint(database, gate, ada, "link")
    with database.begin() as db:
        principal, _ = gate.sign_in(db, link.text, signed_by("Ada's phone"), "Phone", NOON + 1)
        gate.sign_out(db, principal, NOON + 2)
    me, by_link = f"tester:{ada.tester.id}", f"token:{link.id}"
    with database.read() as db:
        ended, opened, enrolled = entries(db, Search(actor=me), 3)
        [phone] = db.scalars(select(Device).where(Device.label == "Phone"))
    assert told(enrolled) == ("device.enrol", f"device:{phone.id}", {"by": by_link}, NOON + 1)
    by = {"by": "link", "device": phone.id}
    assert told(opened) == ("sign_in.open", by_link, by, NOON + 1)
    assert told(ended) == ("sign_in.end", by_link, {}, NOON + 2)


def told(row: AuditEntry) -> tuple[str, str, object, int]:
    return row.action, row.subject, json.loads(row.details), row.at_ms


def test_sign_out_leaves_a_bearer_token_good(database: Database, gate: Gate, ada: Invited) -> None:
    script = mint(database, gate, ada, "api", bearer=True)
    with database.begin() as db:
        bearer = gate.authenticate(db, bearer=script.text, now_ms=NOON)
        gate.sign_out(db, bearer, NOON)
    with database.read() as db:
        assert gate.authenticate(db, bearer=script.text, now_ms=NOON) == bearer
    assert whoever(gate, database, ada.cookie)
