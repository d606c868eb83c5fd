"""A judge from outside: a text classifier of the transformers library, by name. None by default.

Setting: `MODEL=LABEL:0.9`, several with commas. MODEL is a folder or a name in the library's own
cache or hub; a text whose LABEL scores as much or more is refused.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from errors import BootRefused

SHAPE = re.compile(r"(?P<model>[^=,]+)=(?P<label>[^:,]+):(?P<least>0?\.\d+|1(\.0+)?)")
TEXT_MAX_CHARS = 2000
Score = Callable[[str], float]


@dataclass(frozen=True)
class Classifier:
    """`score(text)` is how sure the model is of `label`, 0 to 1; `least` of it refuses."""

    model: str
    label: str
    least: float
    score: Score

    @property
    def rule_id(self) -> str:
        """How the decision log names it."""
        return re.sub(r"[^a-z0-9]+", "_", f"{self.model} {self.label}".lower()).strip("_")[-32:]

    @property
    def reason(self) -> str:
        return f"A classifier took it for “{self.label}”. Classifiers err; appeal if it did."

    def refuses(self, text: str) -> bool:
        return self.score(text[:TEXT_MAX_CHARS]) >= self.least


def named(setting: str) -> Sequence[Classifier]:
    """The classifiers a setting names. Raises BootRefused for another shape or a missing one."""
    return [one(part.strip()) for part in setting.split(",") if part.strip()]


def one(part: str) -> Classifier:
    found = SHAPE.fullmatch(part)
    if found is None:
        raise BootRefused(f"{part} is no classifier: write MODEL=LABEL:0.9.")
    return Classifier(
        found["model"],
        found["label"],
        float(found["least"]),
        pipeline(found["model"], found["label"]),
    )


def pipeline(model: str, label: str) -> Score:
    """Loads the model. Raises BootRefused where the library or the model is missing."""
    try:
        transformers: Any = import_module("transformers")
        classify = transformers.pipeline("text-classification", model=model, top_k=None)
    except (ImportError, OSError, ValueError) as error:
        raise BootRefused(
            f"The classifier {model} cannot be loaded ({type(error).__name__}). Install "
            "transformers, and fetch the model first, or take it out of GREENROOM_CLASSIFIERS."
        ) from error
    known = set(classify.model.config.label2id)
    if label not in known:
        raise BootRefused(f"The classifier {model} has the labels {', '.join(sorted(known))}.")

    def score(text: str) -> float:
        rows = classify([text], truncation=True)[0]
        return float(next(row["score"] for row in rows if row["label"] == label))

    return score
