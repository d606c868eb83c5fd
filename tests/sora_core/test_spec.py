"""A spec is exactly what was asked for, or a sentence that names the field."""

import json
import math
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import BadSpec
from sora_core import sprout
from sora_core.catalog import MODELS
from sora_core.spec import ASPECTS, FIELDS, OPERATIONS, SEED_MAX, ClipSpec
from sora_core.sprout.flow import VARIANTS
from sora_core.sprout.operations import OPERATIONS as DRAWN


def parse(**form: object) -> ClipSpec:
    return ClipSpec.parse({"prompt": "a ball", **form})


def refused(**form: object) -> str:
    with pytest.raises(BadSpec) as caught:
        parse(**form)
    assert str(caught.value).endswith(".")
    return caught.value.field


def test_parse_takes_every_field_as_a_form_sends_it() -> None:
    spec = ClipSpec.parse(
        {
            "prompt": "  a red ball\r\nin\tthe snow ",
            "negative_prompt": "a cat",
            "size": "480x832",
            "seconds": "5",
            "seed": "0",
            "style": "noir",
            "model": "sprout",
            "variant": "turbo",
            "storyboard": ["a red ball", " a blue one\n"],
            "operation": "image",
            "sources": ["", "last"],
            "strength": "0.5",
        }
    )
    assert spec == ClipSpec(
        "a red ball in the snow", "a cat", 480, 832, 5, 0, "noir", "sprout", "turbo",
        ("a red ball", "a blue one"), "image", ("", "last"), 0.5,
    )  # fmt: skip


@pytest.mark.parametrize("empty", [None, ""])
def test_parse_takes_defaults_for_what_is_empty(empty: object) -> None:
    names = {*FIELDS} - {"prompt"}
    spec = ClipSpec.parse({"prompt": "a ball", **dict.fromkeys(names, empty)}, lambda: 42)
    assert spec == ClipSpec("a ball", "", 832, 480, 4, 42, None)
    assert (spec.variant, spec.operation, spec.strength) == ("quality", "text", 0.6)
    assert spec.storyboard == spec.sources == ()


def test_parse_chooses_another_seed_each_time() -> None:
    assert len({parse().seed for _ in range(20)}) > 1


EMPTY = ["", "   ", None, "\n\t", "\u200b", "\u3000", "\u202e", "\ufeff"]
CONTROL = ["\x00", "a\x07b", "a\x7f", "a\x85b", "a\x1b[31m", "a\ud800"]
NO_TEXT = [b"a ball", 5, ["a ball"], True]


@pytest.mark.parametrize("prompt", [*EMPTY, *CONTROL, *NO_TEXT, "a" * 2001])
def test_parse_refuses_prompt(prompt: object) -> None:
    assert refused(prompt=prompt) == "prompt"


@pytest.mark.parametrize(
    "prompt", ["a" * 2000, " " + "é" * 2000 + "\n", "👩‍🚀 dances", "雪の森", "<b>"]
)
def test_parse_keeps_prompt_as_it_is(prompt: str) -> None:
    assert parse(prompt=prompt).prompt == prompt.strip()


@given(st.text(max_size=60))
def test_parse_keeps_or_refuses_but_never_alters_a_prompt(prompt: str) -> None:
    categories = {unicodedata.category(mark) for mark in re.sub(r"[\r\n\t]", " ", prompt).strip()}
    visible = any(mark.isprintable() and not mark.isspace() for mark in prompt)
    if categories & {"Cc", "Cs"} or not visible:
        assert refused(prompt=prompt) == "prompt"
    else:
        assert parse(prompt=prompt).prompt.split() == prompt.split()


NOT_WHOLE = [math.nan, math.inf, -math.inf, 5.5, "5.5", "5.0", "five", "5 s", "1e3", "0x5", " "]
NOT_A_NUMBER = [True, [], {}, b"5", "٥"]
NO_SHARE = [0, 0.0, 1.01, -0.5, math.nan, math.inf, True, "much", "1e-3", ".", [], "0." + "1" * 99]
OUT_OF_BOUNDS = [-1, "-1", 10**30, "9" * 5000, SEED_MAX + 1]


@pytest.mark.parametrize("field", ["seconds", "seed", "width", "height"])
@pytest.mark.parametrize("value", [*NOT_WHOLE, *NOT_A_NUMBER, *OUT_OF_BOUNDS])
def test_parse_refuses_number(field: str, value: object) -> None:
    form = {"width": 832, "height": 480} if field in ("width", "height") else {}
    assert refused(**{**form, field: value}) == field


@pytest.mark.parametrize("value", [5, 5.0, "5", " 5 "])
def test_parse_takes_whole_number_in_each_spelling(value: object) -> None:
    assert parse(seconds=value).seconds == 5


@pytest.mark.parametrize("seconds", [0, 11])
def test_parse_refuses_length_out_of_bounds(seconds: int) -> None:
    assert refused(seconds=seconds) == "seconds"


