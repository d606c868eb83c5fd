"""The tiles of a copy, by the stored film that it looks like: where they lie there is known."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from errors import BadSpec
from sora_core.mark.film import MAX_SECONDS, frames
from sora_core.mark.placing import Place
from sora_core.mark.registering import FINE, register, shrink

MOMENTS = 3  # of the copy; one may show what the film has at no time just so
KEPT_RATE, COPY_RATE = 24, 1  # pictures a second
LEAST_ALIKE = 0.7


def places_beside(copy: Path, shape: tuple[int, ...], kept: Path, period: int) -> Iterator[Place]:
    """At most MOMENTS.

    shape   (height, width) of the copy's pictures, as they are folded
    kept    the stored film; its tiles begin at its corner
    period  width of its tile
    Nothing where the stored film cannot be read; raises BadSpec where the copy cannot.
    """
    try:
        film, full = pictures(kept, KEPT_RATE), next(frames(kept, 1, 1)).shape
    except (BadSpec, OSError, StopIteration):
        return
    shown = pictures(copy, COPY_RATE)
    chosen = np.unique(np.linspace(0, len(shown) - 1, MOMENTS + 2).round().astype(int)[1:-1])
    for at in chosen:
        laid = register(shown[at], film)
        if laid.alike >= LEAST_ALIKE:
            across = laid.pixels(shape, full)
            corner = -across[::-1, 2] / period
            yield Place(np.linalg.inv(across[:, :2]) * period, period, corner)


def pictures(film: Path, rate: int) -> list[np.ndarray]:
    """As large as they are laid over each other, uint8 each."""
    return [shrink(frame, FINE[-1]).astype(np.uint8) for frame in frames(film, MAX_SECONDS, rate)]
