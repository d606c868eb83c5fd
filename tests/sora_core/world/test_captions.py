"""Captions say what is named, with words the vocabulary knows, and nothing else."""

import random
import re

from sora_core.sprout.words import Words, vocabulary
from sora_core.world.captions import caption, choose_named, visible
from sora_core.world.scene import Scene, draw_scene
from sora_core.world.vocabulary import ATTRIBUTES, phrases

NOIR = Scene("cat", "pink", "small", "still", "city", "clear", "static", "noir")


def _says(sentence: str, attribute: str, value: str) -> bool:
    found = (rf"(?<![\w-]){re.escape(p)}(?![\w-])" for p in phrases(attribute)[value])
    return any(re.search(pattern, sentence) for pattern in found)


def test_caption_says_what_is_named():
    rng = random.Random(0)
    for _ in range(200):
        named = choose_named(draw_scene(rng), rng)
        sentence = caption(named, rng)
        for name, value in named.items():
            if name == "place":  # an adjective may come between: "in a snowy forest"
                sentence_bare = re.sub(r"(snowy|rainy) ", "", sentence)
                assert _says(sentence_bare, name, value), (sentence, value)
            else:
                assert _says(sentence, name, value), (sentence, value)


def test_caption_uses_only_known_words():
    words, rng = Words(vocabulary()), random.Random(1)
    for _ in range(300):
        sentence = caption(choose_named(draw_scene(rng), rng), rng)
        assert words.unknown(sentence) == (), sentence


def test_visible_leaves_out_colour_in_noir():
    assert "colour" not in visible(NOIR)


def test_every_attribute_of_a_scene_has_a_phrase():
    assert set(NOIR.attributes()) == set(ATTRIBUTES)
    assert all(phrases(name)[value] for name, value in NOIR.attributes().items())
