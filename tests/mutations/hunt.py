"""Runs each mutant's tests in a fork of one pytest that has collected them and warmed up.

A run of pytest a mutant would spend nearly all its time on imports and collection.
"""

import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation import trampoline

from tests.mutations.score import Found, Journal

# What is made once and kept for all mutants: nothing in it comes of auth/.
KEPT = {"sqlite_template", "redis_url"}
# Of processor time, which other work on the machine does not lengthen. A survivor runs all its
# tests within the budget; those slower than SLOWEST_S are left out for all, and named.
SLOWEST_S, BUDGET_S = 3.0, 40.0
# How long a mutant may take beside what its tests took unchanged.
PATIENCE, LEAST_S = 8, 60


class Hunt:
    """A plugin in the place of pytest's own loop over tests."""

    def __init__(self, mutants: Sequence[str], journal: Journal, minutes: float) -> None:
        self.mutants = mutants
        self.minutes = minutes
        self.journal = journal
        self.reached: set[str] = set()
        self.tests: dict[str, list[pytest.Function]] = defaultdict(list)
        self.took_s: dict[pytest.Function, float] = {}
        self.lasted_s: dict[pytest.Function, float] = {}
        self.out = os.dup(sys.stderr.fileno())  # pytest takes the other one for itself

    def say(self, line: str) -> None:
        os.write(self.out, f"{line}\n".encode())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            return False
        trampoline.record_trampoline_hit = lambda name, caller=None: self.reached.add(name)
        self.walk(session.items)
        while (sound := self.hold_against(list(self.took_s), "")).outcome != "survived":
            # In a fork it fails unchanged: it would notice whatever it is held against.
            self.say(f"left out, fails in a fork: {sound.by}")
            self.leave_out(sound.by)
        end = time.monotonic() + self.minutes * 60
        for number, name in enumerate(self.mutants, 1):
            if time.monotonic() > end:
                break
            found = self.hold(name)
            self.journal.add(name, found)
            self.say(
                f"{number}/{len(self.mutants)} {found.outcome} {name} {found.seconds} s {found.by}"
            )
        return True

    def walk(self, items: Sequence[pytest.Function]) -> None:
        """Run every test on the code as it is: what it reaches, how long it takes.

        A test that fails here, or is slow, holds nothing.
        """
        # Not in the environment: a process that a test starts knows nothing of this walk.
        trampoline._mutant_under_test = "stats"
        began = time.monotonic()
        for number, item in enumerate(items):
            self.reached.clear()
            start, start_cpu = time.monotonic(), time.process_time()
            reports = runtestprotocol(item, log=False, nextitem=items[(number + 1) % len(items)])
            took = time.process_time() - start_cpu
            if any(report.failed for report in reports):
                self.say(f"left out, fails unchanged: {item.nodeid}")
            elif took > SLOWEST_S:
                self.say(f"left out, {took:.1f} s: {item.nodeid}")
            elif not any(report.skipped for report in reports):
                self.took_s[item], self.lasted_s[item] = took, time.monotonic() - start
                for function in self.reached:
                    self.tests[function].append(item)
        for tests in self.tests.values():
            tests.sort(key=self.took_s.__getitem__)
        trampoline.set_mutant_under_test(None)
        took = time.monotonic() - began
        self.say(f"{len(items)} tests in {took:.0f} s, of which {len(self.took_s)} hold mutants")

    def hold(self, name: str) -> Found:
        """What its tests make of one mutant, quickest first, until one fails."""
        tests = within(self.tests[name.partition("__mutmut_")[0]], self.took_s)
        return self.hold_against(tests, name) if tests else Found("no tests", 0.0)

    def hold_against(self, tests: Sequence[pytest.Function], name: str) -> Found:
        began = time.monotonic()
        limit_s = LEAST_S + PATIENCE * sum(self.lasted_s[test] for test in tests)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            run(name, tests, write)
        os.close(write)
        ended = wait(child, limit_s)
        with os.fdopen(read) as pipe:
            by = pipe.read()
        outcome = "timeout" if ended is None else "survived" if ended == 0 else "killed"
        return Found(outcome, round(time.monotonic() - began, 1), by)

    def leave_out(self, node_id: str) -> None:
        self.took_s = {test: s for test, s in self.took_s.items() if test.nodeid != node_id}
        for tests in self.tests.values():
            tests[:] = [test for test in tests if test in self.took_s]


def within(
    tests: Sequence[pytest.Function], took_s: dict[pytest.Function, float]
) -> list[pytest.Function]:
    found, sum_s = [], 0.0
    for test in tests:
        sum_s += took_s[test]
        if sum_s > BUDGET_S:
            break
        found.append(test)
    return found


def run(name: str, tests: Sequence[pytest.Function], pipe: int) -> NoReturn:
    """In the fork: run the tests in order, exit with 1 at the first that fails."""
    os.setpgid(0, 0)
    trampoline.set_mutant_under_test(name)
    for number, test in enumerate(tests):
        try:
            make_anew(test)
            reports = runtestprotocol(test, log=False, nextitem=[*tests, test][number + 1])
            failed = any(report.failed for report in reports)
        except BaseException:  # noqa: BLE001 (a mutant may do anything)
            failed = True
        if failed:
            os.write(pipe, test.nodeid.encode())
            os._exit(1)
    os._exit(0)


def make_anew(test: pytest.Function) -> None:
    """Let what a session shares be made by the mutant, but for what it has no part in."""
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
