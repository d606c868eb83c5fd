"""The honest reading of a prompt: what was understood, and which words were not."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.words import EMPTY, Words, split_words
from sora_core.world.vocabulary import phrases

#: Below this probability a value is not claimed to be understood.
SURE = 0.5
_SECOND = ("second", "second_colour")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a prompt said to the model.

    understood  attribute → value, for what was said
    unknown     every other word that carries meaning, each once, in order: strange words, known
                ones that led to nothing, and those beyond the longest prompt
    """

    understood: dict[str, str]
    unknown: tuple[str, ...]

    def sentence(self) -> str:
        """For people: "boat · yellow · small · with cat · blue; not understood: philosophical"."""
        first = [value for name, value in self.understood.items() if name not in _SECOND]
        second = [self.understood[name] for name in _SECOND if name in self.understood]
        said = [*first, f"with {' · '.join(second)}"] if second else first
        heard = " · ".join(said) or "nothing in particular"
        strange = ", ".join(self.unknown)
        return f"{heard}; not understood: {strange}" if strange else heard


@torch.no_grad()
def read_prompt(encoder: SproutTextEncoder, words: Words, prompt: str) -> Reading:
    """Read one prompt with the classifiers whose probabilities also make the slots.

    A value counts as understood if its classifier is sure and a word of the prompt says it: what
    the model merely assumes is not claimed.
    """
    heard = words.read(prompt)
    parts = {part for word in heard for part in words.parts(word)}
    understood, used = {}, set(EMPTY)
    logits = encoder.logits(words.encode([prompt]).to(encoder.device))
    for (name, values), part in zip(encoder.classes.items(), logits, strict=True):
        probability, best = part.softmax(-1)[0].max(0)
        if int(best) == len(values) or float(probability) < SURE:
            continue
        value = values[int(best)]
        if says(name, value, parts):
            understood[name] = value
            used |= _words_of(name, value)
    unknown = [
        word
        for place, word in enumerate(words.split(prompt))
        if not used.issuperset(words.parts(word)) or (place >= len(heard) and word not in EMPTY)
    ]
    return Reading(understood, tuple(dict.fromkeys(unknown)))


def says(attribute: str, value: str, said: set[str]) -> bool:
    """Whether the words `said` hold a whole phrase for `value`, or a word that no other value has.

    "moves" alone does not say "right", as "left" has it too; "moves right" and "right" do.
    """
    others = set().union(*(_words_of(attribute, v) for v in phrases(attribute) if v != value))
    if said & (_words_of(attribute, value) - others):
        return True
    return any(set(split_words(p)) - EMPTY <= said for p in phrases(attribute)[value])


def _words_of(attribute: str, value: str) -> set[str]:
    """The words with meaning in the phrases for `value`."""
    return {word for phrase in phrases(attribute)[value] for word in split_words(phrase)} - EMPTY
