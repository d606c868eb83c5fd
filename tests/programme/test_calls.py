"""Open calls: rules in sight, every entry accounted for, one decision about all of them."""

import threading

import pytest

from errors import BadSpec, ClipDeleted, Conflict, GreenroomError, NotFound, OwnWork, TakenDown
from programme import calls, gallery, showing
from programme.records_calls import Call, Entry
from tests.programme.conftest import HOUR_MS, NOW, Room

DAY_MS = 24 * HOUR_MS
CLOSED = NOW + 2 * DAY_MS
FORM = {
    "title": "Rain",
    "brief": "Films about rain.\nAny kind.",
    "rules": "One clip each.",
    "prize": "500 EUR and a screening",
    "jury": "Two film makers and an admin",
    "entries_each": 1,
    "opens_at": NOW,
    "closes_at": NOW + DAY_MS,
    "decides_at": NOW + 7 * DAY_MS,
}


def publish(room: Room, **change: object) -> Call:
    with room.database.begin() as db:
        return calls.publish(db, FORM | change, by="operator", now_ms=NOW)


def enter(room: Room, call: Call, owner_id: str, at: int = NOW) -> str:
    """The id of a new clip of this artist, entered."""
    clip_id = room.clip(owner_id)
    with room.database.begin() as db:
        calls.enter(db, call.id, clip_id, owner_id, "Rain on glass.", at)
    return clip_id


def shortlist(room: Room, call: Call, clip_id: str, listed: bool = True, at: int = CLOSED) -> None:
    with room.database.begin() as db:
        calls.shortlist(db, call.id, clip_id, listed, by=room.cleo, now_ms=at)


def decide(room: Room, call: Call, *chosen: str, by: str = "", at: int = CLOSED) -> None:
    with room.database.begin() as db:
        calls.decide(db, call.id, chosen, "Well done.", by=by or room.cleo, now_ms=at)


def standing(room: Room, call: Call) -> dict[str, tuple[str, bool]]:
    with room.database.read() as db:
        rows = calls.entries(db, call.id)
        return {row.clip_id: (row.state, row.shortlisted) for row in rows}


def test_call_goes_from_entries_to_a_decision_about_every_one(room: Room) -> None:
    call = publish(room, entries_each=2)
    first, second, third = (enter(room, call, who) for who in (room.ada, room.ada, room.ben))
    shortlist(room, call, first)
    shortlist(room, call, third)
    decide(room, call, third)
    assert standing(room, call) == {
        first: ("not_chosen", True),
        second: ("not_chosen", False),
        third: ("chosen", True),
    }
    with room.database.read() as db:
        assert calls.count(db, call.id) == calls.Count(3, 2, 2, 1)
        decided = db.get_one(Call, call.id)
        assert (calls.state_of(decided, CLOSED), decided.words) == ("decided", "Well done.")


def test_call_opens_and_closes_to_the_millisecond(room: Room) -> None:
    call = publish(room, opens_at=NOW + 10)
    states = [calls.state_of(call, at) for at in (NOW + 9, NOW + 10, NOW + DAY_MS - 1)]
    assert states == ["coming", "open", "open"]
    assert calls.state_of(call, NOW + DAY_MS) == "closed"
    for at in (NOW + 9, NOW + DAY_MS):
        with pytest.raises(Conflict, match="not open"):
            enter(room, call, room.ada, at)


