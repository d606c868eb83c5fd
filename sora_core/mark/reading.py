"""The number in a picture of the mark, once it is known where the tiles lie.

What is found is judged by how far it stands out: z is in standard deviations of what pictures
without a mark, or with that of another key, give.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import fft, ndimage

from sora_core.mark.code import SIGNS
from sora_core.mark.pattern import CYCLES, Pattern

GRID = 256  # a tile's side, in cells that pixels are gathered in
SIDE = 128  # … and in steps of a shift
LENGTHS = (CYCLES[1], 15, 11)  # all waves, and the long ones, which small copies leave
NEIGHBOURS = (1, 1, 1, 1, 1)  # lengths of waves that are judged together
LEAST_TRUST = 0.03
#: What worn copies leave of waves of 7 cycles, and how fast it falls with their number; that is
#: believed as much as so many known waves of a length and its neighbours.
WORN_SHARE, WORN_FALL, WORN_WEIGHT = 0.3, 1.5, 60
SUMMIT = 5  # steps: places nearer than that are one
SUMMITS = 5  # places that are read of one look


@dataclass(frozen=True)
class Reading:
    """One look at a folded tile.

    z     how far the tile stands out from where no tile is
    soft  (216,) float: the coded signs, by how sure they are
    """

    z: float
    soft: np.ndarray


def fold(picture: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """(49, 49) complex: the waves of up to 24 cycles of the tile that `picture` repeats.

    picture  (h, w) float32, what is left of a film when its content is taken out
    basis    (2, 2) float: its columns lead from one tile to the next, (x, y) in pixels
    """
    height, width = picture.shape
    to_tile = np.linalg.inv(basis) * GRID
    x, y = np.arange(width), np.arange(height)[:, None]
    across = np.floor(to_tile[0, 0] * x + to_tile[0, 1] * y).astype(np.int32) & (GRID - 1)
    down = np.floor(to_tile[1, 0] * x + to_tile[1, 1] * y).astype(np.int32) & (GRID - 1)
    cells = ((down << 8) | across).ravel()
    sums = np.bincount(cells, picture.ravel(), GRID * GRID)
    tile = sums / np.maximum(np.bincount(cells, minlength=GRID * GRID), 1)
    waves = fft.fft2(tile.reshape(GRID, GRID))
    most = CYCLES[1]
    kept = np.arange(-most, most + 1)
    # A pixel lies in the middle of its cell, half a cell from where it was put.
    half = np.exp(-1j * np.pi * (kept[:, None] + kept) / GRID)
    return waves[np.ix_(kept, kept)] * half


def whiten(waves: np.ndarray) -> np.ndarray:
    """Every ring of equally long waves equally strong: codecs and content are not."""
    rings = ring_of_wave()
    power = np.bincount(rings.ravel(), (np.abs(waves) ** 2).ravel())
    mean = power / np.maximum(np.bincount(rings.ravel()), 1)
    return waves / np.sqrt(mean + 1e-12)[rings]


@cache
def ring_of_wave() -> np.ndarray:
    kept = np.arange(-CYCLES[1], CYCLES[1] + 1)
    return (np.hypot(kept[:, None], kept) / 2).astype(int)


def turned(waves: np.ndarray) -> Iterator[np.ndarray]:
    """The tile as it is, and in the seven other ways that mirrors and quarter turns give."""
    for across in (waves, waves.T):
        yield across
        yield across[::-1]
        yield across[:, ::-1]
        yield across[::-1, ::-1]


def agreement(waves: np.ndarray, pattern: Pattern, most: int) -> np.ndarray:
    """(SIDE, SIDE) float: how far the tile stands out at each shift, in deviations of all of them.

    most  only waves of up to so many cycles are looked at
    """
    known = pattern.waves[: len(pattern.sync)]
    kept = np.hypot(*known.T) <= most
    down, across = known[kept].T
    middle = CYCLES[1]
    plane = np.zeros((SIDE, SIDE), np.complex64)
    plane[down, across] = waves[middle + down, middle + across] * pattern.sync[kept].conj()
    likeness = fft.ifft2(plane).real
    return (likeness - likeness.mean()) / (likeness.std() + 1e-12)


def summits(standing: np.ndarray, most: int) -> list[tuple[float, np.ndarray]]:
    """The highest places that nothing near them tops: how high, and (down, across) cycles."""
    around = ndimage.maximum_filter(standing, SUMMIT, mode="wrap")
    places = np.argwhere(standing == around)
    heights = standing[*places.T]
    best = np.argsort(-heights)[:most]
    return [(float(heights[at]), places[at] / SIDE) for at in best]


def align(waves: np.ndarray, shift: np.ndarray, pattern: Pattern) -> np.ndarray:
    """(N,) complex: the pattern's waves as if the tile began at the picture's corner."""
    down, across = pattern.waves.T
    middle = CYCLES[1]
    ramp = np.exp(2j * np.pi * (down * shift[0] + across * shift[1]))
    return waves[middle + down, middle + across] * ramp


def trusted(aligned: np.ndarray, pattern: Pattern) -> np.ndarray:
    """(N,) float: how much of each wave is the mark's, as the known ones of its length tell.

    Codecs and smaller sizes leave long waves and take short ones. A known wave that is all mark
    agrees with what it should be; of one that is all noise the agreement is 0 in the mean. Where
    these are few, what is usual of worn copies counts beside them.
    """
    ring = np.hypot(*pattern.waves.T).astype(int)
    known = len(pattern.sync)
    agreed = (aligned[:known] * pattern.sync.conj()).real
    heard = np.bincount(ring[:known], agreed, CYCLES[1] + 1)
    count = np.bincount(ring[:known], minlength=CYCLES[1] + 1)
    cycles = np.maximum(np.arange(CYCLES[1] + 1), CYCLES[0])
    worn = WORN_SHARE * (cycles / CYCLES[0]) ** -WORN_FALL
    few = np.convolve(count, NEIGHBOURS, "same") + WORN_WEIGHT
    share = (np.convolve(heard, NEIGHBOURS, "same") + WORN_WEIGHT * worn) / few
    return np.clip(share, LEAST_TRUST, None)[ring]


def read_soft(aligned: np.ndarray, pattern: Pattern) -> np.ndarray:
    """(216,) float: the coded signs that the carrying waves hold."""
    carrying = (aligned * trusted(aligned, pattern))[len(pattern.sync) :]
    values = np.stack([carrying.real, carrying.imag], 1) * pattern.spread
    return np.bincount(pattern.places.ravel(), values.ravel(), SIGNS)


def searched(waves: np.ndarray, pattern: Pattern) -> Iterator[Reading]:
    """A folded tile by waves of each of LENGTHS, where it stands out most, whichever way it lies.

    A worn tile's own place may be the fourth highest: SUMMITS of them are read.
    """
    ways = list(turned(whiten(waves)))
    for most in LENGTHS:
        found = [
            (*top, way) for way in ways for top in summits(agreement(way, pattern, most), SUMMITS)
        ]
        found.sort(key=lambda top: -top[0])
        for z, shift, way in found[:SUMMITS]:
            yield reading_at(way, z, shift, pattern)


def placed(waves: np.ndarray, corner: np.ndarray, pattern: Pattern, reach: int = 0) -> Reading:
    """A folded tile whose place is known: no other has to be told from it.

    corner  where it begins, (down, across) cycles
    reach   by so many steps it may be wrong; then it is where the tile stands out most
    """
    white = whiten(waves)
    steps = np.arange(-reach, reach + 1)
    row, column = np.rint(corner * SIDE).astype(int)
    around = agreement(white, pattern, LENGTHS[0])[
        np.ix_((row + steps) % SIDE, (column + steps) % SIDE)
    ]
    best = np.array(np.unravel_index(around.argmax(), around.shape)) - reach
    at = (best + np.array([row, column])) / SIDE if reach else corner
    return reading_at(white, float(around.max()), at, pattern)


def reading_at(waves: np.ndarray, z: float, shift: np.ndarray, pattern: Pattern) -> Reading:
    return Reading(z, read_soft(align(waves, shift, pattern), pattern))
