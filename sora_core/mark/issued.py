"""The numbers that were issued, and which of them a reading fits best."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from sora_core.mark.code import encode
from sora_core.mark.pattern import Pattern

#: 1 / (4 P(Z ≥ √2)), Z standard normal.
TIGHT = 3.178


@dataclass(frozen=True)
class Fit:
    """number    the one of `compared` that fits best
    like_z    how far its signs fit better than another's would, in standard deviations
    compared  how many were asked for, whatever the width of their tiles
    """

    number: int
    like_z: float
    compared: int


class Issued:
    """Numbers in [0, 2^48), with the signs and the width of a tile that `pattern` gives each.

    alike  those of `numbers` whose films look like the one that is traced: they are asked for by
           themselves too, as few numbers fit by chance less often than many
    """

    def __init__(
        self, numbers: Collection[int], pattern: Pattern, alike: Collection[int] = ()
    ) -> None:
        self.numbers = np.fromiter(numbers, np.int64, len(numbers))
        self.words = encode([int(number) for number in self.numbers])
        self.periods = np.array([pattern.period(int(number)) for number in self.numbers], np.int64)
        self.alike = np.isin(self.numbers, list(alike))

    def likest(self, soft: np.ndarray, period: int | None = None) -> Iterator[Fit]:
        """Of all numbers, and of those whose films look alike; nothing where there are none.

        soft    (216,) float, as a Reading has it
        period  only numbers whose tile is so wide, or None
        """
        right = self.periods == period if period else np.ones(len(self.numbers), bool)
        direction = (soft / (np.linalg.norm(soft) + 1e-12)).astype(np.float32)
        for group in (np.ones(len(self.numbers), bool), self.alike):
            rows = np.flatnonzero(group & right)
            if len(rows):
                fits = self.words[rows] @ direction
                best = int(fits.argmax())
                yield Fit(int(self.numbers[rows[best]]), float(fits[best]), int(group.sum()))


def chance(like_z: float, tried: int) -> float:
    """At most how likely one of `tried` wrong numbers fits so well, 0 to 1.

    Each of a wrong number's 216 signs is right by chance, so that a fit is a weighted sum of fair
    signs: above z at most 3.178 times as often as a normal one (Bentkus and Dzindzalieta 2015,
    doi:10.3150/14-BEJ603; also Hoeffding's bound, which is the better one near 0).
    """
    z = max(like_z, 0.0)
    tail = min(math.exp(-(z**2) / 2), TIGHT * math.erfc(z / math.sqrt(2)) / 2)
    return min(1.0, tried * tail)
