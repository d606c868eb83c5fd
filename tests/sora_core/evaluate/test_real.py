"""Real clips: held out, as long as they should be, and honest about what can be seen."""

import math

import numpy as np
import pytest

from sora_core.evaluate.real import draw_takes, fidelity, shoot
from sora_core.world.scene import held_out


def test_takes_are_held_out_and_show_one_subject():
    takes = draw_takes(200)
    assert all(held_out(take.scene) and not take.scene.second for take in takes)
    assert {take.aspect for take in takes} == {"16:9", "9:16", "1:1"}


def test_a_zoom_that_has_run_out_is_not_scored():
    zooms = [take for take in draw_takes(400) if take.scene.camera.startswith("zoom")]
    late = [take for take in zooms if take.start_s > 2.5]
    assert late
    assert not any("camera" in take.visible() for take in late)
    early = [take for take in zooms if take.start_s == 0]
    assert early
    assert all("camera" in take.visible() for take in early)


def test_shoot_gives_clips_of_the_native_size():
    takes = draw_takes(5)
    sizes = {"16:9": (24, 64, 112, 3), "9:16": (24, 112, 64, 3), "1:1": (24, 80, 80, 3)}
    for take, clip in zip(takes, shoot(takes), strict=True):
        assert clip.dtype == np.uint8
        assert clip.shape == sizes[take.aspect]


def test_fidelity_is_the_mean_of_ratios_and_the_ratio_of_the_mean():
    black = [np.zeros((24, 8, 8, 3), np.uint8)] * 2
    off = [np.full((24, 8, 8, 3), value, np.uint8) for value in (1, 10)]
    found = fidelity(black, off)
    assert found.mean_db == pytest.approx(20 * math.log10(255) - 10)
    assert found.pooled_db == pytest.approx(10 * math.log10(255**2 / 50.5))
    assert found.clips == 2
