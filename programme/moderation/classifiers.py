"""A judge from outside: a classifier of the transformers library, by name. None by default.

Setting: `MODEL=LABEL:0.9`, several with commas, one for texts and one for pictures. MODEL is a
folder or a name in the library's own cache or hub; what scores as much or more for LABEL, or one of
`LABEL+LABEL`, is refused. One that fails, or does not answer in time, lets nothing pass: who asked
is told so (JudgeUnavailable).
"""

import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import Any

from errors import BootRefused, JudgeUnavailable

log = logging.getLogger("greenroom.programme")

ANSWER_S, AT_ONCE = 5.0, 4
TEXTS, PICTURES = "text-classification", "image-classification"  # pipelines of the library
SETTINGS = {TEXTS: "GREENROOM_CLASSIFIERS", PICTURES: "GREENROOM_PICTURE_CLASSIFIERS"}
NOUNS = {TEXTS: "it", PICTURES: "a picture"}
SHAPE = re.compile(r"(?P<model>[^=,]+)=(?P<label>[^:,]+):(?P<least>0?\.\d+|1(\.0+)?)")
TEXT_MAX_CHARS = 2000
Score = Callable[[Any], float]


@dataclass(frozen=True)
class Classifier:
    """`score(seen)` is how sure the model is of `label`, 0 to 1; `least` of it refuses.

    label     one, or several with `+` between, the likeliest of which counts
    score     of a text, or of a PIL picture where `task` is PICTURES
    answer_s  how long it may take, waiting for its turn included
    """

    model: str
    label: str
    least: float
    score: Score
    answer_s: float = ANSWER_S
    task: str = TEXTS
    turns: BoundedSemaphore = field(
        default_factory=lambda: BoundedSemaphore(AT_ONCE), repr=False, compare=False
    )

    @property
    def rule_id(self) -> str:
        """How the decision log names it: by the model's own name, not by where it lies."""
        name = f"{Path(self.model).name} {self.label}".lower()
        return re.sub(r"[^a-z0-9]+", "_", name).strip("_")[-32:]

    @property
    def reason(self) -> str:
        labels = " or ".join(f"“{label}”" for label in self.label.split("+"))
        return (
            f"A classifier took {NOUNS[self.task]} for {labels}. Classifiers err; appeal if it did."
        )

    def refuses(self, seen: Any) -> bool:
        """Raises JudgeUnavailable where it fails, is late, or says what is no score."""
        try:
            score = self.ask(seen)
            if 0 <= score <= 1:
                return score >= self.least
            why = f"it said {score}"
        except Exception as error:  # noqa: BLE001 (a stranger's code: whatever it raises)
            why = type(error).__name__
        log.error("the classifier %s judged nothing: %s", self.rule_id, why)
        raise JudgeUnavailable

    def ask(self, seen: Any) -> float:
        """The score, from a thread that nobody waits for longer than `answer_s`, nor at the end.

        One that never answers keeps its turn. Raises TimeoutError, and what the model raises.
        """
        if not self.turns.acquire(timeout=self.answer_s):
            raise TimeoutError
        answer: Future[float] = Future()

        def work() -> None:
            try:
                answer.set_result(self.score(seen))
            except BaseException as error:  # noqa: BLE001 (for whoever waits)
                answer.set_exception(error)
            finally:
                self.turns.release()

        Thread(target=work, name=f"classifier {self.rule_id}", daemon=True).start()
        return answer.result(self.answer_s)


def named(setting: str, task: str = TEXTS) -> Sequence[Classifier]:
    """The classifiers a setting names. Raises BootRefused for another shape or a missing one."""
    return [one(part.strip(), task) for part in setting.split(",") if part.strip()]


def one(part: str, task: str) -> Classifier:
    found = SHAPE.fullmatch(part)
    if found is None:
        raise BootRefused(f"{part} is no classifier: write MODEL=LABEL:0.9.")
    model, label = found["model"], found["label"]
    return Classifier(model, label, float(found["least"]), pipeline(model, label, task), task=task)


def pipeline(model: str, label: str, task: str) -> Score:
    """Loads the model. Raises BootRefused where the library or the model is missing."""
    try:
        transformers: Any = import_module("transformers")
        classify = transformers.pipeline(task, model=model)
    except (ImportError, OSError, ValueError) as error:
        raise BootRefused(
            f"The classifier {model} cannot be loaded ({type(error).__name__}). Install "
            f"transformers, and fetch the model first, or take it out of {SETTINGS[task]}."
        ) from error
    known, refused = set(classify.model.config.label2id), set(label.split("+"))
    if not refused <= known:
        raise BootRefused(f"The classifier {model} has the labels {', '.join(sorted(known))}.")
    every = {"top_k": len(known)}

    def score(seen: Any) -> float:
        if task == TEXTS:
            rows = classify([seen[:TEXT_MAX_CHARS]], truncation=True, **every)[0]
        else:
            rows = classify([seen], **every)[0]
        return max(float(row["score"]) for row in rows if row["label"] in refused)

    return score
