"""What each test reaches of auth/ and costs on the code as it is; kept, since a walk takes minutes.

It holds while neither the code nor the test's own file changes.
"""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from _pytest.nodes import Item

from tests.mutations.tree import digest


@dataclass(frozen=True)
class Known:
    """Seconds of processor time and of the clock. `outcome`: passed, failed, skipped."""

    outcome: str
    cpu_s: float
    lasted_s: float
    reached: list[str]


class Walk:
    """One line a test."""

    def __init__(self, tree: Path) -> None:
        self.path = tree.parent / "walk.jsonl"
        files = sorted(file for file in tree.rglob("*.py") if not file.name.startswith("test_"))
        self.code = digest(*[file.read_bytes() for file in files])
        self.known: dict[str, Known] = {}
        self.read()

    def read(self) -> None:
        for line in self.path.read_text().splitlines() if self.path.exists() else []:
            key, *known = json.loads(line)
            self.known[key] = Known(*known)

    def key(self, item: Item) -> str:
        return f"{item.nodeid} {self.code} {digest(item.path.read_bytes())}"

    def find(self, item: Item) -> Known | None:
        return self.known.get(self.key(item))

    def add(self, item: Item, known: Known) -> None:
        if known.outcome == "failed":  # it may pass the next time
            return
        with self.path.open("a") as file:
            file.write(json.dumps([self.key(item), *astuple(known)]) + "\n")


def within(function: str, known: Mapping[Item, Known], budget_s: float) -> list[Item]:
    """The tests that reach a function: its module's own first, the quick first, up to a budget."""
    module = function.rpartition(".")[0].rpartition(".")[2]
    tests = [test for test, one in known.items() if function in one.reached]
    tests.sort(key=lambda test: (f"test_{module}" not in test.nodeid, known[test].cpu_s))
    found, sum_s = [], 0.0
    for test in tests:
        sum_s += known[test].cpu_s
        if sum_s > budget_s:
            break
        found.append(test)
    return found
