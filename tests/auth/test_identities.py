"""Whose account is whose: one tester an account, found by issuer and subject alone."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from auth import identities, sign_ins, terms, testers
from auth.__main__ import main
from auth.audit import Search, entries
from auth.identities import Claims, Identity
from auth.records import SignIn, Tester
from auth.sign_ins import FRESH_MS
from auth.step_up import VOUCHES_MS
from database import Database
from errors import Conflict, NotGranted, NotInvited, StepUpRequired, TokenInvalid
from settings import ProviderSettings
from tests.auth.conftest import NOON, Invited
from tests.auth.test_passkeys import ask, enrol, sign_in_of, touch
from tests.auth.test_races import CALLERS, all_at_once
from tests.authenticator import Authenticator

OURS = ProviderSettings(
    issuer="https://id.example",
    client_id="us",
    client_secret="between us",
    name="Example",
    scopes="openid",
    allow=frozenset({("domain", "Example.org"), ("org", "film-club")}),
    admin_subject="boss",
)
ADA = Claims("https://id.example", "1", "Ada", "ada@EXAMPLE.org")


def require_hand(database: Database, ada: Invited, now_ms: int) -> None:
    with database.read() as db:
        identities.require_hand(db, sign_in_of(ada), now_ms)


def test_account_is_linked_within_minutes_of_signing_in(database: Database, ada: Invited) -> None:
    require_hand(database, ada, NOON + FRESH_MS - 1)
    with pytest.raises(NotGranted, match="within ten minutes of signing in"):
        require_hand(database, ada, NOON + FRESH_MS)


def test_session_that_came_by_a_devices_link_links_no_account(
    database: Database, ada: Invited
) -> None:
    """Whoever made that link may have had somebody else's browser before them."""
    with database.begin() as db:
        db.get_one(SignIn, sign_in_of(ada)).fresh_until = None
    with pytest.raises(NotGranted):
        require_hand(database, ada, NOON)


def test_account_is_linked_after_a_touch_just_now_by_who_has_passkeys(
    database: Database, ada: Invited
) -> None:
    key = Authenticator()
    enrol(database, ada, key)
    later = NOON + FRESH_MS
    with pytest.raises(StepUpRequired) as refused:
        require_hand(database, ada, later)
    assert refused.value.facts["passkeys"] == 1
    touch(database, ada, key.get(ask(database, ada, later)), later)
    require_hand(database, ada, later + VOUCHES_MS - 1)
    with pytest.raises(StepUpRequired):
        require_hand(database, ada, later + VOUCHES_MS)


def test_session_that_was_ended_links_no_account(database: Database, ada: Invited) -> None:
    with database.begin() as db:
        sign_ins.end(db, sign_in_of(ada), NOON)
    with pytest.raises(TokenInvalid):
        require_hand(database, ada, NOON)


def enter(database: Database, claims: Claims, about: ProviderSettings = OURS) -> str:
    with database.begin() as db:
        return identities.enter(
            db,
            claims,
            about,
            in_force=terms.current(),
            seen_sha256=terms.current().sha256,
            now_ms=NOON,
        )


def test_enter_knows_an_account_again_whatever_else_it_says(database: Database) -> None:
    """Mail, name and list may all have changed: the subject is the person."""
    first = enter(database, ADA)
    later = replace(ADA, username="Lovelace", email=None)
    assert enter(database, later, replace(OURS, allow=frozenset())) == first


@pytest.mark.parametrize(
    "claims",
    [
        replace(ADA, email=None),
        replace(ADA, email="ada@notexample.org"),
        replace(ADA, email="ada@example.org.evil.example"),
        replace(ADA, email="example.org@evil.example"),
        replace(ADA, email=None, orgs=frozenset({"film"})),
        replace(ADA, email=None, username="film-club"),
    ],
)
def test_enter_refuses_whom_no_rule_names(database: Database, claims: Claims) -> None:
    with pytest.raises(NotInvited, match="not in this programme yet"):
        enter(database, claims)
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Tester)) == 0


