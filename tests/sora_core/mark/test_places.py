"""Where tiles lie: closed forms of sizes, mirrors and films that are laid over each other."""

import numpy as np
import pytest
from scipy import ndimage

from sora_core.mark.pattern import CYCLES, PERIODS, TILT, pattern_of
from sora_core.mark.placing import mirrored, sized
from sora_core.mark.reading import align, fold, placed
from sora_core.mark.registering import register
from sora_core.mark.tracing import PLACED_LOOKS
from sora_core.spec import ASPECTS

PATTERN = pattern_of(bytes(range(32)))
NUMBER = 0x123456789ABC
PERIOD = PATTERN.period(NUMBER)


def tiled(height: int, width: int) -> np.ndarray:
    """The mark alone, as it lies in a film of that size."""
    repeated = np.tile(PATTERN.tile(NUMBER), (-(-height // PERIOD), -(-width // PERIOD)))
    return repeated[:height, :width]


def test_waves_of_twice_as_many_cycles_are_fainter_by_the_tilt() -> None:
    waves = np.abs(np.fft.fft2(PATTERN.tile(NUMBER)))
    cycles = np.hypot(*PATTERN.waves.T)
    heights = waves[tuple(PATTERN.waves.T % PERIOD)] * cycles**TILT
    assert np.ptp(heights) / heights.mean() < 1e-3
    assert CYCLES[0] <= cycles.min()
    assert cycles.max() <= CYCLES[1]


def test_whole_film_of_half_the_size_begins_half_a_pixel_into_its_tile() -> None:
    """Pixels are areas: the first of two by two lies between the first two."""
    place = next(
        one
        for one in sized(np.zeros((128, 224), np.float32))
        if one.period == PERIOD and np.allclose(one.basis, np.eye(2) * PERIOD / 2)
    )
    assert place.corner == pytest.approx(np.full(2, -0.5 / PERIOD))
    assert not place.enlarged


@pytest.mark.parametrize("size", ASPECTS)
def test_one_number_is_compared_no_more_often_than_the_bound_counts(size: tuple[int, int]) -> None:
    width, height = size
    places = list(sized(np.zeros((height, width), np.float32)))
    looks = [2 * sum(place.period == period for place in places) for period in PERIODS]
    assert max(looks) <= PLACED_LOOKS


def test_placed_reads_a_mark_and_its_mirror_image_where_they_lie() -> None:
    film = tiled(256, 448)
    place = next(one for one in sized(film) if one.period == PERIOD)
    for picture, flip in ((film, False), (film[:, ::-1], True)):
        waves = fold(picture, place.basis)
        seen = placed(waves[:, ::-1] if flip else waves,
                      mirrored(place, 448) if flip else place.corner, PATTERN)  # fmt: skip
        assert seen.z > 12
    assert placed(fold(film, place.basis), place.corner + 0.3, PATTERN).z < 5


def test_placed_finds_a_tile_that_lies_two_steps_beside() -> None:
    film = tiled(256, 448)
    waves = fold(film, np.eye(2) * PERIOD)
    beside = np.array([2 / 128, -1 / 128])
    assert placed(waves, beside, PATTERN).z < placed(waves, beside, PATTERN, reach=3).z
    assert placed(waves, beside, PATTERN, reach=3).z > 12


def test_align_turns_every_wave_to_what_the_number_says() -> None:
    waves = align(fold(tiled(256, 448), np.eye(2) * PERIOD), np.zeros(2), PATTERN)
    long = np.hypot(*PATTERN.waves.T) < 16
    turned = np.angle(waves * PATTERN.spectrum(NUMBER).conj())[long]
    assert np.abs(turned).mean() < 0.3


@pytest.mark.parametrize("turn", [-0.02, 0.0, 0.03])
@pytest.mark.parametrize("size", [0.8, 1.0])
def test_register_finds_size_turn_and_shift_to_half_a_pixel(turn: float, size: float) -> None:
    """A copy shows a turned part of the film, `size` times as wide, brighter."""
    rng = np.random.default_rng(4)
    film = ndimage.gaussian_filter(rng.normal(0, 1, (180, 320)), 4)
    film = np.uint8(np.clip(128 + 400 * film, 0, 255))
    linear = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = np.array([160.0, 90.0]) - linear @ [160.0, 90.0] + [6.0, -4.0]
    y, x = np.mgrid[:180, :320]
    seen_x, seen_y = np.tensordot(linear, np.stack([x, y]), 1) + shift[:, None, None]
    copy = ndimage.map_coordinates(film.astype(float), [seen_y, seen_x], order=1, mode="nearest")
    laid = register(np.uint8(copy * 0.8 + 20), [film[::-1], film])
    corners = np.array([[20, 20, 1], [300, 20, 1], [20, 160, 1], [300, 160, 1]]).T
    found = laid.pixels((180, 320), (180, 320)) @ corners
    assert laid.alike > 0.95
    assert np.abs(found - (linear @ corners[:2] + shift[:, None])).max() < 0.5
