"""`python -m tests.mutations`: does a test notice when the gate is changed in one small way?

[mutmut](https://mutmut.readthedocs.io) makes the mutants of auth/; a random sample of them, spread
evenly over its files, is held against the tests that reach each (hunt.py). What came of each is
kept in `mutants/journal.jsonl`, so that a run that was cut off goes on.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

import pytest
from mutmut.mutation.file_mutation import mutate_file_contents

from tests.mutations.hunt import Hunt
from tests.mutations.score import Journal, table

ROOT = Path(__file__).parents[2]
# Postgres has the same lists of tests; a copy of a database takes it a hundred times as long.
STUDIO = (
    "devices gateway idempotency jobs_api joining passkeys people provider revoking rotating "
    "sign_in switch"
)
TESTS = ("tests/auth", *(f"tests/studio/test_{name}.py" for name in STUDIO.split()))
# Their tests start `python -m auth` anew, where the hunt cannot follow.
COMMANDS = ("auth.commands.", "auth.__main__.")
OPTIONS = ("-q", "-k", "not postgres", "-p", "no:cacheprovider", "--tb=no")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--sample", type=int, default=1000, help="how many mutants; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="*", help="mutants of this pattern: 'auth.quotas.*'")
    parser.add_argument("--minutes", type=float, default=60, help="trying begins no mutant later")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="what they are held against")
    parser.add_argument("--again", action="store_true", help="try those that survived once more")
    parser.add_argument("--folder", type=Path, default=ROOT / "mutants")
    given = parser.parse_args()
    tree = given.folder / "tree"
    names = plant(ROOT, tree)
    journal = Journal.open(given.folder / "journal.jsonl", given.seed)
    names = [name for name in names if not name.startswith(COMMANDS) and fnmatch(name, given.only)]
    chosen = spread(names, given.seed)[: given.sample or None]
    if given.again:
        journal.forget(chosen, "survived")
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    hunt = Hunt([name for name in chosen if name not in journal.found], journal, given.minutes)
    failed = pytest.main([*OPTIONS, *given.tests], plugins=[hunt])
    print(table(names, {name: journal.found[name] for name in chosen if name in journal.found}))
    return int(failed)


def plant(root: Path, tree: Path) -> list[str]:
    """Copy what git knows or does not ignore, auth/ with every mutant in it; the mutants' names.

    The tree's modules must not be imported before: it is the one that counts from here on.
    """
    shutil.rmtree(tree, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=root, capture_output=True, check=True, text=True).stdout
    names = []
    for file in filter(None, files.split("\0")):
        if not (root / file).is_file():  # moved, and not yet committed
            continue
        copy = tree / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not file.startswith("auth/") or not file.endswith(".py"):
            shutil.copyfile(root / file, copy)
            continue
        code, mutants = mutated(file, (root / file).read_text(), tree.parent / "grown")
        copy.write_text(code)
        module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        names += [f"{module}.{name}" for name in mutants]
    return names


def mutated(file: str, source: str, grown: Path) -> tuple[str, list[str]]:
    """A module with all its mutants, and their names; kept, since growing takes seconds a file."""
    kept = grown / f"{hashlib.sha256(f'{file} {source}'.encode()).hexdigest()[:16]}.json"
    if not kept.exists():
        grown.mkdir(parents=True, exist_ok=True)
        made = mutate_file_contents(file, source)
        kept.write_text(json.dumps([made.code, list(made.mutant_names)]))
    code, mutants = json.loads(kept.read_text())
    return code, mutants


def spread(names: Sequence[str], seed: int) -> list[str]:
    """All of them in a random order of which every beginning has each module's share."""
    by_module = defaultdict(list)
    for name in names:
        by_module[name.rpartition(".")[0]].append(name)
    places = {}
    for _module, mine in sorted(by_module.items()):
        chance = random.Random(f"{seed} {_module}")
        chance.shuffle(mine)
        offset = chance.random()
        places |= {name: (rank + offset) / len(mine) for rank, name in enumerate(mine)}
    return sorted(places, key=places.__getitem__)


if __name__ == "__main__":
    sys.exit(main())
