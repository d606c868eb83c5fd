"""Prompts to word numbers. Words not in the vocabulary share one number and are reported.

`static/js/studio/vocabulary.js` splits by the same rule while one types; a test compares them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from sora_core.world.vocabulary import ATTRIBUTES, FILLERS, phrases

if TYPE_CHECKING:
    from torch import Tensor

PAD, UNKNOWN = 0, 1
MAX_WORDS = 48
_EXTRA = ("something", "thing", "object", "me", "-")
#: Words that say nothing about a clip, known or not.
EMPTY = FILLERS | set(_EXTRA)
#: Over a text's shape: letters a, marks on them m, signs such as emoji s.
_WORD = re.compile(r"a[am]*(?:[-']a[am]*)*|sm*")


def split_words(text: str) -> list[str]:
    """The words of `text` in small letters, whatever the script.

    Letters, digits and their marks make words, joined by hyphens and apostrophes; a sign such as an
    emoji is a word too, and so is what this Python's Unicode does not know yet, as the newest
    emoji. Punctuation and what cannot be seen fall away, nothing else.
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return [text[m.start() : m.end()] for m in _WORD.finditer("".join(map(_shape, text)))]


def _shape(character: str) -> str:
    if character in "-'":
        return character
    category = unicodedata.category(character)
    if category in ("So", "Cn"):
        return "s"
    return {"L": "a", "N": "a", "M": "m"}.get(category[0], " ")


def vocabulary() -> tuple[str, ...]:
    """Every word the world uses, sorted; trained weights depend on the order."""
    known = set(FILLERS) | set(_EXTRA)
    for attribute in ATTRIBUTES:
        for value in phrases(attribute).values():
            for phrase in value:
                known.update(split_words(phrase))
    return tuple(sorted(known))


class Words:
    """A word-level tokenizer over a fixed vocabulary."""

    def __init__(self, known: tuple[str, ...]) -> None:
        self.numbers = {word: i + 2 for i, word in enumerate(known)}

    def split(self, prompt: str) -> list[str]:
        """The prompt's words in small letters, plurals brought to a known singular."""
        return [self._known_form(word) for word in split_words(prompt)]

    def _known_form(self, word: str) -> str:
        if word in self.numbers:
            return word
        for ending in ("s", "es", "'s"):
            if word.endswith(ending) and word[: -len(ending)] in self.numbers:
                return word[: -len(ending)]
        return word

    def unknown(self, prompt: str) -> tuple[str, ...]:
        """The prompt's words that mean nothing to the model, each once, in order."""
        strange = (word for word in self.split(prompt) if not self._knows(word))
        return tuple(dict.fromkeys(strange))

    def _knows(self, word: str) -> bool:
        return all(part in self.numbers or part in EMPTY for part in self.parts(word))

    def read(self, prompt: str) -> list[str]:
        """The leading words of the prompt that the model reads, at most `MAX_WORDS` parts."""
        parts, heard = 0, []
        for word in self.split(prompt):
            parts += len(self.parts(word))
            if parts > MAX_WORDS:
                break
            heard.append(word)
        return heard

    def encode(self, prompts: list[str]) -> Tensor:
        """(B, L) int64 word numbers, padded with `PAD`, of the words that are read."""
        import torch  # here alone: the web process reads this module too

        rows = []
        for prompt in prompts:
            parts = [part for word in self.read(prompt) for part in self.parts(word)]
            rows.append([self.numbers.get(part, UNKNOWN) for part in parts])
        length = max([1, *map(len, rows)])
        return torch.tensor([row + [PAD] * (length - len(row)) for row in rows])

    def parts(self, word: str) -> list[str]:
        """A hyphenated word that is not known as a whole is read part by part."""
        return [word] if word in self.numbers or "-" not in word else word.split("-")
