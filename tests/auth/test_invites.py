"""An invite makes one tester, once, within a day, who accepted the terms."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from auth import audit, cohorts, invites, terms, testers, tokens
from auth.gate import Gate
from auth.invites import MintedInvite
from auth.joining import Invite, TermsAcceptance
from auth.records import AuditEntry
from auth.records import Tester as Person
from auth.terms import Terms
from database import Database
from errors import BadRequest, BadSpec, Conflict, GreenroomError, InviteInvalid, NotFound
from tests.auth.conftest import DAY_MS, NOON
from tests.auth.test_races import all_at_once
from tests.auth.test_tokens import statements

TERMS = Terms("2026-11-22", "Be kind.", "a" * 64)


def make(database: Database, gate: Gate, **wishes: str | None) -> MintedInvite:
    with database.begin() as db:
        return invites.make(db, gate.keys, by=audit.OPERATOR, now_ms=NOON, **wishes)


def redeem(
    database: Database, gate: Gate, text: str, name: str | None = "Ada", now_ms: int = NOON
) -> Person:
    with database.begin() as db:
        return invites.redeem(
            db,
            gate.keys,
            text,
            name=name,
            in_force=TERMS,
            seen_sha256=TERMS.sha256,
            now_ms=now_ms,
        )


def test_redeem_makes_the_tester_the_invite_names_in_its_cohort(
    database: Database, gate: Gate
) -> None:
    with database.begin() as db:
        cohort = cohorts.add(db, "First", by=audit.OPERATOR, now_ms=NOON)
        made = invites.make(
            db,
            gate.keys,
            by=audit.OPERATOR,
            name="Ada",
            email=" Ada@Example.org ",
            cohort_id=cohort.id,
            now_ms=NOON,
        )
    tester = redeem(database, gate, made.text, name="Somebody else")
    assert (tester.name, tester.email, tester.cohort_id) == ("Ada", "ada@example.org", cohort.id)
    assert tester.role == testers.TESTER


def test_redeem_writes_down_which_terms_were_accepted_and_when(
    database: Database, gate: Gate
) -> None:
    tester = redeem(database, gate, make(database, gate).text)
    with database.read() as db:
        accepted = db.get_one(TermsAcceptance, (tester.id, TERMS.version))
        actions = db.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
    assert (accepted.sha256, accepted.accepted_at) == (TERMS.sha256, NOON)
    assert actions == ["invite.make", "invite.redeem"]


def test_redeem_has_one_winner_of_fifty(database: Database, gate: Gate) -> None:
    made = make(database, gate)
    ended = all_at_once(lambda n: redeem(database, gate, made.text, f"Ada {n}") and None, 50)
    assert ended == {"ok": 1, "invite_invalid": 49}
    with database.read() as db:
        [tester] = testers.list(db)
        assert db.get_one(Invite, made.id).tester_id == tester.id
        assert db.scalar(select(func.count()).select_from(TermsAcceptance)) == 1


def unknown(_database: Database, _made: MintedInvite) -> str:
    body = "grm_invite_abcdefghijkl_" + "S" * 43
    return f"{body}_{tokens.checksum(body)}"


def forged(_database: Database, made: MintedInvite) -> str:
    body = made.text.rpartition("_")[0]
    swapped = body[:-1] + ("A" if body[-1] != "A" else "B")
    return f"{swapped}_{tokens.checksum(swapped)}"


def used(database: Database, made: MintedInvite) -> str:
    with database.begin() as db:
        db.get_one(Invite, made.id).used_at = NOON
    return made.text


def revoked(database: Database, made: MintedInvite) -> str:
    with database.begin() as db:
        invites.revoke(db, made.id, by=audit.OPERATOR, now_ms=NOON)
    return made.text


def expired(database: Database, made: MintedInvite) -> str:
    with database.begin() as db:
        db.get_one(Invite, made.id).expires_at = NOON
    return made.text


@pytest.mark.parametrize("ruin", [unknown, forged, used, revoked, expired])
def test_find_gives_every_dead_invite_the_same_answer_for_the_same_work(
    database: Database, gate: Gate, ruin: Callable[[Database, MintedInvite], str]
) -> None:
    text = ruin(database, make(database, gate))
    with statements(database) as seen, database.read() as db:
        with pytest.raises(InviteInvalid) as refusal:
            invites.find(db, gate.keys, text, NOON)
        assert len(seen) == 1 + database.is_sqlite
    assert "Ask whoever invited you for a new one" in str(refusal.value)


@pytest.mark.parametrize("text", ["", "grm_invite_x", "x" * 70_000, "grm_invite_\u202e"])
def test_find_touches_no_storage_for_what_is_no_invite(
    database: Database, gate: Gate, text: str
) -> None:
    with statements(database) as seen, database.read() as db, pytest.raises(InviteInvalid):
        invites.find(db, gate.keys, text, NOON)
    assert seen == []


def test_invite_opens_no_browser_and_a_token_is_no_invite(database: Database, gate: Gate) -> None:
    made = make(database, gate)
    with database.begin() as db:
        ada = testers.add(db, "Ada", now_ms=NOON)
        token = tokens.mint(db, gate.keys, ada.id, lifetime_ms=DAY_MS, now_ms=NOON)
        with pytest.raises(GreenroomError) as refusal:
            tokens.find(db, gate.keys, made.text, NOON)
        assert refusal.value.code == "token_invalid"
        with pytest.raises(InviteInvalid):
            invites.find(db, gate.keys, token.text, NOON)


@pytest.mark.parametrize(
    ("name", "seen", "refusal"),
    [("Ben", "a" * 64, Conflict), ("", "a" * 64, BadSpec), ("Ada", "b" * 64, Conflict)],
)
def test_refused_redemption_leaves_the_invite_good(
    database: Database, gate: Gate, name: str, seen: str, refusal: type[GreenroomError]
) -> None:
    """A taken name, no name, terms that changed meanwhile."""
    with database.begin() as db:
        testers.add(db, "Ben", now_ms=NOON)
    made = make(database, gate)
    with pytest.raises(refusal), database.begin() as db:
        invites.redeem(
            db, gate.keys, made.text, name=name, in_force=TERMS, seen_sha256=seen, now_ms=NOON
        )
    assert redeem(database, gate, made.text, "Ada").name == "Ada"


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"name": "ben"}, "Ben is in the programme"),
        ({"name": "Bеn"}, "two alphabets"),
        ({"email": "BEN@example.org"}, "is in the programme"),
        ({"name": "Ida"}, "Ida is invited"),
        ({"email": "ida@example.org"}, "is invited"),
        ({"email": "nobody"}, "e-mail"),
        ({"name": "x" * 81}, "80 characters"),
        ({"name": "a\u202eb"}, "80 characters"),
    ],
)
def test_make_refuses_who_is_here_or_invited_and_names_that_mislead(
    database: Database, gate: Gate, wishes: dict[str, str], sentence: str
) -> None:
    with database.begin() as db:
        testers.add(db, "Ben", email="ben@example.org", now_ms=NOON)
    make(database, gate, name="Ida", email="ida@example.org")
    with pytest.raises((Conflict, BadSpec), match=sentence):
        make(database, gate, **wishes)


def test_make_invites_again_whose_invite_ran_out(database: Database, gate: Gate) -> None:
    expired(database, make(database, gate, name="Ida"))
    assert make(database, gate, name="Ida").name == "Ida"


@pytest.mark.parametrize("lifetime_ms", [0, -1, DAY_MS + 1])
def test_make_refuses_a_lifetime_of_more_than_a_day(
    database: Database, gate: Gate, lifetime_ms: int
) -> None:
    with database.begin() as db, pytest.raises(BadRequest):
        invites.make(db, gate.keys, by="operator", lifetime_ms=lifetime_ms, now_ms=NOON)


def test_revoke_refuses_what_was_redeemed_and_what_never_was(
    database: Database, gate: Gate
) -> None:
    made = make(database, gate)
    redeem(database, gate, made.text)
    for invite_id, refusal in ((made.id, Conflict), ("nobody", NotFound)):
        with database.begin() as db, pytest.raises(refusal):
            invites.revoke(db, invite_id, by=audit.OPERATOR, now_ms=NOON)


def test_make_keeps_no_part_of_the_secret(database: Database, gate: Gate) -> None:
    made = make(database, gate)
    with database.read() as db:
        row = db.execute(select(Invite.__table__)).one()
    assert tokens.parse(made.text).secret not in repr(row) + repr(made)


def test_terms_in_force_are_the_newest_file_as_it_stands() -> None:
    folder = terms.FOLDER
    shipped = terms.current()
    assert shipped.version == max(path.stem for path in folder.glob("*.md"))
    assert shipped.text == (folder / f"{shipped.version}.md").read_text()


def test_accepted_terms_are_remembered_once(database: Database) -> None:
    with database.begin() as db:
        ada = testers.add(db, "Ada", now_ms=NOON)
        assert terms.accepted(db, ada.id) is None
        for now_ms in (NOON, NOON + 1):
            terms.accept(db, TERMS, ada.id, TERMS.sha256, now_ms)
        assert terms.accepted(db, ada.id) == TERMS.version
        assert db.get_one(TermsAcceptance, (ada.id, TERMS.version)).accepted_at == NOON
