"""Prompts: of the split they claim, and saying what an eye can tell."""

import pytest

from sora_core.evaluate.prompts import draw_prompts
from sora_core.world.scene import held_out
from sora_core.world.vocabulary import WEATHER_ADJECTIVES, phrases


def test_held_out_prompts_are_never_in_the_training_split():
    assert all(held_out(prompt.scene) for prompt in draw_prompts(400))


def test_train_prompts_are_never_held_out():
    assert not any(held_out(prompt.scene) for prompt in draw_prompts(400, split="train"))


def test_prompts_are_the_same_for_the_same_seed_and_differ_for_another():
    assert draw_prompts(5, seed=1) == draw_prompts(5, seed=1)
    assert draw_prompts(5, seed=1) != draw_prompts(5, seed=2)


@pytest.mark.parametrize("new_phrasings", [False, True])
def test_every_scored_attribute_is_said_in_the_sentence(new_phrasings):
    adjectives = [word for words in WEATHER_ADJECTIVES.values() for word in words]
    for prompt in draw_prompts(200, new_phrasings=new_phrasings):
        plain = prompt.text
        for adjective in adjectives:  # "in a snowy forest" says forest
            plain = plain.replace(f"{adjective} ", "")
        for name, value in prompt.named.items():
            said = plain if name == "place" else prompt.text
            assert any(phrase in said for phrase in phrases(name)[value]), prompt


def test_prompts_of_pairs_are_held_out_and_name_both_subjects():
    prompts = draw_prompts(100, pairs=1.0)
    for prompt in prompts:
        assert held_out(prompt.scene)
        for name in ("subject", "second"):
            said = phrases(name)[prompt.named[name]]
            assert any(phrase in prompt.text for phrase in said), prompt
        assert ("second_colour" in prompt.named) == (prompt.scene.style != "noir")
    assert {prompt.scene.style for prompt in prompts} >= {"noir", "cartoon"}


def test_colour_is_neither_said_nor_scored_in_black_and_white():
    noir = [prompt for prompt in draw_prompts(200) if prompt.scene.style == "noir"]
    assert noir
    for prompt in noir:
        assert "colour" not in prompt.named


def test_a_camera_that_holds_still_goes_unscored():
    still = [prompt for prompt in draw_prompts(100) if prompt.scene.camera == "static"]
    assert still
    assert not any("camera" in prompt.named for prompt in still)
