"""What came of each mutant, kept as it comes, and the score they add up to."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scipy.stats import binomtest

NOTICED = ("killed", "timeout")
COMMANDS = ("auth.commands.", "auth.__main__.", "auth.answers.")


@dataclass(frozen=True)
class Found:
    """`outcome`: killed, timeout, survived, no tests. `by`: the test that noticed."""

    outcome: str
    seconds: float
    by: str = ""


class Journal:
    """One line a mutant. `sources`: each module's digest; what was found in another is past."""

    def __init__(self, path: Path, sources: Mapping[str, str]) -> None:
        self.path = path
        self.sources = sources
        self.found: dict[str, Found] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        for line in map(json.loads, path.read_text().splitlines() if path.exists() else []):
            name = line.pop("name")
            if line.pop("source") == sources.get(module_of(name)):
                self.found[name] = Found(**line)

    def add(self, name: str, found: Found) -> None:
        self.found[name] = found
        line = {"name": name, "source": self.sources[module_of(name)], **asdict(found)}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def forget(self, names: Iterable[str], outcomes: Iterable[str]) -> None:
        for name in names:
            if name in self.found and self.found[name].outcome in outcomes:
                del self.found[name]


def module_of(mutant: str) -> str:
    return mutant.rpartition(".")[0]


def table(
    names: Sequence[str], sample: Sequence[str], besides: Sequence[str], found: Mapping[str, Found]
) -> str:
    """The counts of each module, the score of the sample with its interval, and who survived.

    `names`: all mutants. `besides`: tried too, in modules of which the sample has few; they are in
    the modules' counts and no part of the score.
    """
    sizes = Counter(map(module_of, names))
    tried = [name for name in (*sample, *besides) if name in found]
    tries = Counter(map(module_of, tried))
    good = Counter(module_of(name) for name in tried if found[name].outcome in NOTICED)
    lines = ["| module | mutants | tried | noticed |", "|---|---|---|---|"]
    lines += [f"| {one} | {n} | {tries[one]} | {good[one]} |" for one, n in sorted(sizes.items())]
    lines.append(f"| all | {len(names)} | {len(tried)} | {good.total()} |\n")
    for whose, part in parts(sample):
        lines.append(f"{whose}: {score([found[name] for name in part if name in found])}")
    lines += [f"{found[n].outcome}: {n}" for n in sorted(tried) if found[n].outcome not in NOTICED]
    return "\n".join(lines)


def parts(sample: Sequence[str]) -> list[tuple[str, list[str]]]:
    said = [name for name in sample if name.startswith(COMMANDS)]
    rest = [name for name in sample if not name.startswith(COMMANDS)]
    return [("auth/", list(sample)), ("the gate", rest), ("its command line", said)]


def score(found: Sequence[Found]) -> str:
    """The share noticed and its exact interval (Clopper and Pearson 1934).

    It takes no account of how evenly the sample is spread, nor of how few are left untried: both
    only narrow it.
    """
    if not found:
        return "none tried"
    good = noticed(found)
    exact = binomtest(good, len(found)).proportion_ci(0.95, method="exact")
    share = f"{good} of {len(found)} noticed, {good / len(found):.1%}"
    return f"{share}, 95 % interval {exact.low:.1%} to {exact.high:.1%}"


def noticed(found: Iterable[Found]) -> int:
    return sum(one.outcome in NOTICED for one in found)
