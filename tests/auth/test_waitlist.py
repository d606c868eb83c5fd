"""Strangers ask for a place; an invite is made from the list once."""

import pytest
from sqlalchemy import func, select

from auth import audit, cohorts, switch, testers, waitlist
from auth.gate import Gate
from auth.invites import MintedInvite
from auth.joining import Invite, WaitlistEntry
from auth.records import Tester as Person
from database import Database
from errors import BadSpec, Conflict, NotFound
from tests.auth.conftest import DAY_MS, NOON
from tests.auth.test_races import all_at_once


def join(database: Database, name: str = "Ada", email: str = "ada@example.org") -> None:
    with database.begin() as db:
        waitlist.join(db, name, email, "films about rain", NOON)


def entries(database: Database, now_ms: int = NOON) -> list[tuple[str, str]]:
    with database.read() as db:
        return [(entry.id, state) for entry, state in waitlist.list(db, now_ms)]


def invite(database: Database, gate: Gate, entry_id: str, now_ms: int = NOON) -> MintedInvite:
    with database.begin() as db:
        return waitlist.invite(db, gate.keys, entry_id, by=audit.OPERATOR, now_ms=now_ms)


def test_join_answers_known_and_unknown_addresses_alike(database: Database) -> None:
    with database.begin() as db:
        testers.add(db, "Ben", email="ben@example.org", now_ms=NOON)
    join(database)
    join(database, "Somebody", "ADA@example.org")
    join(database, "Ben", "ben@example.org")
    with database.read() as db:
        [entry] = db.scalars(select(WaitlistEntry))
    assert (entry.name, entry.about) == ("Ada", "films about rain")


def test_list_has_who_waits_longest_first(database: Database) -> None:
    with database.begin() as db:
        for minutes in (3, 1, 4, 2, 5):
            waitlist.join(db, "Ada", f"{minutes}@example.org", "", NOON + minutes)
    with database.read() as db:
        emails = [entry.email for entry, _ in waitlist.list(db, NOON)]
    assert emails == [f"{minutes}@example.org" for minutes in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("name", "email", "about", "field"),
    [
        ("", "a@example.org", "", "name"),
        ("x" * 81, "a@example.org", "", "name"),
        ("x" * 60_000, "a@example.org", "", "name"),
        ("a\x00b", "a@example.org", "", "name"),
        ("Pаul", "a@example.org", "", "name"),
        ("Ada", "ada", "", "email"),
        ("Ada", "ada@example", "", "email"),
        ("Ada", "a@b@example.org", "", "email"),
        ("Ada", f"{'a' * 260}@example.org", "", "email"),
        ("Ada", "ada@exämple.org", "", "email"),
        ("Ada", "a@example.org\r\nBcc: x@example.org", "", "email"),
        ("Ada", "a@example.org", "x" * 401, "about"),
        ("Ada", "a@example.org", "\u202eevil", "about"),
    ],
)
def test_join_refuses_what_cannot_stand_in_a_list_and_names_the_field(
    database: Database, name: str, email: str, about: str, field: str
) -> None:
    with database.begin() as db, pytest.raises(BadSpec) as refusal:
        waitlist.join(db, name, email, about, NOON)
    assert refusal.value.field == field
    assert entries(database) == []


def test_join_refuses_everybody_once_the_list_is_full(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waitlist, "ENTRIES_MAX", 1)
    join(database)
    with pytest.raises(Conflict, match="full"):
        join(database, "Ben", "ben@example.org")


def test_invite_is_bound_to_who_asked_and_takes_them_off_when_redeemed(
    database: Database, gate: Gate
) -> None:
    join(database)
    [(entry_id, state)] = entries(database)
    assert state == "waiting"
    made = invite(database, gate, entry_id)
    assert (made.name, made.email) == ("Ada", "ada@example.org")
    assert entries(database) == [(entry_id, "invited")]
    with database.begin() as db:
        db.get_one(Invite, made.id).used_at = NOON
    assert entries(database) == []


def test_invite_has_one_winner_of_twenty(database: Database, gate: Gate) -> None:
    join(database)
    [(entry_id, _)] = entries(database)
    ended = all_at_once(lambda _: invite(database, gate, entry_id) and None, 20)
    assert ended == {"ok": 1, "conflict": 19}
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Invite)) == 1


def test_invite_can_be_made_again_when_it_ran_out(database: Database, gate: Gate) -> None:
    join(database)
    [(entry_id, _)] = entries(database)
    invite(database, gate, entry_id)
    with pytest.raises(Conflict, match="invited already"):
        invite(database, gate, entry_id)
    tomorrow = NOON + DAY_MS
    assert entries(database, tomorrow) == [(entry_id, "lapsed")]
    invite(database, gate, entry_id, tomorrow)
    assert entries(database, tomorrow) == [(entry_id, "invited")]


def test_remove_forgets_somebody_and_never_a_stranger(database: Database) -> None:
    join(database)
    [(entry_id, _)] = entries(database)
    with database.begin() as db:
        waitlist.remove(db, entry_id, by=audit.OPERATOR, now_ms=NOON)
    assert entries(database) == []
    with database.begin() as db, pytest.raises(NotFound):
        waitlist.remove(db, entry_id, by=audit.OPERATOR, now_ms=NOON)


def test_cohorts_are_counted_and_their_testers_moved(database: Database, gate: Gate) -> None:
    with database.begin() as db:
        ada = testers.add(db, "Ada", now_ms=NOON)
        first = cohorts.add(db, "First", by=audit.OPERATOR, now_ms=NOON)
        cohorts.add(db, "Second", by=audit.OPERATOR, now_ms=NOON)
        cohorts.move(db, ada.id, first, by=audit.OPERATOR, now_ms=NOON)
        switch.stop(db, f"cohort:{first.id}", "A pause.", NOON)
        listed = [(group.cohort.name, group.testers, group.stopped) for group in cohorts.list(db)]
        assert listed == [("First", 1, True), ("Second", 0, False)]
        cohorts.move(db, ada.id, None, by=audit.OPERATOR, now_ms=NOON)
    with database.read() as db:
        assert db.get_one(Person, ada.id).cohort_id is None


@pytest.mark.parametrize("name", ["First", "first", "fir st", "Ｆirst"])
def test_cohort_with_a_name_that_looks_taken_is_refused(database: Database, name: str) -> None:
    with database.begin() as db:
        cohorts.add(db, "First", by=audit.OPERATOR, now_ms=NOON)
    with database.begin() as db, pytest.raises((Conflict, BadSpec)):
        cohorts.add(db, name, by=audit.OPERATOR, now_ms=NOON)


def test_cohort_that_does_not_exist_is_not_found(database: Database, gate: Gate) -> None:
    with database.begin() as db:
        with pytest.raises(NotFound):
            cohorts.find(db, "First")
        with pytest.raises(NotFound):
            cohorts.move(db, "nobody", None, by=audit.OPERATOR, now_ms=NOON)
