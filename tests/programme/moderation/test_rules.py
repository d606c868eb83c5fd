"""Rules: read from a file, tested by their own examples, not fooled by spelling."""

from pathlib import Path

import pytest

from errors import BootRefused
from programme.moderation.classifiers import named
from programme.moderation.judge import Judge
from programme.moderation.rules import Rules, plain_text

RULE = """
[[rule]]
id = "spiders"
reason = "No spiders."
refuses = ["a spider"]
allows = ["a fly"]

[rule.words]
en = [["spider*"]]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text)
    return path


def test_rules_of_the_house_pass_their_own_tests() -> None:
    rules = Rules.read()
    assert [rule.broken_test() for rule in rules.rules] == [None] * len(rules.rules)
    assert len({rule.id for rule in rules.rules}) == len(rules.rules)
    assert all({"en", "de"} <= set(rule.words) for rule in rules.rules)


def test_rule_is_met_whatever_the_spelling() -> None:
    for text in (
        "a Deepfake of somebody",
        "a d\u200beepfake",
        "ＤＥＥＰＦＡＫＥ",
        "deep-fake",
        "d\u00e9\u00e9pfakes",
        "deepf4ke deepfake",
    ):
        met = Rules.read().met_by(text)
        assert met is not None, text
        assert met.id == "impersonation"


def test_word_inside_another_word_does_not_count() -> None:
    rules = Rules.read()
    for text in ("a kidney, nude pink in colour", "Menora auf dem Tisch", "minorca at noon, naked"):
        assert rules.met_by(text) is None, text


@pytest.mark.parametrize(
    "prompt",
    [
        "a red ball bouncing in a snowy forest",
        "<b>bold</b>",
        "ein gelber Fisch unter Wasser",
        "🦀🦀🦀",
        "x" * 2000,
        "",
    ],
)
def test_harmless_prompt_meets_no_rule(prompt: str) -> None:
    assert Judge().findings(prompt) == []


def test_plain_text_has_words_alone() -> None:
    assert plain_text("  L'École\u00ad  Straße_8! ") == "l ecole strasse 8"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("a spider", "a fly on the wall"), "fails its own test"),
        (("a fly", "spiders, many"), "fails its own test"),
        (('id = "spiders"', 'id = "Spi ders"'), "cannot be read"),
        (("No spiders.", "no"), "cannot be read"),
        (('[["spider*"]]', '[["*"]]'), "cannot be read"),
        (('refuses = ["a spider"]', "refuses = []"), "lacks words or tests"),
        (("[[rule]]", "[[rules]]"), "cannot be read"),
        ((RULE, "no toml at all ["), "cannot be read"),
    ],
)
def test_file_with_a_wrong_rule_keeps_greenroom_from_starting(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    with pytest.raises(BootRefused, match=said):
        Rules.read(write(tmp_path, RULE.replace(*change)))


def test_operators_rules_take_the_place_of_ours(tmp_path: Path) -> None:
    rules = Rules.read(write(tmp_path, RULE))
    assert [rule.id for rule in rules.rules] == ["spiders"]
    assert rules.met_by("Two SPIDERS dance") is not None
    assert rules.met_by("a deepfake") is None


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BootRefused, match=r"none\.toml"):
        Rules.read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "setting", ["model", "model=label", "model=label:2", "=label:0.5", "a=b:x"]
)
def test_classifier_of_another_shape_keeps_greenroom_from_starting(setting: str) -> None:
    with pytest.raises(BootRefused, match="write MODEL=LABEL"):
        named(setting)


def test_classifier_that_is_not_there_keeps_greenroom_from_starting(tmp_path: Path) -> None:
    with pytest.raises(BootRefused, match="cannot be loaded"):
        named(f"{tmp_path}=toxic:0.9")


def test_no_classifier_is_named_by_default() -> None:
    assert named("") == []
    assert Judge().classifiers == ()
