"""Prompts are read by admins where their artist's policy says so, and each look is written down."""

from dataclasses import replace

import pytest

from auth import testers
from errors import BadSpec, NotFound, NotGranted
from programme import policy, prompts
from tests.programme.conftest import NOW, Room


def announce(room: Room, readers: str, after: int = 0) -> None:
    with room.database.begin() as db:
        wanted = replace(policy.current(db).policy, prompts=readers)
        policy.announce(
            db, wanted, "Because.", after=after, by=f"tester:{room.cleo}", now_ms=NOW + after + 1
        )


def agree(room: Room, tester_id: str, number: int = 1) -> None:
    with room.database.begin() as db:
        policy.accept(db, tester_id, number, NOW)


def read(room: Room, tester_id: str, why: str = "A leak.", before: str | None = None) -> list[str]:
    with room.database.begin() as db:
        found = prompts.read(
            db, tester_id, why, by=f"tester:{room.cleo}", now_ms=NOW, before=before
        )
        return [str(job.spec["prompt"]) for job in found]


def looks(room: Room) -> int:
    with room.database.read() as db:
        return prompts.count_looks(db)


def test_read_is_refused_until_the_artist_agreed_and_leaves_no_row(room: Room) -> None:
    room.clip(room.ada)
    with pytest.raises(NotGranted, match=r"does not let admins read their prompts\.$"):
        read(room, room.ada)
    announce(room, "admins")
    with pytest.raises(NotGranted, match="They have not agreed to the one that does"):
        read(room, room.ada)
    assert looks(room) == 0
    agree(room, room.ada)
    assert read(room, room.ada) == ["a red ball bouncing"]


def test_read_writes_who_when_and_why_and_no_prompt(room: Room) -> None:
    announce(room, "admins")
    agree(room, room.ada)
    room.clip(room.ada, "a secret sunrise")
    read(room, room.ada, "A film leaked.")
    with room.database.read() as db:
        [row] = prompts.looks(db, room.ada)
        assert prompts.looks(db, room.ben) == []
    assert (row.actor, row.subject, row.at_ms) == (
        f"tester:{room.cleo}",
        f"tester:{room.ada}",
        NOW,
    )
    assert (row.reason, row.details) == ("A film leaked.", '{"prompts":1}')


def test_read_gives_the_newest_first_and_older_ones_on_asking(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(room, "admins")
    agree(room, room.ada)
    clips = sorted(room.clip(room.ada, f"ball {number}") for number in range(5))
    room.clip(room.ben, "somebody else's")
    monkeypatch.setattr(prompts, "SHOWN", 3)
    assert len(read(room, room.ada)) == 3
    assert len(read(room, room.ada, before=clips[2])) == 2
    assert looks(room) == 2


def test_read_without_a_reason_or_of_nobody_is_refused(room: Room) -> None:
    announce(room, "admins")
    for why in ("", "   ", "x" * 401):
        with pytest.raises(BadSpec) as refused:
            read(room, room.ada, why)
        assert refused.value.facts["field"] == "why"
    with pytest.raises(NotFound):
        read(room, "0" * 32)


def test_policy_that_takes_the_right_back_holds_at_once(room: Room) -> None:
    announce(room, "admins")
    agree(room, room.ada)
    read(room, room.ada)
    announce(room, "reviewers", after=1)
    with pytest.raises(NotGranted):
        read(room, room.ada)


def test_artists_says_of_everybody_what_the_policy_they_have_says(room: Room) -> None:
    """Ada agreed, Ben did not, Eve came later, and Dora never asked for anything."""
    announce(room, "admins")
    agree(room, room.ada)
    with room.database.begin() as db:
        eve = testers.add(db, "Eve", now_ms=NOW + 5).id
    for owner in (room.ada, room.ben, eve):
        room.clip(owner)
    with room.database.read() as db:
        said = {tester.name: may for tester, may in prompts.artists(db)}
        everybody = policy.standings(db)
        for tester_id in (room.ada, room.ben, room.cleo, room.dora, eve):
            assert everybody[tester_id] == policy.standing(db, tester_id)
    assert said == {"Ada": True, "Ben": False, "Eve": True}
