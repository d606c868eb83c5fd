"""The honest reading of a prompt: what was understood, and which words were not."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.words import Words

#: Below this probability a value is not claimed to be understood.
SURE = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """`understood` maps attribute to value, for what was said; `unknown` lists strange words."""

    understood: dict[str, str]
    unknown: tuple[str, ...]

    def sentence(self) -> str:
        """For people: "boat · yellow · small; not understood: philosophical"."""
        heard = " · ".join(self.understood.values()) or "nothing in particular"
        strange = ", ".join(self.unknown)
        return f"{heard}; not understood: {strange}" if strange else heard


@torch.no_grad()
def read_prompt(encoder: SproutTextEncoder, words: Words, prompt: str) -> Reading:
    """Read one prompt with the classifiers whose probabilities also make the slots."""
    logits = encoder.logits(words.encode([prompt]))
    understood = {}
    for (name, values), part in zip(encoder.classes.items(), logits, strict=True):
        probability, best = part.softmax(-1)[0].max(0)
        if int(best) < len(values) and float(probability) >= SURE:
            understood[name] = values[int(best)]
    return Reading(understood, words.unknown(prompt))
