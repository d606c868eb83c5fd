"""By policy, whose eyes a clip meets decides which of its files they get."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PIL import Image

from auth import testers
from database import Database
from jobs.records import Clip
from programme import calls, policy, reviews
from programme.policy import Policy
from studio.open_calls import send_entry
from studio.parts import Parts
from studio.ranges import StoredFile
from studio.showing.desk import send_case
from studio.shown import key_for_artist, key_for_others
from tests.programme.conftest import finished_clip
from tests.studio.conftest import wire

NOW = 1_800_000_000_000
CALL = {
    **dict.fromkeys(calls.LENGTHS, "Rain"),
    "entries_each": 1,
    "opens_at": NOW,
    "closes_at": NOW + 10,
    "decides_at": NOW + 20,
}


def still_of(parts: Parts, owner_id: str) -> Clip:
    """A clip of which the store has the still."""
    store = parts.store
    clip = Clip(
        id="a" * 32, owner_id=owner_id, key=store.key("own.mp4"), poster_key=store.key("own.jpg")
    )
    draft = store.draft("own.jpg")
    Image.new("RGB", (256, 256), "white").save(draft)
    store.keep(draft, clip.poster_key)
    return clip


def announce(database: Database, marked: str) -> None:
    with database.begin() as db:
        had = policy.current(db)
        if had.policy.marked != marked:
            wanted = Policy(marked=marked)
            policy.announce(db, wanted, "So.", after=had.number, by="tester:x", now_ms=NOW)


@pytest.mark.parametrize(
    ("marked", "artist_sees", "others_see"),
    [("others", "own", "sign"), ("all", "sign", "sign"), ("none", "own", "own")],
)
async def test_policy_decides_who_gets_the_copy_with_the_sign(
    database: Database, tmp_path: Path, marked: str, artist_sees: str, others_see: str
) -> None:
    parts = wire(database, tmp_path, GREENROOM_VISIBLE_MARK="policy")
    announce(database, marked)
    with database.begin() as db:
        ada = testers.add(db, "Ada", now_ms=NOW + 1).id
    clip = still_of(parts, ada)
    keys = {"own": clip.poster_key, "sign": parts.store.key(f"{clip.id}-shown.jpg")}
    assert await key_for_artist(parts, clip, "jpg") == keys[artist_sees]
    assert await key_for_others(parts, clip, "jpg") == keys[others_see]
    assert parts.store.size(keys[others_see]) > 0


async def test_artist_who_did_not_agree_to_the_mark_keeps_their_own_film_without(
    database: Database, tmp_path: Path
) -> None:
    """A sign on one's own films takes something away, and waits for a yes."""
    parts = wire(database, tmp_path, GREENROOM_VISIBLE_MARK="policy")
    with database.begin() as db:
        ada = testers.add(db, "Ada", now_ms=NOW - 1).id
    announce(database, "all")
    clip = still_of(parts, ada)
    assert await key_for_artist(parts, clip, "jpg") == clip.poster_key
    with database.begin() as db:
        policy.accept(db, ada, 1, NOW + 1)
    assert await key_for_artist(parts, clip, "jpg") == parts.store.key(f"{clip.id}-shown.jpg")


async def test_operator_who_says_never_marks_nothing_whatever_the_policy(
    database: Database, tmp_path: Path
) -> None:
    parts = wire(database, tmp_path, GREENROOM_VISIBLE_MARK="never")
    announce(database, "all")
    clip = still_of(parts, "nobody")
    assert await key_for_others(parts, clip, "jpg") == clip.poster_key


@pytest.mark.parametrize("send", [send_case, send_entry])
async def test_reviewers_and_juries_are_sent_what_others_are(
    database: Database, tmp_path: Path, send: Callable[..., Awaitable[StoredFile]]
) -> None:
    parts = wire(database, tmp_path, GREENROOM_VISIBLE_MARK="policy")
    with database.begin() as db:
        ada = testers.add(db, "Ada", now_ms=NOW).id
        clip_id = finished_clip(db, ada, "a red ball")
        reviews.submit(db, clip_id, ada, "", NOW)
        call = calls.publish(db, CALL, by="tester:x", now_ms=NOW)
        calls.enter(db, call.id, clip_id, ada, "", NOW + 1)
        clip = db.get_one(Clip, clip_id)
    draft = parts.store.draft("own.jpg")
    Image.new("RGB", (256, 256), "white").save(draft)
    parts.store.keep(draft, clip.poster_key)
    answer = await send(parts, None, clip_id, "jpg")
    assert answer.key == parts.store.key(f"{clip_id}-shown.jpg")
