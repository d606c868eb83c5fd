"""Feedback: what a tester sends, what is decided about it, and what they get for it."""

from contextlib import suppress
from threading import Barrier, Thread
from typing import Any

import pytest

from auth.audit import Search, entries
from errors import AlreadyDecided, BadSpec, NotFound, OwnWork, TooMany
from programme import feedback, gallery, ledger
from programme.feedback import ACCEPTED, BUG, DECLINED, FIXED, NEW, Said
from programme.records_contributions import Feedback
from tests.programme.conftest import NOW, Room


def send(room: Room, tester_id: str, said: Said) -> Feedback:
    with room.database.begin() as db:
        return feedback.send(db, tester_id, said, NOW)


def decide(room: Room, row: Feedback, state: str, answer: str = "Thank you.") -> Feedback:
    with room.database.begin() as db:
        return feedback.decide(db, row.id, state, answer, by=room.cleo, now_ms=NOW)


def test_report_goes_from_new_to_fixed_and_its_tester_reads_every_answer(room: Room) -> None:
    row = send(room, room.ada, Said(BUG, "The ball flickers."))
    assert row.state == NEW
    decide(room, row, ACCEPTED, "We see it too.")
    decide(room, row, FIXED, "Better since today.")
    with room.database.read() as db:
        [read] = feedback.sent_by(db, room.ada)
        assert (read.state, read.answer) == (FIXED, "Better since today.")
        kinds = sorted(row.kind for row in ledger.credits_of(db, room.ada))
        actions = [row.action for row in entries(db, Search(action="feedback"), 10)]
    assert kinds == ["fix", "report"]
    assert actions == ["feedback.decide", "feedback.decide", "feedback.send"]


def test_what_was_declined_and_accepted_again_is_credited_once(room: Room) -> None:
    row = send(room, room.ada, Said(BUG, "It drifts."))
    decide(room, row, ACCEPTED)
    decide(room, row, DECLINED)
    decide(room, row, ACCEPTED)
    with room.database.read() as db:
        assert [row.kind for row in ledger.credits_of(db, room.ada)] == ["report"]


def test_decide_refuses_no_reason_ones_own_a_second_time_and_a_rating(room: Room) -> None:
    clip = room.clip(room.ada)
    row, own = (
        send(room, room.ada, Said(BUG, "It is slow.")),
        send(room, room.cleo, Said(BUG, "So.")),
    )
    rating = send(room, room.ada, Said("rating", clip_id=clip, rating=2))
    with pytest.raises(BadSpec):
        decide(room, row, DECLINED, "")
    with pytest.raises(OwnWork):
        decide(room, own, ACCEPTED)
    with pytest.raises(NotFound):
        decide(room, rating, ACCEPTED)
    decide(room, row, FIXED)
    with pytest.raises(AlreadyDecided):
        decide(room, row, DECLINED)


def test_decide_has_one_winner_of_many(room: Room) -> None:
    row, barrier, won = send(room, room.ada, Said(BUG, "It ends early.")), Barrier(6), list[str]()

    def go(state: str) -> None:
        barrier.wait()
        with suppress(AlreadyDecided):
            won.append(decide(room, row, state).state)

    threads = [Thread(target=go, args=(FIXED,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [FIXED]


def test_settings_go_along_only_when_their_artist_says_so(room: Room) -> None:
    clip = room.clip(room.ada, "a secret idea")
    kept = send(room, room.ada, Said(BUG, "Look.", clip_id=clip))
    given = send(room, room.ada, Said(BUG, "Look.", clip_id=clip, attach=True))
    assert kept.settings is None
    assert given.settings is not None
    assert given.settings["prompt"] == "a secret idea"


def test_harm_of_a_clip_in_the_gallery_may_be_reported_but_its_settings_stay(room: Room) -> None:
    clip = room.clip(room.ben, "somebody else's idea")
    wish = Said("harm", "It shows my house.", clip_id=clip, attach=True)
    with pytest.raises(NotFound):
        send(room, room.ada, wish)
    with room.database.begin() as db:
        gallery.publish(
            db,
            clip,
            room.ben,
            mode="free",
            title="House",
            credit="Ben",
            prompt_shown=False,
            now_ms=NOW,
        )
    assert send(room, room.ada, wish).settings is None


def test_rating_a_clip_again_changes_the_one_rating(room: Room) -> None:
    clip = room.clip(room.ada)
    for stars in (2, 5):
        send(room, room.ada, Said("rating", clip_id=clip, rating=stars))
    with room.database.read() as db:
        assert [(row.kind, row.rating) for row in feedback.sent_by(db, room.ada)] == [("rating", 5)]
        assert feedback.to_decide(db) == []


def test_harm_is_listed_before_what_came_earlier(room: Room) -> None:
    send(room, room.ada, Said(BUG, "It is slow."))
    send(room, room.ben, Said("harm", "It shows a real person."))
    with room.database.read() as db:
        assert [(row.kind, name) for row, name in feedback.to_decide(db)] == [
            ("harm", "Ben"),
            ("bug", "Ada"),
        ]


def test_send_refuses_more_than_a_days_worth(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "A_DAY", 2)
    for _ in range(2):
        send(room, room.ada, Said(BUG, "Again."))
    with pytest.raises(TooMany):
        send(room, room.ada, Said(BUG, "Again."))


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"kind": "praise"}, "kind"),
        ({"kind": "bug"}, "words"),
        ({"kind": "bug", "words": 7}, "words"),
        ({"kind": "bug", "words": "x" * 4001}, "words"),
        ({"kind": "bug", "words": "x", "clip_id": 7}, "clip_id"),
        ({"kind": "rating", "rating": 3}, "clip_id"),
        ({"kind": "rating", "rating": 6, "clip_id": "c"}, "rating"),
        ({"kind": "rating", "rating": True, "clip_id": "c"}, "rating"),
    ],
)
def test_parse_refuses_what_cannot_be_kept_and_names_the_field(
    form: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadSpec) as refused:
        feedback.parse(form)
    assert refused.value.field == field
