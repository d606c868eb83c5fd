"""A stranger's file read in a process of its own, which may break, hang or eat without harm.

It gets neither our environment nor our database. A line of JSON goes in, another comes out.
"""

import asyncio
import json
import os
import resource
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from errors import BadSpec, GreenroomError

HOUSE = Path(__file__).parents[1]
MEMORY_BYTES = 4 * 2**30
NICENESS = 10
FIELD = "film"


async def ask_apart(module: str, asked: dict[str, Any], limit_s: float) -> dict[str, Any]:
    """What `module`, which calls `answer_apart`, makes of `asked`.

    It is ended, with whatever it started, after `limit_s` and where this task is cancelled.
    Raises BadSpec where the file is not what it should be, takes too long, or breaks the reader.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        cwd=HOUSE,
        env={"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limit_s):
            told, _ = await child.communicate(json.dumps(asked).encode())
    except TimeoutError as error:
        sentence = "The film takes too long to read: try a shorter part of it."
        raise BadSpec(sentence, field=FIELD) from error
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()
    try:
        answer: dict[str, Any] = json.loads(told)
    except ValueError as error:  # it died in the middle
        raise BadSpec("The film could not be read: it is damaged.", field=FIELD) from error
    if "problem" in answer:
        raise BadSpec(answer["problem"], field=FIELD)
    return answer


def answer_apart(act: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The child's side: `act` on what is asked, within bounds of memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)
    try:
        answer = act(json.load(sys.stdin))
    except GreenroomError as error:
        answer = {"problem": str(error)}
    print(json.dumps(answer))
