"""The world: reproducible, in bounds, and showing what its attributes say."""

import random
from dataclasses import replace

import pytest
import torch

from sora_core.world.render import render
from sora_core.world.scene import Scene, draw_scene, held_out
from sora_core.world.vocabulary import ATTRIBUTES

PLAIN = Scene("ball", "red", "medium", "still", "meadow", "clear", "static", "cartoon", seed=5)


def test_render_is_the_same_bit_for_bit_from_a_seed():
    scenes = [draw_scene(random.Random(1)) for _ in range(3)]
    first, second = (render(scenes, 48, 32, 4).frames for _ in range(2))
    assert torch.equal(first, second)


def test_render_differs_with_another_seed():
    other = replace(PLAIN, seed=6)
    frames = render([PLAIN, other], 48, 32, 1).frames
    assert not torch.equal(frames[0], frames[1])


@pytest.mark.parametrize("size", [(112, 64), (64, 112), (80, 80), (49, 31)])
def test_render_gives_the_size_asked_for(size):
    width, height = size
    got = render([PLAIN], width, height, 3)
    assert got.frames.shape == (1, 3, height, width, 3)
    assert got.cover.shape == (1, 3, height, width)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_render_stays_in_range_for_every_value(attribute):
    scenes = [replace(PLAIN, **{attribute: value}) for value in ATTRIBUTES[attribute]]
    frames = render(scenes, 48, 32, 2).frames
    assert frames.isfinite().all()
    assert frames.min() >= 0
    assert frames.max() <= 1


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_render_shows_a_difference_for_every_value(attribute):
    scenes = [replace(PLAIN, **{attribute: value}) for value in ATTRIBUTES[attribute]]
    clips = render(scenes, 112, 64, 18).frames
    for i in range(len(clips)):
        for j in range(i):
            assert (clips[i] - clips[j]).abs().max() > 0.1


@pytest.mark.parametrize(("size", "lowest"), [("small", 0.02), ("large", 0.09)])
def test_render_covers_more_of_the_frame_with_larger_subjects(size, lowest):
    cover = render([replace(PLAIN, size=size)], 112, 64, 1).cover
    assert cover.mean() > lowest


def test_window_continues_the_scene():
    moving = replace(PLAIN, motion="circle", weather="snow", camera="pan left")
    whole = render([moving], 48, 32, 12).frames[:, 6:]
    later = render([moving], 48, 32, 6, [0.5]).frames
    torch.testing.assert_close(later, whole, atol=2e-3, rtol=0)


def test_draw_scene_keeps_held_out_combinations_out_of_training():
    rng = random.Random(0)
    assert not any(held_out(draw_scene(rng, split="train")) for _ in range(300))
    assert all(held_out(draw_scene(rng, split="held-out")) for _ in range(30))