def test_artist_enters_as_many_as_the_rules_allow_even_all_at_once(room: Room) -> None:
    call = publish(room, entries_each=2)
    outcomes: list[str] = []
    clips = [room.clip(room.ada) for _ in range(6)]
    start = threading.Barrier(len(clips))

    def enter_one(clip_id: str) -> None:
        start.wait()
        try:
            with room.database.begin() as db:
                calls.enter(db, call.id, clip_id, room.ada, "", NOW)
            outcomes.append("entered")
        except Conflict:
            outcomes.append("enough")

    threads = [threading.Thread(target=enter_one, args=(clip_id,)) for clip_id in clips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["enough"] * 4 + ["entered"] * 2


def test_entry_is_withdrawn_and_entered_again_by_its_artist_alone(room: Room) -> None:
    call = publish(room)
    clip_id = enter(room, call, room.ada)
    with room.database.begin() as db, pytest.raises(Conflict):
        calls.withdraw(db, call.id, clip_id, room.ben, NOW)
    with room.database.begin() as db:
        calls.withdraw(db, call.id, clip_id, room.ada, NOW)
    with room.database.read() as db, pytest.raises(NotFound):
        calls.require_entered(db, clip_id)
    with room.database.begin() as db:
        calls.enter(db, call.id, clip_id, room.ada, "", NOW)
    with room.database.read() as db:
        assert calls.require_entered(db, clip_id).id == clip_id


def test_nobody_enters_somebody_elses_clip_or_one_that_was_taken_down(room: Room) -> None:
    call = publish(room)
    clip_id = room.clip(room.ada)
    with room.database.begin() as db, pytest.raises(NotFound):
        calls.enter(db, call.id, clip_id, room.ben, "", NOW)
    with room.database.begin() as db:
        wish = {"title": "x", "credit": "", "prompt_shown": False}
        gallery.publish(db, clip_id, room.ada, mode="free", now_ms=NOW, **wish)  # type: ignore[arg-type]
        showing.take_down(db, clip_id, "rules", "No.", by=room.cleo, now_ms=NOW)
    with room.database.begin() as db, pytest.raises(TakenDown):
        calls.enter(db, call.id, clip_id, room.ada, "", NOW)


def test_nothing_is_judged_before_entries_are_closed_nor_twice(room: Room) -> None:
    call = publish(room)
    clip_id = enter(room, call, room.ada)
    with pytest.raises(Conflict, match="open"):
        shortlist(room, call, clip_id, at=NOW)
    with pytest.raises(Conflict, match="open"):
        decide(room, call, at=NOW)
    shortlist(room, call, clip_id)
    decide(room, call, clip_id)
    for judge in (lambda: decide(room, call), lambda: shortlist(room, call, clip_id)):
        with pytest.raises(Conflict, match="decided"):
            judge()
    assert standing(room, call) == {clip_id: ("chosen", True)}


def test_choice_off_the_shortlist_decides_nothing(room: Room) -> None:
    call = publish(room)
    listed, other = enter(room, call, room.ada), enter(room, call, room.ben)
    shortlist(room, call, listed)
    for chosen in ((listed, other), (listed, listed)):
        with pytest.raises(BadSpec):
            decide(room, call, *chosen)
    assert standing(room, call) == {listed: ("entered", True), other: ("entered", False)}


def test_shortlisted_clip_that_was_deleted_is_not_chosen(room: Room) -> None:
    call = publish(room)
    clip_id = enter(room, call, room.ada)
    shortlist(room, call, clip_id)
    room.delete(clip_id)
    with pytest.raises(ClipDeleted):
        decide(room, call, clip_id)
    decide(room, call)
    assert standing(room, call) == {clip_id: ("not_chosen", True)}


def test_admin_with_an_entry_neither_shortlists_it_nor_decides_the_call(room: Room) -> None:
    call = publish(room)
    own, other = enter(room, call, room.cleo), enter(room, call, room.ada)
    with pytest.raises(OwnWork):
        shortlist(room, call, own)
    shortlist(room, call, other)
    with pytest.raises(OwnWork):
        decide(room, call, other)
    decide(room, call, other, by=room.dora)


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"prize": None},
        {"rules": "x" * 4001},
        {"entries_each": 0},
        {"entries_each": True},
        {"closes_at": NOW},
        {"decides_at": NOW + HOUR_MS},
        {"opens_at": "soon"},
        {"opens_at": -1},
    ],
)
def test_call_that_leaves_something_open_is_refused(room: Room, change: dict[str, object]) -> None:
    with pytest.raises(BadSpec):
        publish(room, **change)
    with room.database.read() as db:
        assert calls.all_calls(db) == []


def test_unknown_call_is_not_there(room: Room) -> None:
    clip_id = room.clip(room.ada)
    with room.database.begin() as db, pytest.raises(GreenroomError) as refused:
        calls.enter(db, "0" * 32, clip_id, room.ada, "", NOW)
    assert refused.value.code == "not_found"
    with room.database.read() as db:
        assert db.get(Entry, ("0" * 32, clip_id)) is None
