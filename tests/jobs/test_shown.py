"""What others see says in a corner that a model made it, and still says where it comes from."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from errors import NotFound
from jobs.records import Clip
from jobs.shown import make_shown
from settings import Settings
from sora_core import visible
from sora_core.credentials.identity import open_identity, utc
from sora_core.credentials.reading import read_credentials
from sora_core.credentials.signer import Claim, Signer
from sora_core.mark.embedding import Mark
from sora_core.mark.film import frames
from sora_core.mark.pattern import pattern_of
from sora_core.mark.tracing import trace
from sora_core.store import Store
from sora_core.video import Format, encode

NOW = 1_790_000_000_000
SIZE, COUNT, NUMBER = Format(256, 256, 24), 24, 77
PATTERN = pattern_of(b"0" * 32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read({"GREENROOM_DATA": str(tmp_path)})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "clips")


def kept_clip(settings: Settings, store: Store) -> Clip:
    """A signed, marked film of one second, half of it white and half black, and its still."""
    clip = Clip(id="a" * 32, key=store.key("film.mp4"), poster_key=store.key("film.jpg"))
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[:, :200] = 255
    film, still = store.draft("film.mp4"), store.draft("film.jpg")
    encode([picture] * COUNT, film, SIZE, SIZE, COUNT, Mark(NUMBER, PATTERN))
    identity = open_identity(settings.data, utc(NOW))
    Signer(identity).sign(film, Claim("Sprout", "turbo", "text", NOW))
    Image.fromarray(picture).save(still)
    store.keep(film, clip.key)
    store.keep(still, clip.poster_key)
    return clip


def test_shown_film_has_a_sign_in_its_corner_and_nowhere_else(
    settings: Settings, store: Store
) -> None:
    clip = kept_clip(settings, store)
    make_shown(settings, store, clip, "mp4", NOW)
    with store.lend(store.key(f"{clip.id}-shown.mp4")) as shown, store.lend(clip.key) as own:
        pairs = list(zip(frames(shown, 2, 24), frames(own, 2, 24), strict=True))
        states = read_credentials(shown, open_identity(settings.data, utc(NOW)).roots)
        found = trace(shown, PATTERN, [1, NUMBER])
    assert len(pairs) == COUNT
    left, top = visible.place(256, 256)
    for one, other in pairs:
        apart = np.abs(one.astype(int) - other)
        assert apart[top : 256 - 8, left : 256 - 8].max() > 100
        apart[top - 8 :, left - 8 :] = 0
        assert apart.mean() < 2
    assert [(step.relation, step.state) for step in states] == [
        ("itself", "trusted"),
        ("parent", "trusted"),
    ]
    assert found.number == NUMBER


def test_sign_is_readable_on_white_and_on_black() -> None:
    """Its words beside its own ground differ by 4.5 to 1 or more (WCAG 2.2, 1.4.3)."""
    for page in (0, 255):
        under = Image.new("RGBA", visible.sign(1280, 720).size, (page, page, page, 255))
        under.alpha_composite(visible.sign(1280, 720))
        shades = np.asarray(under.convert("L"))
        ground = shades[shades.shape[0] // 2, 6]
        assert contrast(shades.max(), ground) >= 4.5


def contrast(one: int, other: int) -> float:
    light, dark = sorted(((grey / 255 + 0.055) / 1.055) ** 2.4 for grey in (one, other))[::-1]
    return float((light + 0.05) / (dark + 0.05))


def test_shown_still_has_the_sign_too(settings: Settings, store: Store) -> None:
    clip = kept_clip(settings, store)
    make_shown(settings, store, clip, "jpg", NOW)
    with store.lend(store.key(f"{clip.id}-shown.jpg")) as shown, Image.open(shown) as picture:
        _, top = visible.place(256, 256)
        assert np.asarray(picture.convert("L"))[top : top + 18, 210:].max() > 200


def test_nothing_is_left_where_the_clips_own_file_is_gone(settings: Settings, store: Store) -> None:
    clip = Clip(id="b" * 32, key=store.key("gone.mp4"), poster_key=store.key("gone.jpg"))
    with pytest.raises(NotFound):
        make_shown(settings, store, clip, "mp4", NOW)
    with pytest.raises(NotFound):
        store.size(store.key(f"{clip.id}-shown.mp4"))
    assert [*store.drafts.iterdir()] == []
