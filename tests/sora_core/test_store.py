"""A file appears in the store whole or not at all: on a disk, and in a bucket."""

import os
from pathlib import Path

import pytest

from errors import NotFound, StoreFailed
from sora_core.store import Store

FILM = bytes(range(256)) * 8192  # two pieces


@pytest.fixture(params=["disk", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store, on each kind of place in turn."""
    if request.param == "disk":
        return Store(tmp_path / "clips")
    return Store(request.getfixturevalue("bucket_url"), scratch=tmp_path)


def put(store: Store, name: str, content: bytes = FILM) -> str:
    draft = store.draft(name)
    draft.write_bytes(content)
    store.keep(draft, store.key(name))
    assert not draft.exists()
    return store.key(name)


def test_keep_moves_a_draft_to_its_key(store: Store) -> None:
    key = put(store, "a.mp4")
    assert store.size(key) == len(FILM)
    assert b"".join(store.read(key, 0, len(FILM))) == FILM
    with store.lend(key) as path:
        assert path.read_bytes() == FILM


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (5, 300), (2**20 - 1, 2**20 + 1), (7, 7)])
def test_read_gives_the_part_that_was_asked_for(store: Store, start: int, stop: int) -> None:
    key = put(store, "a.mp4")
    assert b"".join(store.read(key, start, stop)) == FILM[start:stop]


def test_keep_replaces_what_stood_there(store: Store) -> None:
    put(store, "a.mp4")
    key = put(store, "a.mp4", b"new")
    assert store.size(key) == 3


def test_key_puts_a_film_and_its_still_side_by_side(store: Store) -> None:
    assert Path(store.key("a.mp4")).parent == Path(store.key("a.jpg")).parent


@pytest.mark.parametrize(
    "key", ["../outside", "/etc/hostname", "aa/missing.mp4", "", "aa", "aa/.."]
)
def test_nothing_is_found_outside_and_no_folder(store: Store, key: str, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret")
    (tmp_path / "clips" / "aa").mkdir(parents=True)
    with pytest.raises(NotFound):
        store.size(key)
    with pytest.raises(NotFound), store.lend(key):
        raise AssertionError


def test_keep_fails_with_a_sentence_when_there_is_no_draft(store: Store) -> None:
    with pytest.raises(StoreFailed, match="could not be kept"):
        store.keep(store.draft("a.mp4"), store.key("a.mp4"))


def test_draft_fails_with_a_sentence_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreFailed, match="cannot be written"):
        Store(tmp_path / "file").draft("a.mp4")


def test_bucket_that_does_not_answer_is_told_with_a_sentence(
    bucket_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store = Store(bucket_url, scratch=tmp_path)
    draft = store.draft("a.mp4")
    draft.write_bytes(FILM)
    with pytest.raises(StoreFailed, match="Try again later"):
        store.keep(draft, store.key("a.mp4"))
    with pytest.raises(StoreFailed, match="Try again later"):
        store.size(store.key("a.mp4"))
    store.discard("a.mp4")


def test_names_tell_every_kept_file_and_when_it_was_written(store: Store) -> None:
    assert list(store.names()) == []
    put(store, "a.mp4")
    put(store, "b.jpg")
    store.draft("c.mp4").write_bytes(b"not kept")
    assert sorted(name for name, _ in store.names()) == ["a.mp4", "b.jpg"]
    assert all(
        1_600_000_000_000 < written_at < 4_000_000_000_000 for _, written_at in store.names()
    )


def test_discard_removes_draft_and_kept_file_and_minds_neither_missing(store: Store) -> None:
    key = put(store, "a.mp4")
    store.draft("a.mp4").write_bytes(b"d")
    store.discard("a.mp4")
    store.discard("a.mp4")
    assert not store.draft("a.mp4").exists()
    with pytest.raises(NotFound):
        store.size(key)


def test_sweep_removes_drafts_of_its_writer_only(tmp_path: Path) -> None:
    mine, other = Store(tmp_path, "one"), Store(tmp_path, "two")
    kept = put(mine, "kept.mp4", b"k")
    for store in (mine, other):
        store.draft("left.mp4").write_bytes(b"x")
    mine.sweep()
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.mp4"))
    assert left == sorted([".drafts/two/left.mp4", kept])


def test_sweep_all_removes_what_nobody_touched_for_long(tmp_path: Path) -> None:
    store = Store(tmp_path, "one")
    for name, written_s in (("old.mp4", 1_000), ("new.mp4", 3_000)):
        draft = store.draft(name)
        draft.write_bytes(b"x")
        os.utime(draft, (written_s, written_s))
    Store(tmp_path, "two").sweep_all(before_s=2_000)
    assert [path.name for path in tmp_path.rglob("*.mp4")] == ["new.mp4"]
