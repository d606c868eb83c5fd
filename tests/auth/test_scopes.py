"""A token may be used for what it was given, and never for more than its holder's role."""

import pytest

from auth import records, reviewers, scopes, testers, tokens
from auth.gate import Gate, Principal
from database import Database
from errors import BadRequest, NotGranted, TokenInvalid
from tests.auth.conftest import DAY_MS, NOON, Invited
from tests.devices import signed_by


def principal_with(
    database: Database, gate: Gate, who: Invited, kind: str, given: frozenset[str]
) -> Principal:
    with database.begin() as db:
        token = tokens.mint(
            db,
            gate.keys,
            who.tester.id,
            kind=kind,
            given=given,
            bearer=True,
            lifetime_ms=DAY_MS,
            now_ms=NOON,
        )
        return gate.authenticate(db, bearer=token.text, now_ms=NOON)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("read", {"read"}),
        ("api", {"read", "generate"}),
        ("generate, read", {"read", "generate"}),
        ("admin read read", {"admin", "read"}),
        ("review, read", {"review", "read"}),
        ("worker", {"worker"}),
    ],
)
def test_parse_gives_the_scopes_that_are_named(text: str, given: set[str]) -> None:
    assert scopes.parse(text) == given


@pytest.mark.parametrize(
    "text", ["", " , ", "everything", "read,Everything", "worker read", "rеad"]
)
def test_parse_refuses_what_is_no_scope(text: str) -> None:
    with pytest.raises(BadRequest):
        scopes.parse(text)


def test_admit_refuses_a_token_without_the_scope_and_names_it(
    database: Database, gate: Gate, ada: Invited
) -> None:
    reader = principal_with(database, gate, ada, tokens.API, frozenset({scopes.READ}))
    with database.begin() as db, pytest.raises(NotGranted) as refusal:
        gate.admit(db, reader, "job", 1000, NOON)
    assert refusal.value.facts == {"scope": "generate"}
    assert "was not given the scope generate." in str(refusal.value)
    maker = principal_with(database, gate, ada, tokens.API, scopes.API)
    with database.begin() as db:
        assert gate.admit(db, maker, "job", 1000, NOON).token_id == maker.token_id


def test_role_bounds_what_a_scope_opens(database: Database, gate: Gate, ada: Invited) -> None:
    """Nobody becomes an admin by a token, and an admin's token may be less than its holder."""
    everything = frozenset({scopes.READ, scopes.ADMIN})
    assert principal_with(database, gate, ada, tokens.API, everything).scopes == {"read"}
    with database.begin() as db:
        db.get_one(records.Tester, ada.tester.id).role = testers.ADMIN
    as_admin = principal_with(database, gate, ada, tokens.API, everything)
    assert as_admin.scopes == everything | {scopes.REVIEW}
    reader = principal_with(database, gate, ada, tokens.API, frozenset({scopes.READ}))
    assert (reader.is_admin, scopes.ADMIN in reader.scopes) == (True, False)


def test_reviewer_reviews_with_every_token_that_was_given_all(
    database: Database, gate: Gate, ada: Invited
) -> None:
    """A personal token of before serves whoever became a reviewer since, and no longer after."""
    assert principal_with(database, gate, ada, tokens.API, scopes.PERSONAL).scopes == scopes.API
    with database.begin() as db:
        tester = db.get_one(records.Tester, ada.tester.id)
        reviewers.set_reviewer(db, tester, True, by="tester:x", now_ms=NOON)
    reviewing = principal_with(database, gate, ada, tokens.API, scopes.PERSONAL)
    assert reviewing.scopes == scopes.API | {scopes.REVIEW}
    assert (reviewing.may_review, reviewing.is_admin) == (True, False)
    maker = principal_with(database, gate, ada, tokens.API, scopes.API)
    assert scopes.REVIEW not in maker.scopes


def test_tokens_of_scripts_and_machines_open_no_browser(
    database: Database, gate: Gate, ada: Invited
) -> None:
    for kind in (tokens.API, tokens.WORKER):
        with database.begin() as db:
            minted = tokens.mint(
                db, gate.keys, ada.tester.id, kind=kind, lifetime_ms=DAY_MS, now_ms=NOON
            )
            with pytest.raises(TokenInvalid):
                gate.sign_in(db, minted.text, signed_by("Ada"), "", NOON)
