"""Drawings between drawings: twelve a second become twenty-four.

Each part of a drawing in between is looked for where it would come from in the one before and go
to in the one after, by the same way. Where the two do not agree, the model has drawn something new
rather than moved it, and a mixture would be a ghost: the drawing before is held instead.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

REACH = 6  # pixels that a part may move from one drawing to the next, each way
APART = 2  # pixels between those whose way is looked for; their neighbours go along
WINDOW = 5  # such pixels across the neighbourhood that has to agree
STILLNESS = 0.004  # what a longer way must gain, per pixel of it, to be believed
# What moved is met to within this difference of full scale, but for this share of the drawing. Of
# the rendered world 1.5 % and less are not met, of drawings that are no motion 3 % and more.
GHOST, GHOST_SHARE = 0.16, 0.025


@dataclass(frozen=True, slots=True, eq=False)
class Between:
    """The drawing halfway between two, (h, w, 3) uint8; `held` where it is the first again."""

    drawing: np.ndarray
    held: bool


def doubled(drawings: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Each drawing (h, w, 3) uint8, followed by the one between it and the next.

    The last is followed by itself. Takes one drawing ahead of what it gives.
    """
    before: np.ndarray | None = None
    for drawing in drawings:
        if before is not None:
            yield before
            yield between(before, drawing).drawing
        before = drawing
    if before is not None:
        yield before
        yield before


@torch.no_grad()
def between(before: np.ndarray, after: np.ndarray) -> Between:
    """The drawing halfway from `before` to `after`, (h, w, 3) uint8 each.

    For each pixel the displacement with the least difference between where it came from and where
    it goes, over `WINDOW`, in half pixels: bilateral block matching, Choi et al. 2000, "New frame
    rate up-conversion using bi-directional motion estimation".
    """
    if np.array_equal(before, after):
        return Between(before, held=False)
    height, width, _ = before.shape
    sides = torch.from_numpy(np.stack([before, after])).permute(0, 3, 1, 2).float() / 255
    # On a grid of half pixels, where a step of the first side is met by one of the second.
    grid = (2 * height - 1, 2 * width - 1)
    sides = F.interpolate(sides, size=grid, mode="bicubic", align_corners=True).clamp(0, 1)
    first, second = F.pad(sides, (REACH, REACH + 1) * 2, mode="replicate")
    reach = range(-REACH, REACH + 1)
    steps = [(y, x) for y in reach for x in reach if y * y + x * x <= REACH * REACH]

    def shifted(side: Tensor, y: int, x: int) -> Tensor:
        rows = slice(REACH + y, REACH + y + 2 * height, 2 * APART)
        return side[:, rows, REACH + x : REACH + x + 2 * width : 2 * APART]

    gaps = torch.stack(
        [(shifted(first, -y, -x) - shifted(second, y, x)).abs().mean(0) for y, x in steps]
    )
    cost = mean_around(gaps)
    cost += STILLNESS * torch.tensor([(y * y + x * x) ** 0.5 for y, x in steps])[:, None, None]
    best = cost.argmin(0)
    if float((gaps.gather(0, best[None]) > GHOST).float().mean()) > GHOST_SHARE:
        return Between(before, held=True)
    whole = best.repeat_interleave(APART, 0).repeat_interleave(APART, 1)[:height, :width]
    moves = torch.tensor(steps)[whole]
    rows = REACH + 2 * torch.arange(height)[:, None]
    columns = REACH + 2 * torch.arange(width)[None]
    came = first[:, rows - moves[..., 0], columns - moves[..., 1]]
    goes = second[:, rows + moves[..., 0], columns + moves[..., 1]]
    middle = ((came + goes) * 127.5).round().to(torch.uint8)
    return Between(middle.permute(1, 2, 0).numpy(), held=False)


def mean_around(gaps: Tensor) -> Tensor:
    """The mean over `WINDOW` × `WINDOW` around each, (n, h, w); down, then across."""
    half = WINDOW // 2
    down = F.avg_pool2d(gaps[None], (WINDOW, 1), 1, (half, 0), count_include_pad=False)
    return F.avg_pool2d(down, (1, WINDOW), 1, (0, half), count_include_pad=False)[0]
