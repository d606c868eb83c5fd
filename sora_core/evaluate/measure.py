"""What is measured: which ruler reads the clips, and what is counted of its readings."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sora_core.evaluate.checker import Checker
from sora_core.evaluate.finder import Finder
from sora_core.evaluate.ruler import Ruler
from sora_core.evaluate.tally import Count, tally, tally_pairs


class Measure(NamedTuple):
    """One way to score clips.

    name      of the page of figures
    ruler     what reads them;  counts  what it saw, against what was named
    confused  attributes of which is told what was seen instead
    pairs     share of the prompts with two subjects
    said      how the counts are to be read
    """

    name: str
    ruler: type[Ruler]
    counts: Callable[..., dict[str, Count]]
    confused: tuple[str, ...]
    pairs: float
    said: str


ONE = Measure(
    "held-out", Checker, tally, ("subject",), 0.0,
    "an attribute is scored where the prompt names it and an eye can tell it.",
)  # fmt: skip
PAIRS = Measure(
    "pairs", Finder, tally_pairs, (), 1.0,
    "every prompt names two subjects, the second beside the first. A colour is scored where its "
    "subject was seen, both colours in every clip, and none in black and white.",
)  # fmt: skip
