"""What came of each mutant, kept as it comes, and the score they add up to."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path

NOTICED = ("killed", "timeout")


@dataclass(frozen=True)
class Found:
    """`outcome`: killed, timeout, survived, no tests. `by`: the test that noticed."""

    outcome: str
    seconds: float
    by: str = ""


class Journal:
    """One line a mutant, of one seed."""

    def __init__(self, path: Path, seed: int, found: dict[str, Found]) -> None:
        self.path = path
        self.seed = seed
        self.found = found

    @classmethod
    def open(cls, path: Path, seed: int) -> "Journal":
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = map(json.loads, path.read_text().splitlines() if path.exists() else [])
        mine = [line for line in lines if line.pop("seed") == seed]
        return cls(path, seed, {line.pop("name"): Found(**line) for line in mine})

    def add(self, name: str, found: Found) -> None:
        self.found[name] = found
        with self.path.open("a") as file:
            file.write(json.dumps({"seed": self.seed, "name": name, **asdict(found)}) + "\n")

    def forget(self, names: Iterable[str], outcome: str) -> None:
        for name in names:
            if name in self.found and self.found[name].outcome == outcome:
                del self.found[name]


def table(names: Sequence[str], found: Mapping[str, Found]) -> str:
    """The counts of each module, the score of all and its interval, and who survived."""
    sizes = Counter(name.rpartition(".")[0] for name in names)
    lines = ["| module | mutants | tried | noticed |", "|---|---|---|---|"]
    for module, size in sorted(sizes.items()):
        mine = [one for name, one in found.items() if name.rpartition(".")[0] == module]
        lines.append(f"| {module} | {size} | {len(mine)} | {noticed(mine)} |")
    tried, good = len(found), noticed(found.values())
    lines.append(f"| all | {len(names)} | {tried} | {good} |")
    if tried:
        low, high = interval(good, tried)
        lines.append(f"\n{good / tried:.1%} noticed, 95 % interval {low:.1%} to {high:.1%}")
    lines += [
        f"{one.outcome}: {name}"
        for name, one in sorted(found.items())
        if one.outcome not in NOTICED
    ]
    return "\n".join(lines)


def noticed(found: Iterable[Found]) -> int:
    return sum(one.outcome in NOTICED for one in found)


def interval(good: int, tried: int) -> tuple[float, float]:
    """Wilson's interval of 95 % (Wilson 1927), without regard to how few are left untried."""
    z, share = 1.96, good / tried
    middle = (share + z * z / (2 * tried)) / (1 + z * z / tried)
    half = z * sqrt(share * (1 - share) / tried + z * z / (4 * tried**2)) / (1 + z * z / tried)
    return middle - half, middle + half
