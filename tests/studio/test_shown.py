"""By policy, whose eyes a clip meets decides which of its files they get."""

from pathlib import Path

import pytest
from PIL import Image

from database import Database
from jobs.records import Clip
from studio.shown import key_for_artist, key_for_others
from tests.studio.conftest import wire


@pytest.mark.parametrize(
    ("policy", "artist_sees", "others_see"),
    [("shared", "own", "sign"), ("always", "sign", "sign"), ("never", "own", "own")],
)
async def test_policy_decides_who_gets_the_copy_with_the_sign(
    database: Database, tmp_path: Path, policy: str, artist_sees: str, others_see: str
) -> None:
    parts = wire(database, tmp_path, GREENROOM_VISIBLE_MARK=policy)
    store = parts.store
    clip = Clip(id="a" * 32, key=store.key("own.mp4"), poster_key=store.key("own.jpg"))
    draft = store.draft("own.jpg")
    Image.new("RGB", (256, 256), "white").save(draft)
    store.keep(draft, clip.poster_key)
    keys = {"own": clip.poster_key, "sign": store.key(f"{clip.id}-shown.jpg")}
    assert await key_for_artist(parts, clip, "jpg") == keys[artist_sees]
    assert await key_for_others(parts, clip, "jpg") == keys[others_see]
    assert store.size(keys[others_see]) > 0