def test_facts_are_what_an_allow_list_can_name() -> None:
    """Of a mail address its domain alone, in small letters."""
    claims = replace(ADA, username="ada", orgs=frozenset({"film-club"}))
    assert claims.facts() == {
        ("sub", "1"),
        ("user", "ada"),
        ("org", "film-club"),
        ("domain", "example.org"),
    }
    assert replace(ADA, username="", email=None).facts() == {("sub", "1")}


def test_enter_keeps_two_issuers_apart(database: Database) -> None:
    other = replace(ADA, issuer="https://other.example")
    assert enter(database, ADA) != enter(database, other)


def test_enter_writes_who_came_in_by_the_provider(database: Database) -> None:
    tester_id = enter(database, replace(ADA, subject="boss"))
    with database.read() as db:
        assert db.get_one(Tester, tester_id).role == testers.ADMIN
        linked, added = entries(db, Search(), 10)
    assert (added.action, added.subject) == ("tester.add", f"tester:{tester_id}")
    told = json.loads(added.details)
    in_force = terms.current()
    assert (told["by"], told["role"]) == ("provider", "admin")
    assert (told["terms"], told["terms_sha256"]) == (in_force.version, in_force.sha256)
    with database.read() as db:
        assert terms.accepted(db, tester_id) == in_force.version
    assert (linked.action, linked.subject) == ("identity.link", f"tester:{tester_id}")


@pytest.mark.parametrize(
    ("username", "name"),
    [
        ("", "Tester"),
        ("\x00", "Tester"),
        ("x" * 100, "x" * 76),
        ("  Ida\n", "Ida"),
        ("Аdmin", "Tester"),
    ],
)
def test_enter_gives_a_name_that_can_stand_in_a_list(
    database: Database, username: str, name: str
) -> None:
    tester_id = enter(database, replace(ADA, username=username))
    with database.read() as db:
        assert db.get_one(Tester, tester_id).name == name


def test_enter_numbers_a_name_that_looks_like_anothers(database: Database) -> None:
    with database.begin() as db:
        testers.add(db, "Ada", now_ms=NOON)
    tester_id = enter(database, replace(ADA, username="ada"))
    with database.read() as db:
        assert db.get_one(Tester, tester_id).name == "ada 2"


def test_first_sign_in_has_one_winner_of_fifty(database: Database) -> None:
    outcome = all_at_once(lambda _: enter(database, ADA) and None)
    assert set(outcome) <= {"ok", "conflict"}
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Identity)) == 1
        assert db.scalar(select(func.count()).select_from(Tester)) == 1
    assert outcome.total() == CALLERS


def test_link_is_once_and_for_one_tester(database: Database) -> None:
    with database.begin() as db:
        ada, ben = (testers.add(db, name, now_ms=NOON).id for name in ("Ada", "Ben"))
        identities.link(db, ADA, ada, NOON)
        identities.link(db, ADA, ada, NOON)
        with pytest.raises(Conflict, match="another tester"):
            identities.link(db, ADA, ben, NOON)
    with database.read() as db:
        assert identities.find(db, ADA) == ada
        assert [row.action for row in entries(db, Search(), 10)] == ["identity.link"]


def test_unlink_is_a_command_that_says_what_it_did(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path}/greenroom.db")
    database.migrate()
    enter(database, ADA)
    assert main(["identity", "list"]) == 0
    assert "https://id.example" in capsys.readouterr().out
    words = ["identity", "unlink", "https://id.example", "1", "--yes"]
    assert main(words) == 0
    assert "signs nobody in any more" in capsys.readouterr().out
    assert main(words) == 1
    assert "There is no such account" in capsys.readouterr().err
    with database.read() as db:
        assert identities.find(db, ADA) is None
        assert entries(db, Search(action="identity.unlink"), 1)[0].actor == "operator"
