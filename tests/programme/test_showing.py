"""Links and the gallery: what the policy lets others see, until it ends."""

import threading
from contextlib import suppress

import pytest

from errors import (
    BadSpec,
    Conflict,
    LinkEnded,
    NotApproved,
    NotFound,
    NotGranted,
    OwnWork,
    TakenDown,
)
from programme import gallery, reviews, shares, showing
from programme.policy import FREE, PRIVATE, REVIEW_FIRST
from programme.records_clips import Publication, Share
from tests.programme.conftest import HOUR_MS, NOW, Room

DAY_MS = 24 * HOUR_MS


def share(room: Room, clip_id: str, mode: str = FREE, days: int | None = None) -> Share:
    with room.database.begin() as db:
        return shares.make(db, clip_id, room.ada, mode=mode, credit="Ada L.", days=days, now_ms=NOW)


def publish(room: Room, clip_id: str, mode: str = FREE, **wish: object) -> Publication:
    asked = {"title": "Ball", "credit": "Ada L.", "prompt_shown": False} | wish
    with room.database.begin() as db:
        return gallery.publish(db, clip_id, room.ada, mode=mode, now_ms=NOW, **asked)  # type: ignore[arg-type]


def approve(room: Room, clip_id: str) -> None:
    with room.database.begin() as db:
        reviews.submit(db, clip_id, room.ada, "", NOW)
        reviews.decide(db, clip_id, 1, "approved", by=room.cleo, now_ms=NOW)


def shown(room: Room, link: Share, at: int = NOW) -> bool:
    with room.database.read() as db:
        try:
            shares.follow(db, link.secret, at)
        except LinkEnded:
            return False
        return True


def hanging(room: Room) -> list[str]:
    with room.database.read() as db:
        return [exhibit.clip.id for exhibit in gallery.exhibits(db)]


def test_only_an_approved_clip_is_shown_where_review_comes_first(room: Room) -> None:
    clip_id = room.clip(room.ada)
    for show in (share, publish):
        with pytest.raises(NotApproved):
            show(room, clip_id, REVIEW_FIRST)  # type: ignore[operator]
    approve(room, clip_id)
    assert shown(room, share(room, clip_id, REVIEW_FIRST))
    publish(room, clip_id, REVIEW_FIRST)
    assert hanging(room) == [clip_id]


def test_any_clip_is_shown_under_share_freely_and_none_under_private(room: Room) -> None:
    clip_id = room.clip(room.ada)
    assert shown(room, share(room, clip_id, FREE))
    approve(room, clip_id)
    for show in (share, publish):
        with pytest.raises(NotGranted, match="private"):
            show(room, clip_id, PRIVATE)  # type: ignore[operator]


def test_link_ends_when_its_artist_ends_it_and_nobody_else(room: Room) -> None:
    link = share(room, room.clip(room.ada))
    with room.database.begin() as db, pytest.raises(NotFound):
        shares.end(db, link.id, room.ben, NOW)
    assert shown(room, link)
    with room.database.begin() as db:
        shares.end(db, link.id, room.ada, NOW)
        shares.end(db, link.id, room.ada, NOW + 1)
    assert not shown(room, link)


def test_link_ends_by_itself_to_the_millisecond(room: Room) -> None:
    link = share(room, room.clip(room.ada), days=1)
    assert shown(room, link, NOW + DAY_MS - 1)
    assert not shown(room, link, NOW + DAY_MS)


@pytest.mark.parametrize("days", [0, -1, 366])
def test_link_for_an_odd_time_is_refused(room: Room, days: int) -> None:
    with pytest.raises(BadSpec):
        share(room, room.clip(room.ada), days=days)


def test_clip_that_is_deleted_is_shown_nowhere(room: Room) -> None:
    clip_id = room.clip(room.ada)
    link = share(room, clip_id)
    publish(room, clip_id)
    room.delete(clip_id)
    assert not shown(room, link)
    assert hanging(room) == []
    with room.database.read() as db, pytest.raises(NotFound):
        gallery.find(db, clip_id)


def test_clip_has_so_many_links_and_no_more(room: Room) -> None:
    clip_id = room.clip(room.ada)
    links = [share(room, clip_id) for _ in range(shares.LINKS_MAX)]
    with pytest.raises(Conflict):
        share(room, clip_id)
    with room.database.begin() as db:
        shares.end(db, links[0].id, room.ada, NOW)
    share(room, clip_id)


def test_nobody_shows_somebody_elses_clip(room: Room) -> None:
    clip_id = room.clip(room.ben)
    for show in (share, publish):
        with pytest.raises(NotFound):
            show(room, clip_id)


def test_taking_down_ends_everything_and_keeps_the_reason(room: Room) -> None:
    clip_id = room.clip(room.ada)
    link = share(room, clip_id)
    publish(room, clip_id)
    with room.database.begin() as db:
        showing.take_down(db, clip_id, "likeness", "A singer asked.", by=room.cleo, now_ms=NOW + 9)
    assert not shown(room, link)
    assert hanging(room) == []
    with room.database.read() as db:
        kept = db.get_one(Publication, clip_id)
    assert (kept.ended_by, kept.ended_at, kept.reason, kept.words) == (
        "admin",
        NOW + 9,
        "likeness",
        "A singer asked.",
    )
    for show in (share, publish):
        with pytest.raises(TakenDown, match="real person"):
            show(room, clip_id)


