"""Where the tiles of a copy may lie: as they were put, or as the copy's size says, or by itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sora_core.mark.lattice import find_lattices
from sora_core.mark.pattern import PERIODS
from sora_core.spec import ASPECTS

LATTICES = 8
ENLARGED = 1.2
SQUEEZED = 1.2  # how much narrower or lower a whole film may have become


@dataclass(frozen=True)
class Place:
    """One way the tiles may lie in a picture.

    basis   (2, 2) float, as `fold` takes it
    period  of the tile in the film as it was written, or None: not known
    corner  where a tile begins if the picture is a whole film, (down, across) cycles
    """

    basis: np.ndarray
    period: int | None
    corner: np.ndarray

    @property
    def enlarged(self) -> bool:
        """Whether the picture is larger than the film was."""
        return self.period is not None and self.basis[0, 0] > ENLARGED * self.period


def sized(picture: np.ndarray) -> Iterator[Place]:
    """The picture as it is, or enlarged from one of the sizes that films are made in here.

    Small films have too few tiles for the picture to tell by itself.
    """
    for scale in (np.eye(2), *scales(picture)):
        for period in PERIODS:
            # The first pixel's middle, in pixels of the film as it was written (across, down).
            begins = 0.5 / np.diag(scale) - 0.5
            yield Place(scale * period, period, -begins[::-1] / period)


def scales(picture: np.ndarray) -> Iterator[np.ndarray]:
    """(2, 2) float: what became of a film of each size made here, if all of it is in `picture`."""
    height, width = picture.shape
    for made_width, made_height in ASPECTS:
        across, down = width / made_width, height / made_height
        if (across, down) != (1, 1) and 1 / SQUEEZED < across / down < SQUEEZED:
            yield np.diag([across, down])


def mirrored(place: Place, width: int) -> np.ndarray:
    """`corner`, if the picture, so many pixels wide, is a whole film's mirror image."""
    last = np.array([0.0, (width - 1) / place.basis[0, 0]])
    return place.corner - last


def self_told(picture: np.ndarray) -> Iterator[Place]:
    """As the picture is like itself: copies that were cut, turned or squeezed."""
    for basis in find_lattices(picture, LATTICES):
        yield Place(basis, None, np.zeros(2))
