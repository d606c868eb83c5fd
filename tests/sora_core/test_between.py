"""A drawing between two shows the motion halfway, or is the first again: never both at once."""

import numpy as np
import pytest

from sora_core.between import between, doubled

SIZE = (64, 112)


def scene(x: int, y: int = 20) -> np.ndarray:
    """A striped square with its corner at (x, y) before a soft background."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    picture = np.stack([60 + rows, 90 + columns // 2, 120 + 0 * rows], -1).astype(np.uint8)
    picture[y : y + 16, x : x + 16] = [220, 40, 60]
    picture[y + 6 : y + 9, x : x + 16] = [250, 240, 80]
    return picture


@pytest.mark.parametrize("step", [(2, 0), (-4, 0), (0, 2), (4, -4), (6, 2)])
def test_between_moves_what_moves_halfway(step: tuple[int, int]) -> None:
    dx, dy = step
    middle = between(scene(40, 24), scene(40 + dx, 24 + dy))
    wanted = scene(40 + dx // 2, 24 + dy // 2).astype(float)
    assert not middle.held
    blend = (scene(40, 24).astype(float) + scene(40 + dx, 24 + dy)) / 2
    assert np.square(middle.drawing - wanted).mean() < 0.2 * np.square(blend - wanted).mean()


def test_between_holds_what_is_no_motion() -> None:
    other = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    middle = between(scene(40), other)
    assert middle.held
    assert np.array_equal(middle.drawing, scene(40))


def test_between_two_equal_drawings_is_the_same_drawing() -> None:
    assert np.array_equal(between(scene(30), scene(30)).drawing, scene(30))


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_doubled_gives_each_drawing_and_one_after_it(count: int) -> None:
    clip = [scene(30 + 2 * n) for n in range(count)]
    frames = list(doubled(clip))
    assert len(frames) == 2 * count
    assert all(np.array_equal(a, b) for a, b in zip(frames[::2], clip, strict=True))
    if count:
        assert np.array_equal(frames[-1], clip[-1])
