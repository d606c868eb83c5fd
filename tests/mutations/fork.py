"""One mutant in a process of its own, and what its tests say."""

import os
import resource
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import pytest
from _pytest.nodes import Item
from _pytest.runner import runtestprotocol
from mutmut.mutation import trampoline

# What is made once and kept for all mutants: nothing in it comes of auth/.
KEPT = ("sqlite_template", "redis_url")


@dataclass(frozen=True)
class Ended:
    """`outcome`: killed, timeout or survived. `by`: the test that noticed."""

    outcome: str
    by: str = ""


def in_a_fork(name: str, tests: Sequence[Item], cpu_s: float, limit_s: float) -> Ended:
    """Hold the tests against one mutant, in order, until one fails; "" is the code as it is.

    It is ended after `cpu_s` of processor time, or `limit_s` in all.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s) + 1, int(cpu_s) + 2))
        run(name, tests, write)
    os.close(write)
    ended = wait(child, limit_s)
    with os.fdopen(read) as pipe:
        by = pipe.read()
    if ended in (None, -signal.SIGXCPU, -signal.SIGKILL):
        return Ended("timeout")
    return Ended("survived" if ended == 0 else "killed", by)


def run(name: str, tests: Sequence[Item], pipe: int) -> NoReturn:
    """In the fork: exit with 1 at the first test that fails."""
    os.setpgid(0, 0)
    trampoline.set_mutant_under_test(name)
    for number, test in enumerate(tests):
        try:
            make_anew(test)
            failed = run_test(test, [*tests, test][number + 1]) == "failed"
        except BaseException:  # noqa: BLE001 (a mutant may do anything)
            failed = True
        if failed:
            os.write(pipe, test.nodeid.encode())
            os._exit(1)
    os._exit(0)


def run_test(test: Item, following: Item) -> str:
    """passed, failed or skipped. What `following` shares with it is not taken down."""
    reports = runtestprotocol(test, log=False, nextitem=following)
    if any(report.failed for report in reports):
        return "failed"
    return "skipped" if any(report.skipped for report in reports) else "passed"


def make_anew(test: Item) -> None:
    """Let what a session shares be made by the mutant, but for what it has no part in."""
    assert isinstance(test, pytest.Function)
    for definitions in test._fixtureinfo.name2fixturedefs.values():
        for definition in definitions:
            if definition.argname in KEPT or definition.scope != "session":
                continue
            if definition.func.__module__.startswith("tests."):
                definition.cached_result = None
                definition._finalizers.clear()


def wait(child: int, limit_s: float) -> int | None:
    """The exit status of the fork; None where it had to be ended. Nothing it started is left."""
    end, pause_s = time.monotonic() + limit_s, 0.001
    status = None
    while time.monotonic() < end:
        ended, raw = os.waitpid(child, os.WNOHANG)
        if ended:
            status = os.waitstatus_to_exitcode(raw)
            break
        time.sleep(pause_s)
        pause_s = min(0.05, pause_s * 1.5)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
    return status
