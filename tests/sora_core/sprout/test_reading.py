"""The honest reading: what is said is understood, what is not known is reported."""

import pytest

from sora_core.sprout import STYLES, load
from sora_core.sprout.words import UNKNOWN, Words


@pytest.fixture(scope="module")
def pipeline():
    return load()


@pytest.mark.parametrize(("prompt", "understood"), [
    ("a red ball bouncing in a snowy forest",
     {"subject": "ball", "colour": "red", "motion": "bounce", "place": "forest",
      "weather": "snow"}),
    ("a small yellow boat bounces on the ocean in the rain, pixel art",
     {"subject": "boat", "colour": "yellow", "size": "small", "motion": "bounce",
      "place": "ocean", "weather": "rain", "style": "pixel art"}),
    ("A TINY Crimson kitten!", {"subject": "cat", "colour": "red", "size": "small"}),
    ("", {}),
])  # fmt: skip
def test_read_understands_what_is_said(pipeline, prompt, understood):
    assert pipeline.read(prompt).understood == understood


def test_read_reports_strange_words(pipeline):
    reading = pipeline.read("a philosophical cat")
    assert reading.unknown == ("philosophical",)
    assert reading.understood["subject"] == "cat"
    assert reading.sentence() == "cat; not understood: philosophical"


@pytest.mark.parametrize("style", STYLES)
def test_encode_prompt_lets_the_picked_style_outrank_the_prompt(pipeline, style):
    named = pipeline.encode_prompt(f"a cat in a forest, {style}")
    picked = pipeline.encode_prompt("a cat in a forest, noir", style)
    assert (named - picked).abs().max() < 0.3


def test_words_bring_plurals_to_known_singulars():
    words = Words(("boat",))
    assert words.split("Boats, ships") == ["boat", "ships"]
    assert words.encode(["boats moon"]).tolist() == [[2, UNKNOWN]]
