"""Clips are kept as long as the policy says that their artist has, and no shorter."""

from dataclasses import replace

from programme import gallery, policy, retention, shares
from programme.policy import Policy
from tests.programme.conftest import NOW, Room

DAY_MS = 86_400_000
LATER = NOW + 31 * DAY_MS


def test_overdue_asks_what_each_artist_agreed_to(room: Room) -> None:
    """Ada agreed to thirty days, Ben did not; what hangs in the gallery stays."""
    clip, hanging = room.clip(room.ada), room.clip(room.ada)
    room.clip(room.ben)
    with room.database.begin() as db:
        wanted = replace(Policy(), keep_days=30)
        policy.announce(db, wanted, "Disks.", after=0, by="operator", now_ms=NOW + 1)
        policy.accept(db, room.ada, 1, NOW + 2)
        show = {"mode": "free", "title": "T", "credit": "", "prompt_shown": False}
        gallery.publish(db, hanging, room.ada, now_ms=NOW, **show)  # type: ignore[arg-type]
    with room.database.read() as db:
        assert retention.overdue(db, NOW + 29 * DAY_MS) == []
        assert retention.overdue(db, LATER) == [(clip, room.ada)]


def test_nothing_is_overdue_where_clips_are_kept_until_they_are_deleted(room: Room) -> None:
    room.clip(room.ada)
    with room.database.read() as db:
        assert retention.overdue(db, NOW + 10_000 * DAY_MS) == []


def test_clip_stays_as_long_as_a_link_to_it_does(room: Room) -> None:
    """A link may last past the clip's time; the clip is overdue once the last link ended."""
    clip = room.clip(room.ada)
    link = {"mode": "free", "credit": ""}
    with room.database.begin() as db:
        wanted = replace(Policy(), keep_days=30)
        policy.announce(db, wanted, "Disks.", after=0, by="operator", now_ms=NOW + 1)
        policy.accept(db, room.ada, 1, NOW + 2)
        lasting = shares.make(db, clip, room.ada, days=None, now_ms=NOW, **link)  # type: ignore[arg-type]
        shares.make(db, clip, room.ada, days=40, now_ms=NOW, **link)  # type: ignore[arg-type]
        shares.end(db, lasting.id, room.ada, NOW + 1)
    with room.database.read() as db:
        assert retention.overdue(db, NOW + 39 * DAY_MS) == []
        assert retention.overdue(db, NOW + 40 * DAY_MS) == [(clip, room.ada)]
