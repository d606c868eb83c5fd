"""`python -m tests.mutations`: does a test notice when the gate is changed in one small way?

A random sample of auth/'s mutants, spread evenly over its files, is held against the tests that
reach each (hunt.py). What came of each is kept in `mutants/journal.jsonl`, so that a run that was
cut off goes on.
"""

import argparse
import os
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path

import pytest

from tests.mutations.hunt import Hunt
from tests.mutations.score import Journal, module_of, table
from tests.mutations.tree import digests, plant
from tests.mutations.walk import Walk

ROOT = Path(__file__).parents[2]
# Postgres has the same lists of tests; a copy of a database takes it a hundred times as long.
STUDIO = (
    "devices gateway idempotency jobs_api joining passkeys people provider revoking rotating "
    "sign_in switch"
)
TESTS = ("tests/auth", *(f"tests/studio/test_{name}.py" for name in STUDIO.split()))
OPTIONS = ("-q", "-k", "not postgres", "-p", "no:cacheprovider", "--tb=no")


def main() -> int:
    given = make_parser().parse_args()
    tree = given.folder.resolve() / "tree"
    grown = plant(ROOT, tree)
    names = [name for name in chain(*grown.values()) if fnmatch(name, given.only)]
    ordered = spread(names, given.seed)
    sample = ordered[: given.sample or None]
    besides = top_up(sample, ordered, given.least)
    journal = Journal(tree.parent / "journal.jsonl", digests(tree, grown))
    if given.again:
        journal.forget([*sample, *besides], ("survived", "no tests"))
    left = [name for name in (*sample, *besides) if name not in journal.found]
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    hunt = Hunt(left, journal, Walk(tree), given.minutes, given.budget)
    failed = pytest.main([*OPTIONS, *given.tests], plugins=[hunt]) if left else 0
    print(table(names, sample, besides, journal.found))
    return int(failed)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--sample", type=int, default=400, help="how many mutants; 0: all")
    parser.add_argument("--least", type=int, default=4, help="more where a module has fewer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="*", help="mutants of this pattern: 'auth.quotas.*'")
    parser.add_argument("--minutes", type=float, default=60, help="trying begins no mutant later")
    parser.add_argument("--budget", type=float, default=20, help="seconds of tests for a mutant")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="what they are held against")
    parser.add_argument("--again", action="store_true", help="try those that survived once more")
    parser.add_argument("--folder", type=Path, default=ROOT / "mutants")
    return parser


def spread(names: Sequence[str], seed: int) -> list[str]:
    """All of them in a random order of which every beginning has each module's share."""
    by_module = defaultdict(list)
    for name in names:
        by_module[module_of(name)].append(name)
    places = {}
    for module, mine in sorted(by_module.items()):
        chance = random.Random(f"{seed} {module}")
        chance.shuffle(mine)
        offset = chance.random()
        places |= {name: (rank + offset) / len(mine) for rank, name in enumerate(mine)}
    return sorted(places, key=places.__getitem__)


def top_up(sample: Sequence[str], ordered: Sequence[str], least: int) -> list[str]:
    """More mutants, so that each module has `least` of them, or all it has."""
    tried: dict[str, int] = defaultdict(int)
    for name in sample:
        tried[module_of(name)] += 1
    found = []
    for name in ordered[len(sample) :]:
        if tried[module_of(name)] < least:
            tried[module_of(name)] += 1
            found.append(name)
    return found


if __name__ == "__main__":
    sys.exit(main())
