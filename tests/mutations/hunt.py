"""Runs each mutant's tests in a fork of one pytest that has collected them and warmed up.

A run of pytest a mutant would spend nearly all its time on imports and collection.
"""

import gc
import os
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from _pytest.nodes import Item
from mutmut.mutation import trampoline

from tests.mutations.fork import KEPT, in_a_fork, make_anew, run_test
from tests.mutations.score import Found, Journal
from tests.mutations.walk import Known, Walk, within

# Of processor time, which other work on the machine does not lengthen. Tests slower than this are
# left out for all, and named.
SLOWEST_S = 3.0


class Hunt:
    """A plugin in the place of pytest's own loop over tests.

    `budget_s`: of processor time, how long the tests of one mutant may take unchanged; what none
    of these noticed has survived.
    """

    def __init__(
        self, mutants: Sequence[str], journal: Journal, walk: Walk, minutes: float, budget_s: float
    ) -> None:
        self.mutants = mutants
        self.minutes = minutes
        self.journal = journal
        self.walk = walk
        self.budget_s = budget_s
        self.reached: set[str] = set()
        self.known: dict[Item, Known] = {}
        self.out = os.dup(sys.stderr.fileno())  # pytest takes the other one for itself

    def say(self, line: str) -> None:
        os.write(self.out, f"{line}\n".encode())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            return False
        trampoline.record_trampoline_hit = lambda name, caller=None: self.reached.add(name)
        self.warm_up(session)
        gc.collect()
        gc.freeze()  # else each fork would copy what it only counts
        self.go_through(session.items)
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

    def warm_up(self, session: pytest.Session) -> None:
        """A test of each file, here: what Python and SQLAlchemy do once is not done in each fork.

        And one for each of KEPT.
        """
        begun: set[object] = set()
        for item in session.items:
            wanted = {item.path, *KEPT} & {item.path, *getattr(item, "fixturenames", ())}
            if not wanted <= begun:
                begun |= wanted
                run_test(item, only_the_session(session))

    def go_through(self, items: Sequence[Item]) -> None:
        """Run every test that is not known in a fork, on the code as it is: what does it reach?

        A test that fails there would notice whatever it is held against: it holds nothing, nor
        does a slow one.
        """
        new = [item for item in items if self.walk.find(item) is None]
        if new:
            child = os.fork()
            if child == 0:
                self.walk_in_a_fork(new)
            os.waitpid(child, 0)
            self.walk.read()
        for item in items:
            known = self.walk.find(item)
            if known is None:
                self.say(f"left out, fails unchanged: {item.nodeid}")
            elif known.cpu_s > SLOWEST_S:
                self.say(f"left out, takes {known.cpu_s:.1f} s: {item.nodeid}")
            elif known.reached:
                self.known[item] = known
        self.say(f"{len(items)} tests, of which {len(self.known)} hold mutants")

    def walk_in_a_fork(self, items: Sequence[Item]) -> NoReturn:
        # Not in the environment: a process that a test starts knows nothing of this walk.
        trampoline._mutant_under_test = "stats"
        for number, item in enumerate(items):
            make_anew(item)
            self.reached.clear()
            start, start_cpu = time.monotonic(), time.process_time()
            outcome = run_test(item, [*items, item][number + 1])
            cpu_s, lasted_s = time.process_time() - start_cpu, time.monotonic() - start
            reached = sorted(self.reached) if outcome == "passed" else []
            self.walk.add(item, Known(outcome, round(cpu_s, 4), round(lasted_s, 4), reached))
        os._exit(0)

    def hold(self, name: str) -> Found:
        """What its tests make of one mutant."""
        tests = within(name.partition("__mutmut_")[0], self.known, self.budget_s)
        if not tests:
            return Found("no tests", 0.0)
        began = time.monotonic()
        cpu_s = sum(self.known[test].cpu_s for test in tests)
        lasted_s = sum(self.known[test].lasted_s for test in tests)
        ended = in_a_fork(name, tests, 5 + 5 * cpu_s, 60 + 8 * lasted_s)
        return Found(ended.outcome, round(time.monotonic() - began, 1), ended.by)


def only_the_session(session: pytest.Session) -> Any:
    """In the place of a test that follows: nothing but the session is left standing for it."""
    return SimpleNamespace(listchain=lambda: [session])
