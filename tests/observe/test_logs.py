"""Logs are for machines or people, and hold neither what was asked for nor what opens a door."""

import io
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from observe.logs import JsonLines, Sentences, covered
from observe.visit import carried_on

TOKEN = "grm_api_AbCdEf012345_" + "s" * 43 + "_ChEcK1"


@pytest.fixture
def written() -> tuple[logging.Logger, Callable[[], dict[str, Any]]]:
    """A logger of its own, and what it wrote last as a line of JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines("web"))
    logger = logging.Logger("greenroom.test")
    logger.addHandler(handler)
    return logger, lambda: dict(json.loads(stream.getvalue().splitlines()[-1]))


def test_line_says_when_who_what_and_for_which_request_and_job(written: Any) -> None:
    logger, line = written
    with carried_on("req_1", "job_1"):
        logger.info("claimed", extra={"wait_ms": 12})
    assert line().pop("time").endswith("+00:00")
    assert {name: value for name, value in line().items() if name != "time"} == {
        "level": "info",
        "logger": "greenroom.test",
        "process": "web",
        "message": "claimed",
        "request_id": "req_1",
        "job_id": "job_1",
        "wait_ms": 12,
    }


def test_field_that_is_not_in_the_list_is_left_out(written: Any) -> None:
    """A list of what may be said is safer than one of what may not."""
    logger, line = written
    logger.info("made", extra={"prompt": "a red ball", "ms": 3})
    assert "prompt" not in line()
    assert line()["ms"] == 3


def test_exception_is_its_type_and_place_without_its_words(written: Any) -> None:
    logger, line = written
    try:
        raise ValueError("a red ball")
    except ValueError:
        logger.exception("it broke")
    assert line()["exception"].startswith("ValueError < tests/observe/test_logs.py:")
    assert "red ball" not in json.dumps(line())


def test_exception_is_told_to_a_person_in_the_same_way() -> None:
    try:
        raise ValueError("a red ball")
    except ValueError as error:
        record = logging.LogRecord(
            "greenroom", logging.ERROR, __file__, 1, "it broke", (), (ValueError, error, None)
        )
    said = Sentences("worker").format(record)
    assert said.startswith("worker: ERROR it broke")
    assert "red ball" not in said


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"found {TOKEN} here", "s" * 43),
        ("proof eyJhbGciOi.eyJqdGkiOiI.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        ("Authorization: Bearer abcdef", "abcdef"),
        ("cookie: greenroom=abcdef", "greenroom=abcdef"),
        ("postgresql://room:hunter2@db/greenroom", "hunter2"),
    ],
)
def test_whatever_looks_like_a_credential_is_covered(said: str, secret: str) -> None:
    assert secret not in covered(said)


def test_public_id_of_a_token_stays_so_that_it_can_be_revoked() -> None:
    assert "AbCdEf012345" in covered(f"seen: {TOKEN}")
