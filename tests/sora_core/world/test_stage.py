"""The stage: what it says of where actors are is where the drawings show them."""

from dataclasses import replace

import pytest
import torch

from sora_core.world.render import FRAMES_PER_S, render
from sora_core.world.scene import Scene
from sora_core.world.stage import spots
from sora_core.world.vocabulary import SUBJECTS

ALONE = Scene("ball", "red", "medium", "circle", "meadow", "clear", "zoom in", "cartoon", seed=5)
OUTLINE = 4  # pixels by which a drawn outline may stand over


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("size", [(112, 64), (64, 112)])
def test_spots_hold_what_is_drawn_of_a_lone_subject(subject, size):
    scene, t = replace(ALONE, subject=subject), torch.arange(6) / FRAMES_PER_S
    cover = render([scene], *size, 6).cover[0]
    for drawn, (x, y, half) in zip(cover, spots(scene, *size, t)[0].tolist(), strict=True):
        rows, columns = (drawn > 0.5).nonzero().T
        assert (columns - x).abs().max() <= half + OUTLINE
        assert (rows - y).abs().max() <= half + OUTLINE
        assert max((columns - x).abs().max(), (rows - y).abs().max()) >= 0.7 * half


def test_spots_tell_the_second_subject_behind_the_first():
    """Each has its half of the frame, and both are drawn where they are said to be."""
    pair = replace(ALONE, second="cat", second_colour="blue", motion="still", camera="static")
    cover = render([pair], 112, 64, 1).cover[0, 0]
    second, first = spots(pair, 112, 64, torch.zeros(1))[:, 0]
    assert (first[0] > 56) != (second[0] > 56)
    for x, y, _ in (first, second):
        assert cover[int(y), int(x)] > 0.9
    assert spots(replace(pair, second=""), 112, 64, torch.zeros(1)).shape == (1, 1, 3)
