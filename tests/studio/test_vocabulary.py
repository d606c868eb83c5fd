"""Words that a model does not know: told while one types, by the rule they are read by after."""

import json
import subprocess
from pathlib import Path

import pytest

from sora_core.sprout import known_words
from sora_core.sprout.words import EMPTY, Words
from tests.services import find_program
from tests.studio.conftest import Person

VOCABULARY = Path(__file__).parents[2] / "static/js/studio/vocabulary.js"
CHECK = """
import { Vocabulary } from "./vocabulary.mjs";
import { readFileSync } from "node:fs";
const { words, prompts } = JSON.parse(readFileSync(0, "utf8"));
const vocabulary = new Vocabulary(words);
console.log(JSON.stringify(prompts.map((prompt) => vocabulary.unknown(prompt))));
"""

# prompt → the words of it that Sprout does not know
PROMPTS: dict[str, list[str]] = {
    "": [],
    " \t\n — … ! (?) - ' '' --": [],
    "A small YELLOW boat bounces on the ocean, pixel art!": [],
    "a philosophical cat, quietly philosophical": ["philosophical", "quietly"],
    # plurals and owners
    "boats, fishes, the cat's robots\u2019 dogs": ["dogs"],
    "boatses s es 's": ["boatses", "s", "es"],
    # hyphens: known as a whole, part by part, or in no part
    "a hot-air balloon, 8-bit, snow-white": [],
    "a yellow-blue cat-dog, blue--dog -red-": ["cat-dog", "dog"],
    "boats-cats red-philosophical-blue": ["boats-cats", "red-philosophical-blue"],
    "blue‐dog blue‑dog blue–dog blue－dog": ["dog", "blue-dog"],
    # apostrophes of every kind
    "it's rock'n'roll o’clock ＇tis ‘round": ["rock'n'roll", "o'clock", "tis", "round"],
    # one letter in several spellings
    "cafe\u0301 café CAFÉ": ["café"],
    "ｃａｔ ﬁsh ｄｏｇ ① ² ℃": ["dog", "1", "2", "°", "c"],
    "c\u200bat c\u00adat c\u200dat \ufeffcat d\u200bog": ["dog"],
    "ΟΔΟΣ ΟΔΥΣΣΕΥΣ, İstanbul Straße STRASSE": [
        "οδος", "οδυσσευς", "i\u0307stanbul", "straße", "strasse",
    ],
    # scripts with and without spaces, with marks that stand alone
    "Красный кот": ["красный", "кот"],
    "红色的猫在海上。红色": ["红色的猫在海上", "红色"],
    "赤い猫、ﾈｺ ネコ": ["赤い猫", "ネコ"],
    "लाल बिल्ली": ["लाल", "बिल्ली"],
    "قِطّة حمراء": ["قِطّة", "حمراء"],
    "חתול של־בית": ["חתול", "של", "בית"],
    "แมวสีแดง": ["แมวสีแดง"],
    "\u0301cat \u093f cat\u0301": ["cat\u0301"],
    # signs
    "cat🚀❤\ufe0f 🚀🚀": ["🚀", "❤\ufe0f"],
    "👩\u200d🚀 👍🏽 🇫🇷 1\ufe0f\u20e3": ["👩", "🚀", "👍", "🇫", "🇷", "1\ufe0f\u20e3"],
    "🩷 🫨 cat🪿": ["🩷", "🫨", "🪿"],  # younger than the Unicode of Python 3.11
    "a cat + b = c → ★ © 50% $5": ["b", "c", "★", "©", "50", "5"],
    "<b>cat</b> &amp; \"dog\" cat_dog": ["b", "amp", "dog"],
}  # fmt: skip


@pytest.fixture(scope="module")
def told_by_page(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the page's script makes of each prompt, under node."""
    node, folder = find_program("node", "nodejs"), tmp_path_factory.mktemp("script")
    (folder / "vocabulary.mjs").write_text(VOCABULARY.read_text())
    (folder / "check.mjs").write_text(CHECK)
    done = subprocess.run(
        [node, "check.mjs"],
        cwd=folder,
        input=json.dumps({"words": sorted(known_words()), "prompts": list(PROMPTS)}),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(PROMPTS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_unknown_words_are_the_same_to_page_and_model(
    told_by_page: dict[str, list[str]], prompt: str
) -> None:
    words = Words(tuple(sorted(known_words())))
    assert list(words.unknown(prompt)) == PROMPTS[prompt]
    assert told_by_page[prompt] == PROMPTS[prompt]


def test_offer_has_every_word_of_the_model_and_what_says_nothing(ada: Person) -> None:
    offer = ada.browser.get("/offer").json()
    assert offer["title"] == "Sprout"
    assert {"yellow", "bounces", *EMPTY} <= set(offer["known_words"])
    assert set(offer["known_words"]) == known_words()
    assert "philosophical" not in offer["known_words"]
