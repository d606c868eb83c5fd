"""The honest reading: what is said is understood, what is not known is reported."""

import pytest

from sora_core.sprout import STYLES, known_words, load
from sora_core.sprout.reading import Reading, says
from sora_core.sprout.words import MAX_WORDS, UNKNOWN, Words, split_words


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
    assert words.split("the boat\u2019s boats\u2019") == ["the", "boat", "boat"]
    assert words.encode(["boats moon"]).tolist() == [[2, UNKNOWN]]


@pytest.mark.parametrize(("text", "parts"), [
    ("A hot-air balloon, 8-bit!", ["a", "hot-air", "balloon", "8-bit"]),
    ("Красный кот", ["красный", "кот"]),
    ("un café rosé", ["un", "café", "rosé"]),
    ("cafe\u0301", ["café"]),
    ("红色的猫。", ["红色的猫"]),
    ("लाल बिल्ली", ["लाल", "बिल्ली"]),
    ("cat🚀❤\ufe0f", ["cat", "🚀", "❤\ufe0f"]),
    ("cat🩷\U0001fbff", ["cat", "🩷", "\U0001fbff"]),
    ("ｃａｔ c\u200bat", ["cat", "cat"]),
    ("— … ! (?) 'n' -", ["n"]),
])  # fmt: skip
def test_split_words_drops_no_script_and_no_sign(text, parts):
    assert split_words(text) == parts


@pytest.mark.parametrize("strange", ["философский", "哲学的", "philosophique", "naïve", "🚀"])
def test_read_reports_words_of_any_script(pipeline, strange):
    reading = pipeline.read(f"a red cat {strange}")
    assert reading.unknown == (strange,)
    assert reading.understood["subject"] == "cat"


@pytest.mark.parametrize(("prompt", "strange"), [
    ("a cat, philosophically", ("philosophically",)),
    ("a yellow-blue cat, red-philosophical-blue, snow-white", ("red-philosophical-blue",)),
    ("some boats-cats", ("boats-cats",)),
    ("moves the camera in the forest in the desert", ()),
    ("a cat " + "the " * MAX_WORDS + "in the philosophical snow", ("philosophical",)),
    (" ".join(sorted(known_words())), ()),
])  # fmt: skip
def test_read_reports_each_unknown_word_and_of_the_known_what_led_to_nothing(
    pipeline, prompt, strange
):
    """What is told as unknown while one types is in the reading afterwards."""
    assert pipeline.words.unknown(prompt) == strange
    reported = pipeline.read(prompt).unknown
    assert tuple(word for word in reported if pipeline.words.unknown(word)) == strange


def test_read_reports_what_lies_beyond_the_longest_prompt(pipeline):
    """Even words it knows; but not words that say nothing anywhere."""
    reading = pipeline.read("a cat " + "the " * MAX_WORDS + "in the snow, neon")
    assert reading.unknown == ("snow", "neon")
    assert reading.understood == {"subject": "cat"}


def test_read_reports_known_words_that_led_to_nothing(pipeline):
    """Of two places one is understood at most; the other is not passed over in silence."""
    reading = pipeline.read("a cat in the forest in the desert")
    places = {"forest", "desert"}
    assert places - set(reading.understood.values()) <= set(reading.unknown)


@pytest.mark.parametrize("prompt", [
    "", "the of in", "philosophical", "qqq qqq qqq", "кот", "moves", "the camera", "hello world",
])  # fmt: skip
def test_read_claims_nothing_that_was_not_said(pipeline, prompt):
    reading = pipeline.read(prompt)
    assert reading.understood == {}
    assert reading.sentence().startswith("nothing in particular")


@pytest.mark.parametrize(("attribute", "value", "said", "says_it"), [
    ("motion", "right", {"moves"}, False),
    ("motion", "right", {"moves", "right"}, True),
    ("motion", "right", {"right"}, True),
    ("camera", "zoom in", {"camera", "zooms"}, True),
    ("camera", "zoom in", {"camera"}, False),
    ("subject", "cat", {"kitty"}, True),
    ("subject", "cat", {"dog"}, False),
    ("second", "boat", {"ship"}, True),
])  # fmt: skip
def test_says_needs_a_phrase_or_a_word_of_its_own(attribute, value, said, says_it):
    assert says(attribute, value, said) == says_it


def test_sentence_names_a_second_subject_after_everything_else():
    understood = {"subject": "boat", "colour": "yellow", "place": "ocean", "second": "cat",
                  "second_colour": "blue"}  # fmt: skip
    assert Reading(understood, ()).sentence() == "boat · yellow · ocean · with cat · blue"
    assert Reading({"subject": "cat"}, ("kantian", "猫")).sentence() == (
        "cat; not understood: kantian, 猫"
    )
