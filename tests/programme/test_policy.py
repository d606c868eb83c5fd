"""The policy: announced in numbered versions; what takes something away waits for a yes."""

from contextlib import suppress
from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest

from auth import testers
from auth.audit import Search, entries
from database import Database
from errors import BadSpec, Conflict, PolicyUnaccepted
from programme import policy
from programme.policy import Policy

BY = "tester:admin"


def add(database: Database, name: str = "Ada", now_ms: int = 1000) -> str:
    with database.begin() as db:
        return testers.add(db, name, now_ms=now_ms).id


def announce(database: Database, now_ms: int = 2000, after: int = 0, **parts: Any) -> int:
    with database.begin() as db:
        wanted = replace(policy.current(db).policy, **parts)
        version = policy.announce(db, wanted, "Because of this.", after=after, by=BY, now_ms=now_ms)
        return version.number


def test_default_policy_asks_nobody_for_anything(database: Database) -> None:
    ada = add(database)
    with database.read() as db:
        now = policy.standing(db, ada)
        policy.require_accepted(db, ada)
    assert (now.holds.number, now.awaits, now.holds.policy) == (0, None, Policy())


@pytest.mark.parametrize(
    ("part", "worse", "better"),
    [
        ("sharing", "private", "free"),
        ("review_hours", 49, 47),
        ("keep_days", 30, None),
        ("prompts", "admins", "artist"),
        ("marked", "all", "none"),
        ("open_numbers", False, True),
    ],
)
def test_taken_away_names_each_loss_and_no_gain(part: str, worse: Any, better: Any) -> None:
    had = replace(Policy(), keep_days=None)
    assert len(policy.taken_away(had, replace(had, **{part: worse}))) == 1
    assert policy.taken_away(had, replace(had, **{part: better})) == ()
    assert policy.taken_away(had, had) == ()


def test_gain_holds_at_once_for_whoever_was_here(database: Database) -> None:
    ada = add(database)
    announce(database, sharing="free")
    with database.read() as db:
        now = policy.standing(db, ada)
    assert (now.holds.policy.sharing, now.awaits) == ("free", None)


def test_loss_waits_for_its_testers_answer_and_old_policy_holds_until_then(
    database: Database,
) -> None:
    ada = add(database)
    announce(database, keep_days=30)
    with database.read() as db:
        now = policy.standing(db, ada)
        with pytest.raises(PolicyUnaccepted) as refused:
            policy.require_accepted(db, ada)
    assert now.holds.policy.keep_days is None
    assert now.awaits is not None
    assert now.awaits.number == 1
    assert refused.value.facts == {
        "number": 1,
        "lost": ["Clips are kept for less long: 30 days."],
    }
    with database.begin() as db:
        policy.accept(db, ada, 1, 3000)
        policy.accept(db, ada, 1, 4000)
    with database.read() as db:
        now = policy.standing(db, ada)
        policy.require_accepted(db, ada)
        rows = entries(db, Search(action="policy.accept"), 10)
    assert (now.holds.number, now.awaits) == (1, None)
    assert [(row.actor, row.subject) for row in rows] == [(f"tester:{ada}", "policy:1")]


def test_loss_and_its_undoing_ask_nothing_of_whoever_answered_neither(database: Database) -> None:
    ada = add(database)
    announce(database, sharing="private")
    announce(database, now_ms=3000, after=1, sharing="review")
    with database.read() as db:
        assert policy.standing(db, ada).awaits is None


def test_whoever_comes_later_has_what_was_in_force_when_they_came(database: Database) -> None:
    announce(database, sharing="private")
    late = add(database, "Ben", now_ms=2500)
    with database.read() as db:
        assert policy.standing(db, late).holds.policy.sharing == "private"


def test_accept_refuses_another_version_than_the_one_in_force(database: Database) -> None:
    ada = add(database)
    announce(database, keep_days=30)
    with database.begin() as db, pytest.raises(Conflict):
        policy.accept(db, ada, 0, 3000)


def test_announce_has_one_winner_of_many_and_one_row_in_the_log(database: Database) -> None:
    barrier, won = Barrier(8), list[int]()

    def go(days: int) -> None:
        barrier.wait()
        with suppress(Conflict):
            won.append(announce(database, keep_days=days))

    threads = [Thread(target=go, args=(days,)) for days in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as db:
        assert won == [1]
        assert len(entries(db, Search(action="policy.announce"), 10)) == 1
        assert [version.number for version in policy.versions(db)] == [1, 0]


def test_announce_refuses_no_change_and_no_words(database: Database) -> None:
    with database.begin() as db:
        with pytest.raises(Conflict):
            policy.announce(db, Policy(), "Nothing.", after=0, by=BY, now_ms=1)
        with pytest.raises(BadSpec):
            policy.announce(db, Policy(sharing="free"), " ", after=0, by=BY, now_ms=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sharing", "loud"),
        ("review_hours", 0),
        ("review_hours", True),
        ("review_hours", "48"),
        ("keep_days", 0),
        ("keep_days", 1.5),
        ("prompts", "everybody"),
        ("marked", "most"),
        ("open_numbers", 1),
        ("prize", 7),
    ],
)
def test_parse_refuses_what_is_no_policy_and_names_the_field(field: str, value: Any) -> None:
    with pytest.raises(BadSpec) as refused:
        policy.parse({field: value})
    assert refused.value.field == field


def test_sentences_say_every_part_of_the_policy() -> None:
    plain = policy.sentences(Policy(review_hours=72, keep_days=30, open_numbers=False))
    assert plain[1] == "A review takes at most 3 days, with a reason, and you can appeal."
    assert plain[2] == "Your clips are kept 30 days."
    assert len(plain) == 7
    assert len(policy.sentences(Policy(sharing="free"))) == 6
