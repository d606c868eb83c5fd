"""Classifiers of the transformers library: a real one, and ones that fail."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select

from database import Database
from errors import JudgeUnavailable
from programme.moderation.classifiers import AT_ONCE, Classifier
from programme.moderation.judge import Judge
from programme.moderation.records import Refusal
from programme.moderation.refusals import require_allowed
from tests.journeys.greenroom import ROOT

# What the library needs and ours does not bring along; kept beside, from run to run.
NEEDS = ("transformers==5.23.0", "tokenizers==0.23.3")
KEPT = ROOT / ".cache" / NEEDS[0].replace("==", "-")


def library() -> str:
    """Where Python finds transformers."""
    if not (KEPT / "transformers" / "__init__.py").exists():
        quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade")
        install = [sys.executable, "-m", "pip", "install", *quiet, "--target", KEPT, *NEEDS]
        subprocess.run(install, check=True, timeout=200)
    return f"{KEPT}{os.pathsep}{ROOT}"


def ask_library(script: str, folder: Path) -> dict[str, Any]:
    """What `script`, which has the library and no network, prints of a model it saves there."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name(script), folder],
        env=os.environ | {"PYTHONPATH": library(), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_model_of_the_transformers_library_judges_prompts_by_its_path(tmp_path: Path) -> None:
    """A tiny one, learned here, saved, and loaded as an operator's would be; offline."""
    told = ask_library("judge_with_transformers.py", tmp_path / "m")
    assert told["parameters"] < 2000
    assert {text for text, refused in told["refuses"].items() if refused} == {
        text for text in told["refuses"] if "insult" in text
    }
    assert told["rule"] == "m_insult"
    assert told["reason"] == "A classifier took it for “insult”. Classifiers err; appeal if it did."
    assert "has the labels harmless, insult." in told["unknown"]


def test_model_of_the_transformers_library_judges_pictures_by_its_path(tmp_path: Path) -> None:
    """Any of the labels named refuses, and no other."""
    told = ask_library("look_with_transformers.py", tmp_path / "m")
    assert told["parameters"] < 3000
    assert told["refuses"] == {"red": True, "green": True, "blue": False, "grey": False}
    assert told["narrow"] == {"red": False, "green": True, "blue": False, "grey": False}
    assert told["rule"] == "m_blood_gore"
    assert told["reason"].startswith("A classifier took a picture for “blood” or “gore”.")
    assert "has the labels blood, calm, gore." in told["unknown"]


def judging(score: Callable[[str], float], answer_s: float = 5.0) -> Classifier:
    return Classifier("model", "label", 0.9, score, answer_s)


def broken(_text: str) -> float:
    raise RuntimeError("out of memory")


@pytest.fixture
def hanging() -> Iterator[Callable[[str], float]]:
    """A score that nobody gets before the test is over."""
    over = Event()

    def score(_text: str) -> float:
        over.wait(60)
        return 0.0

    yield score
    over.set()


@pytest.mark.parametrize(
    "score", [broken, lambda _text: float("nan"), lambda _text: 1.5, lambda _text: -0.1]
)
def test_classifier_that_fails_or_says_no_score_lets_nothing_pass(
    database: Database, score: Callable[[str], float]
) -> None:
    """And nothing is held against who asked."""
    judge = Judge(classifiers=[judging(score)])
    with pytest.raises(JudgeUnavailable) as refused:
        require_allowed(database, judge, "ada", "a red ball", 1)
    assert refused.value.retry_after_s == 60
    assert "Nothing was drawn or charged" in str(refused.value)
    with database.read() as db:
        assert db.scalars(select(Refusal)).all() == []


def test_classifier_that_never_answers_is_not_waited_for(hanging: Callable[[str], float]) -> None:
    """Not by one asker more than there are turns either."""
    classifier = judging(hanging, answer_s=0.05)
    for _ in range(AT_ONCE + 2):
        with pytest.raises(JudgeUnavailable):
            classifier.refuses("a red ball")


def test_classifier_that_failed_once_judges_again() -> None:
    answers = iter([float("nan"), 0.95, 0.1])
    classifier = judging(lambda _text: next(answers))
    with pytest.raises(JudgeUnavailable):
        classifier.refuses("a red ball")
    assert classifier.refuses("a red ball")
    assert not classifier.refuses("a red ball")


def test_score_is_held_against_the_least_that_refuses() -> None:
    assert judging(lambda _text: 0.9).refuses("a red ball")
    assert not judging(lambda _text: 0.899).refuses("a red ball")
