"""A file appears in the store whole or not at all."""

import os
from pathlib import Path

import pytest

from errors import NotFound, StoreFailed
from sora_core.store import Store


def test_keep_moves_a_draft_to_its_key(tmp_path: Path) -> None:
    store = Store(tmp_path)
    draft = store.draft("a.mp4")
    draft.write_bytes(b"film")
    store.keep(draft, store.key("a.mp4"))
    assert store.path(store.key("a.mp4")).read_bytes() == b"film"
    assert not draft.exists()


def test_key_puts_a_film_and_its_still_side_by_side(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert Path(store.key("a.mp4")).parent == Path(store.key("a.jpg")).parent


@pytest.mark.parametrize("key", ["../outside", "/etc/hostname", "aa/missing.mp4", "", "aa"])
def test_path_finds_nothing_outside_and_no_folder(tmp_path: Path, key: str) -> None:
    (tmp_path / "outside").write_text("secret")
    (tmp_path / "store" / "aa").mkdir(parents=True)
    with pytest.raises(NotFound):
        Store(tmp_path / "store").path(key)


def test_keep_fails_with_a_sentence_when_there_is_no_draft(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreFailed, match="could not be kept"):
        store.keep(store.draft("a.mp4"), store.key("a.mp4"))


def test_draft_fails_with_a_sentence_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreFailed, match="cannot be written"):
        Store(tmp_path / "file").draft("a.mp4")


def test_sweep_removes_drafts_of_its_writer_only(tmp_path: Path) -> None:
    mine, other = Store(tmp_path, "one"), Store(tmp_path, "two")
    kept = mine.draft("kept.mp4")
    kept.write_bytes(b"k")
    mine.keep(kept, mine.key("kept.mp4"))
    for store in (mine, other):
        store.draft("left.mp4").write_bytes(b"x")
    mine.sweep()
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.mp4"))
    assert left == sorted([".drafts/two/left.mp4", mine.key("kept.mp4")])


def test_discard_removes_draft_and_kept_file_and_minds_neither_missing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = store.draft("a.mp4")
    kept.write_bytes(b"k")
    store.keep(kept, store.key("a.mp4"))
    store.draft("a.mp4").write_bytes(b"d")
    store.discard("a.mp4")
    store.discard("a.mp4")
    assert [name for _, _, names in os.walk(tmp_path) for name in names] == []
