"""Consent: no until somebody says yes, one clip before all of them, and no again at once."""

import pytest

from auth.audit import Search, entries
from errors import BadSpec, NotFound
from programme import consent, gallery
from programme.consent import ANALYTICS, PUBLICITY, PURPOSES, TRAINING
from tests.programme.conftest import Room


def test_everything_is_off_until_its_tester_says_otherwise(room: Room) -> None:
    ada = room.ada
    clip = room.clip(ada)
    with room.database.read() as db:
        assert consent.in_general(db, ada) == dict.fromkeys(PURPOSES, False)
        assert not any(consent.allows(db, purpose, ada, clip) for purpose in PURPOSES)
        assert [consent.clips_allowed(db, purpose) for purpose in PURPOSES] == [[], [], []]


def test_word_about_one_clip_goes_before_the_word_about_all(room: Room) -> None:
    ada, ben = room.ada, room.ben
    first, second, third = (room.clip(ada) for _ in range(3))
    room.clip(ben)
    with room.database.begin() as db:
        consent.say(db, ada, TRAINING, True, now_ms=1)
        consent.say(db, ada, TRAINING, False, clip_id=second, now_ms=2)
        consent.say(db, ada, PUBLICITY, True, clip_id=third, now_ms=3)
    with room.database.read() as db:
        assert {clip.id for clip in consent.clips_allowed(db, TRAINING)} == {first, third}
        assert [clip.id for clip in consent.clips_allowed(db, PUBLICITY)] == [third]
        assert [consent.allows(db, TRAINING, ada, clip) for clip in (first, second)] == [
            True,
            False,
        ]
        assert consent.allows(db, PUBLICITY, ada, first) is False


def test_withdrawing_holds_at_once_and_each_change_is_in_the_log_once(room: Room) -> None:
    ada = room.ada
    clip = room.clip(ada)
    for given in (True, True, False, False):
        with room.database.begin() as db:
            consent.say(db, ada, ANALYTICS, given, now_ms=5)
    with room.database.read() as db:
        assert consent.allows(db, ANALYTICS, ada, clip) is False
        rows = entries(db, Search(action="consent"), 10)
    assert [row.action for row in rows] == ["consent.withdraw", "consent.give"]


def test_say_refuses_an_unknown_purpose_and_somebody_elses_clip(room: Room) -> None:
    ada, ben = room.ada, room.ben
    clip = room.clip(ben)
    with room.database.begin() as db:
        with pytest.raises(BadSpec):
            consent.say(db, ada, "resale", True, now_ms=1)
        with pytest.raises(NotFound):
            consent.say(db, ada, TRAINING, True, clip_id=clip, now_ms=1)
        assert consent.words_of(db, ada) == []


def test_withdrawing_publicity_takes_clips_out_of_the_gallery(room: Room) -> None:
    """Of all: but those that have a yes of their own. Of one: that one."""
    ada = room.ada
    first, second, third = (room.clip(ada) for _ in range(3))
    with room.database.begin() as db:
        for clip in (first, second, third):
            gallery.publish(
                db, clip, ada, mode="free", title="T", credit="", prompt_shown=False, now_ms=1
            )
        consent.say(db, ada, PUBLICITY, True, clip_id=second, now_ms=1)
    with room.database.begin() as db:
        consent.say(db, ada, PUBLICITY, False, clip_id=third, now_ms=2)
        assert {row.clip.id for row in gallery.exhibits(db)} == {first, second}
        consent.say(db, ada, PUBLICITY, False, now_ms=3)
        assert {row.clip.id for row in gallery.exhibits(db)} == {second}
