"""Raw counts: how often what was named is what was seen, and what was seen instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sora_core.world.vocabulary import ATTRIBUTES

Named = Mapping[str, str]
PAIR_ROWS = (
    "first subject", "second subject", "both subjects", "two subjects, whichever", "nothing else",
    "first colour", "second colour", "both in their colours",
)  # fmt: skip
_ROLES = (("subject", "colour"), ("second", "second_colour"))


class Count(NamedTuple):
    """`right` of `scored`."""

    right: int
    scored: int

    def __str__(self) -> str:
        """For people: "312 / 400 (78.0 %)"; a dash where nothing was scored."""
        if not self.scored:
            return "—"
        return f"{self.right} / {self.scored} ({100 * self.right / self.scored:.1f} %)"


def tally(named: Sequence[Named], seen: Sequence[Named]) -> dict[str, Count]:
    """Counts of each attribute over pairs of what a prompt names and what its clip shows.

    An attribute that a prompt does not name is not scored there, whatever the clip shows.
    """
    counts = {}
    for attribute in ATTRIBUTES:
        pairs = [
            (asked[attribute], found[attribute])
            for asked, found in zip(named, seen, strict=True)
            if attribute in asked
        ]
        counts[attribute] = Count(sum(a == b for a, b in pairs), len(pairs))
    return counts


def tally_pairs(named: Sequence[Named], seen: Sequence[Named]) -> dict[str, Count]:
    """Counts over pairs of what a prompt names and the subjects, each with its colour, seen.

    named  "subject" and, where they are said, "colour", "second" and "second_colour"
    seen   the colour of each subject that was seen
    A colour is scored where its subject was seen, and both together where both are told.
    """
    counts: dict[str, list[bool]] = {name: [] for name in PAIR_ROWS}
    for asked, found in zip(named, seen, strict=True):
        pairs = [(asked.get(who), asked.get(tint)) for who, tint in _ROLES]
        told = [(who, tint) for who, tint in pairs if who]
        for role, (who, tint) in zip(("first", "second"), told, strict=False):
            counts[f"{role} subject"].append(who in found)
            if tint and who in found:
                counts[f"{role} colour"].append(found[who] == tint)
        counts["nothing else"].append(set(found) <= {who for who, _ in told})
        if len(told) < len(_ROLES):
            continue
        counts["both subjects"].append(all(who in found for who, _ in told))
        counts["two subjects, whichever"].append(len(found) == len(_ROLES))
        if all(tint for _, tint in told):
            counts["both in their colours"].append(all(found.get(w) == t for w, t in told))
    return {name: Count(sum(right), len(right)) for name, right in counts.items()}


def confusion(attribute: str, named: Sequence[Named], seen: Sequence[Named]) -> dict[str, Counter]:
    """How often each named value of `attribute` was seen as each value."""
    table: dict[str, Counter] = {value: Counter() for value in ATTRIBUTES[attribute]}
    for asked, found in zip(named, seen, strict=True):
        if attribute in asked:
            table[asked[attribute]][found[attribute]] += 1
    return table


def markdown(columns: Mapping[str, Mapping[str, Count]]) -> str:
    """A table with a row for each thing counted and a column a kind of clip."""
    rows = [["", *columns], ["---", *("---:" for _ in columns)]]
    counted = next(iter(columns.values()))
    rows += [[name, *(str(c[name]) for c in columns.values())] for name in counted]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def confusion_lines(table: Mapping[str, Counter]) -> Iterable[str]:
    """One line a value: "boat 31 of 40, else car 5, fish 4"."""
    for value, found in table.items():
        others = [f"{name} {n}" for name, n in found.most_common() if name != value]
        line = f"{value} {found[value]} of {found.total()}"
        yield f"{line}, else {', '.join(others)}" if others else line
