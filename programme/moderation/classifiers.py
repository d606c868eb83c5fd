"""A judge from outside: a text classifier of the transformers library, by name. None by default.

Setting: `MODEL=LABEL:0.9`, several with commas. MODEL is a folder or a name in the library's own
cache or hub; a text whose LABEL scores as much or more is refused. One that fails, or does not
answer in time, lets nothing pass: who asked is told so (JudgeUnavailable).
"""

import logging
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from importlib import import_module
from threading import BoundedSemaphore, Thread
from typing import Any

from errors import BootRefused, JudgeUnavailable

log = logging.getLogger("greenroom.programme")

ANSWER_S, AT_ONCE = 5.0, 4
SHAPE = re.compile(r"(?P<model>[^=,]+)=(?P<label>[^:,]+):(?P<least>0?\.\d+|1(\.0+)?)")
TEXT_MAX_CHARS = 2000
Score = Callable[[str], float]


@dataclass(frozen=True)
class Classifier:
    """`score(text)` is how sure the model is of `label`, 0 to 1; `least` of it refuses.

    answer_s  how long it may take, waiting for its turn included
    """

    model: str
    label: str
    least: float
    score: Score
    answer_s: float = ANSWER_S
    turns: BoundedSemaphore = field(
        default_factory=lambda: BoundedSemaphore(AT_ONCE), repr=False, compare=False
    )

    @property
    def rule_id(self) -> str:
        """How the decision log names it."""
        return re.sub(r"[^a-z0-9]+", "_", f"{self.model} {self.label}".lower()).strip("_")[-32:]

    @property
    def reason(self) -> str:
        return f"A classifier took it for “{self.label}”. Classifiers err; appeal if it did."

    def refuses(self, text: str) -> bool:
        """Raises JudgeUnavailable where it fails, is late, or says what is no score."""
        try:
            score = self.ask(text[:TEXT_MAX_CHARS])
            if 0 <= score <= 1:
                return score >= self.least
            why = f"it said {score}"
        except Exception as error:  # noqa: BLE001 (a stranger's code: whatever it raises)
            why = type(error).__name__
        log.error("the classifier %s judged nothing: %s", self.rule_id, why)
        raise JudgeUnavailable

    def ask(self, text: str) -> float:
        """The score, from a thread that nobody waits for longer than `answer_s`, nor at the end.

        One that never answers keeps its turn. Raises TimeoutError, and what the model raises.
        """
        if not self.turns.acquire(timeout=self.answer_s):
            raise TimeoutError
        answer: Future[float] = Future()

        def work() -> None:
            try:
                answer.set_result(self.score(text))
            except BaseException as error:  # noqa: BLE001 (for whoever waits)
                answer.set_exception(error)
            finally:
                self.turns.release()

        Thread(target=work, name=f"classifier {self.rule_id}", daemon=True).start()
        return answer.result(self.answer_s)


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
