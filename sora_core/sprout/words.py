"""Prompts to word numbers. Words not in the vocabulary share one number and are reported."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from sora_core.world.vocabulary import ATTRIBUTES, FILLERS, phrases

PAD, UNKNOWN = 0, 1
MAX_WORDS = 48
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_EXTRA = ("something", "thing", "object", "me", "-")


def vocabulary() -> tuple[str, ...]:
    """Every word the world uses, sorted; trained weights depend on the order."""
    known = set(FILLERS) | set(_EXTRA)
    for attribute in ATTRIBUTES:
        for value in phrases(attribute).values():
            for phrase in value:
                known.update(_WORD.findall(phrase))
    return tuple(sorted(known))


class Words:
    """A word-level tokenizer over a fixed vocabulary."""

    def __init__(self, known: tuple[str, ...]) -> None:
        self.numbers = {word: i + 2 for i, word in enumerate(known)}

    def split(self, prompt: str) -> list[str]:
        """The prompt's words in small letters, plurals brought to a known singular."""
        return [self._known_form(word) for word in _WORD.findall(prompt.lower())]

    def _known_form(self, word: str) -> str:
        if word in self.numbers:
            return word
        for ending in ("s", "es"):
            if word.endswith(ending) and word[: -len(ending)] in self.numbers:
                return word[: -len(ending)]
        return word

    def unknown(self, prompt: str) -> tuple[str, ...]:
        """The prompt's words that mean nothing to the model, each once, in order."""
        strange = (word for word in self.split(prompt) if word not in self.numbers)
        return tuple(dict.fromkeys(strange))

    def encode(self, prompts: list[str]) -> Tensor:
        """(B, L) int64 word numbers, padded with `PAD`; at most `MAX_WORDS` words are read."""
        rows = []
        for prompt in prompts:
            parts = [part for word in self.split(prompt) for part in self._parts(word)]
            rows.append([self.numbers.get(part, UNKNOWN) for part in parts[:MAX_WORDS]])
        length = max([1, *map(len, rows)])
        return torch.tensor([row + [PAD] * (length - len(row)) for row in rows])

    def _parts(self, word: str) -> list[str]:
        """A hyphenated word that is not known as a whole is read part by part."""
        return [word] if word in self.numbers or "-" not in word else word.split("-")
