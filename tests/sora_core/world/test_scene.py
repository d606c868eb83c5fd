"""Scenes: one subject or two, and the combinations that training never sees."""

import random
from dataclasses import replace

import torch

from sora_core.world.captions import caption, choose_named, held_out_caption
from sora_core.world.render import render
from sora_core.world.scene import Scene, draw_scene, held_out
from sora_core.world.vocabulary import SLOTS

ALONE = Scene("ball", "red", "medium", "still", "desert", "clear", "static", "cartoon", seed=6)
PAIR = replace(ALONE, second="cat", second_colour="blue")


def test_draw_scene_gives_a_second_subject_of_another_kind_and_colour_when_asked():
    rng = random.Random(0)
    scenes = [draw_scene(rng, pairs=0.5) for _ in range(200)]
    pairs = [scene for scene in scenes if scene.second]
    assert 60 < len(pairs) < 140
    assert all(scene.second != scene.subject for scene in pairs)
    assert all(scene.second_colour != scene.colour for scene in pairs)


def test_draw_scene_never_trains_on_a_held_out_second_subject():
    rng = random.Random(1)
    for _ in range(300):
        scene = draw_scene(rng, split="train", pairs=1.0)
        beside = replace(scene, subject=scene.second, colour=scene.second_colour, second="")
        assert not held_out(scene)
        assert not held_out(beside)


def test_scene_is_rebuilt_from_its_indices():
    rng = random.Random(2)
    for _ in range(50):
        scene = draw_scene(rng, pairs=0.5)
        assert Scene.of(scene.indices()) == replace(scene, seed=0)
    assert len(ALONE.indices()) == len(SLOTS)


def test_scene_of_eight_indices_has_one_subject():
    assert Scene.of(ALONE.indices()[:8]) == replace(ALONE, seed=0)


def test_render_puts_two_subjects_on_their_own_halves():
    for width, height in ((112, 64), (64, 112), (80, 80)):
        cover = render([PAIR], width, height, 1).cover[0, 0]
        halves = cover.tensor_split(2, dim=0 if height > width else 1)
        assert all(half.sum() > 40 for half in halves)


def test_render_of_two_subjects_differs_from_one_only_where_they_stand():
    alone, pair = (render([scene], 112, 64, 1) for scene in (ALONE, PAIR))
    far = (alone.cover[0, 0] + pair.cover[0, 0]) == 0
    rim = torch.nn.functional.max_pool2d(1 - far.float()[None], 9, 1, 4)[0] == 0
    assert torch.equal(alone.frames[0, 0][rim], pair.frames[0, 0][rim])


def test_caption_names_the_second_subject_with_its_colour():
    rng = random.Random(3)
    named = PAIR.attributes()
    for say in (caption, held_out_caption):
        for _ in range(50):
            sentence = say(named, rng)
            assert any(word in sentence for word in ("cat", "kitten", "kitty")), sentence
            assert any(word in sentence for word in ("blue", "azure", "navy")), sentence


def test_held_out_caption_has_a_form_no_training_caption_has():
    rng = random.Random(4)
    openings = ("look ", "imagine ", "let us watch ")
    drawn = [choose_named(draw_scene(rng, pairs=0.3), rng) for _ in range(500)]
    assert not any(caption(named, rng).startswith(openings) for named in drawn)
    assert sum(held_out_caption(named, rng).startswith(openings) for named in drawn) > 300