@pytest.mark.parametrize("seed", [0, SEED_MAX])
def test_parse_takes_seed_at_its_bounds(seed: int) -> None:
    assert parse(seed=seed).seed == seed


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"size": "831x480"}, "size"),
        ({"size": "x"}, "size"),
        ({"size": 832}, "size"),
        ({"size": "832x480", "width": 832, "height": 480}, "size"),
        ({"width": 480, "height": 480.0, "size": "480x480"}, "size"),
        ({"width": 832, "height": 481}, "width"),
        ({"width": 832}, "height"),
        ({"height": 480}, "width"),
        ({"style": "baroque"}, "style"),
        ({"style": ["noir"]}, "style"),
        ({"model": "dreamer"}, "model"),
        ({"model": {}}, "model"),
        ({"negative_prompt": "a\x00"}, "negative_prompt"),
        ({"negative_prompt": "a" * 2001}, "negative_prompt"),
        ({"variant": "fast"}, "variant"),
        ({"variant": ["turbo"]}, "variant"),
        ({"storyboard": ["a"] * 6, "seconds": 10}, "storyboard"),
        ({"storyboard": ["a", "b", "c"], "seconds": 2}, "storyboard"),
        ({"storyboard": ["a", ""]}, "storyboard"),
        ({"storyboard": ["a", 5]}, "storyboard"),
        ({"storyboard": {"a": 1}}, "storyboard"),
        ({"operation": "melt"}, "operation"),
        ({"sources": ["a"]}, "sources"),
        ({"operation": "extend"}, "sources"),
        ({"operation": "extend", "sources": ["a", "b"]}, "sources"),
        ({"operation": "blend", "sources": ["a", ""]}, "sources"),
        ({"operation": "image", "sources": ["", ""]}, "sources"),
        ({"operation": "image", "sources": ["a", "b", "c"]}, "sources"),
        ({"operation": "remix", "sources": ["a\x00"]}, "sources"),
        ({"operation": "remix", "sources": ["a" * 201]}, "sources"),
        ({"operation": "remix", "sources": [5]}, "sources"),
        ({"operation": "remix", "sources": 5}, "sources"),
        *(({"strength": value}, "strength") for value in NO_SHARE),
        ({"second": 5}, "second"),
        ({"gpu_ms": 0}, "gpu_ms"),
    ],
)
def test_parse_names_the_field_it_refuses(form: dict[str, object], field: str) -> None:
    assert refused(**form) == field


def test_parse_names_an_unknown_field_in_plain_characters() -> None:
    assert refused(**{"\x1b" + "é" * 100: 1}).isascii()


@pytest.mark.parametrize("size", ASPECTS)
def test_parse_takes_each_size_in_both_spellings(size: tuple[int, int]) -> None:
    width, height = size
    spec = parse(size=f"{width}x{height}")
    assert spec == parse(width=width, height=height, seed=spec.seed)
    wanted = {"16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1}[spec.aspect]
    assert abs(width / height / wanted - 1) < 0.03
    assert width % 2 == height % 2 == 0


@pytest.mark.parametrize("sources", [["a"], ["a", "b"], ["", "b"], "a"])
def test_parse_takes_one_picture_or_two_or_only_the_last(sources: object) -> None:
    spec = parse(operation="image", sources=sources)
    assert spec.sources == (tuple(sources) if isinstance(sources, list) else ("a",))


def test_parse_takes_a_loop_with_and_without_a_film() -> None:
    assert parse(operation="loop").sources == ()
    assert parse(operation="loop", sources=["a"]).sources == ("a",)


def test_parse_lets_the_first_prompt_of_a_storyboard_stand_for_all() -> None:
    spec = ClipSpec.parse({"storyboard": ["a ball", "a cat"]})
    assert (spec.prompt, spec.prompts) == ("a ball", ("a ball", "a cat"))
    assert parse().prompts == ("a ball",)


def test_to_json_comes_back_the_same() -> None:
    plain = parse(size="720x1280", seconds=10, style="pixel art", negative_prompt="é")
    rich = parse(
        variant="turbo", storyboard=["a", "b"], operation="image", sources=["", "z"], strength=0.25
    )
    for spec in (plain, rich):
        assert ClipSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_from_json_takes_what_was_stored_before_there_were_operations() -> None:
    stored = {"prompt": "a ball", "negative_prompt": "", "width": 832, "height": 480, "seconds": 4,
              "seed": 1, "style": None, "model": "sprout"}  # fmt: skip
    assert ClipSpec.from_json(stored) == ClipSpec("a ball", "", 832, 480, 4, 1, None)


def test_price_rises_with_length_size_and_work() -> None:
    prices = [parse(seconds=seconds).gpu_ms for seconds in range(1, 11)]
    assert prices == sorted(set(prices))
    assert parse(size="448x256").gpu_ms < parse(size="1920x1080").gpu_ms
    assert all(isinstance(price, int) and price > 0 for price in prices)
    film = {"sources": ["a"], "seconds": 4}
    little, much = (parse(operation="remix", strength=s, **film).gpu_ms for s in (0.25, 1))
    assert little < much


def test_price_of_drawing_in_turbo_is_a_sixth() -> None:
    """24 steps of two passes against 8 steps of one."""
    longer = {v: parse(variant=v, seconds=2).gpu_ms - parse(variant=v, seconds=1).gpu_ms
              for v in ("quality", "turbo")}  # fmt: skip
    encoding = parse(seconds=2).encoding_ms - parse(seconds=1).encoding_ms
    drawing = {variant: price - encoding for variant, price in longer.items()}
    assert drawing["quality"] / drawing["turbo"] == pytest.approx(6, rel=0.02)


def test_frames_come_at_24_a_second() -> None:
    spec = parse(seconds=3)
    assert (spec.fps, spec.frame_count, spec.drawings) == (24, 72, 36)


def test_catalog_offers_what_sprout_can_draw() -> None:
    offer = MODELS["sprout"]
    assert offer.styles == sprout.STYLES
    assert set(ASPECTS.values()) == set(sprout.NATIVE_SIZES)
    assert set(offer.operations) == set(OPERATIONS) == set(DRAWN)
    for name, variant in VARIANTS.items():
        passes = 1 if variant.guidance == 1 else 2
        assert (offer.variants[name].steps, offer.variants[name].passes) == (variant.steps, passes)