def test_taking_down_can_be_undone_and_shows_nothing_by_itself(room: Room) -> None:
    clip_id = room.clip(room.ada)
    publish(room, clip_id)
    with room.database.begin() as db:
        showing.take_down(db, clip_id, "rules", "A mistake.", by=room.cleo, now_ms=NOW)
    with room.database.begin() as db:
        showing.restore(db, clip_id, by=room.dora, now_ms=NOW)
    assert hanging(room) == []
    publish(room, clip_id)
    assert hanging(room) == [clip_id]


def test_taking_down_is_not_undone_by_whose_clip_it_is(room: Room) -> None:
    """An admin who makes clips is an artist like the others."""
    clip_id = room.clip(room.dora)
    with room.database.begin() as db:
        gallery.publish(
            db,
            clip_id,
            room.dora,
            mode="free",
            credit="",
            title="T",
            prompt_shown=False,
            now_ms=NOW,
        )
        showing.take_down(db, clip_id, "rules", "Not here.", by=room.cleo, now_ms=NOW)
    with pytest.raises(OwnWork), room.database.begin() as db:
        showing.restore(db, clip_id, by=room.dora, now_ms=NOW)
    with room.database.begin() as db:
        assert showing.taken_down_for(db, clip_id) == "rules"
        showing.restore(db, clip_id, by=room.cleo, now_ms=NOW)
        assert showing.taken_down_for(db, clip_id) is None


def test_taking_down_without_a_reason_or_of_nothing_is_refused(room: Room) -> None:
    clip_id = room.clip(room.ada)
    publish(room, clip_id)
    for reason, words in (("", "Words."), ("likeness", "")):
        with room.database.begin() as db, pytest.raises(BadSpec):
            showing.take_down(db, clip_id, reason, words, by=room.cleo, now_ms=NOW)
    other = room.clip(room.ada)
    for missing in (other, "0" * 32):
        with room.database.begin() as db, pytest.raises(NotFound):
            showing.take_down(db, missing, "rules", "Words.", by=room.cleo, now_ms=NOW)


def test_no_link_outlives_a_taking_down_that_happens_at_the_same_time(room: Room) -> None:
    """Whoever comes first: what is shown afterwards is nothing."""
    for _ in range(6):
        clip_id = room.clip(room.ada)
        publish(room, clip_id)
        links: list[Share] = []
        start = threading.Barrier(5)

        def make(
            clip_id: str = clip_id,
            links: list[Share] = links,
            start: threading.Barrier = start,
        ) -> None:
            start.wait()
            with suppress(TakenDown):
                links.append(share(room, clip_id))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        start.wait()
        with room.database.begin() as db:
            showing.take_down(db, clip_id, "rules", "Now.", by=room.cleo, now_ms=NOW)
        for thread in threads:
            thread.join()
        assert [link for link in links if shown(room, link)] == []


def test_artist_takes_a_clip_out_and_hangs_it_up_again(room: Room) -> None:
    clip_id = room.clip(room.ada)
    publish(room, clip_id)
    with pytest.raises(Conflict):
        publish(room, clip_id)
    with room.database.begin() as db, pytest.raises(NotFound):
        gallery.take_out(db, clip_id, room.ben, NOW)
    with room.database.begin() as db:
        gallery.take_out(db, clip_id, room.ada, NOW)
    assert hanging(room) == []
    publish(room, clip_id, credit="", title="Again")
    with room.database.read() as db:
        exhibit = gallery.find(db, clip_id)
    assert (exhibit.publication.title, exhibit.publication.credit) == ("Again", "")


def test_prompt_is_shown_only_where_its_artist_wishes(room: Room) -> None:
    open_clip, kept = (room.clip(room.ada, f"a {colour} ball") for colour in ("red", "blue"))
    publish(room, open_clip, prompt_shown=True)
    publish(room, kept)
    with room.database.read() as db:
        prompts = {exhibit.clip.id: exhibit.prompt for exhibit in gallery.exhibits(db)}
    assert prompts == {open_clip: "a red ball", kept: None}


def test_everything_of_an_artist_is_hidden_at_once_and_nothing_of_others(room: Room) -> None:
    mine, theirs = room.clip(room.ada), room.clip(room.ben)
    link = share(room, mine)
    publish(room, mine)
    with room.database.begin() as db:
        gallery.publish(
            db, theirs, room.ben, mode=FREE, title="x", credit="", prompt_shown=False, now_ms=NOW
        )
    with room.database.begin() as db:
        assert showing.end_all(db, room.ada, NOW) == 2
    assert not shown(room, link)
    assert hanging(room) == [theirs]


@pytest.mark.parametrize(
    "wish",
    [
        {"title": ""},
        {"title": "x" * 121},
        {"title": "a\nb"},
        {"credit": "x" * 81},
        {"credit": "\u202e"},
    ],
)
def test_title_and_credit_fit_on_one_line(room: Room, wish: dict[str, str]) -> None:
    with pytest.raises(BadSpec):
        publish(room, room.clip(room.ada), **wish)
    assert hanging(room) == []
