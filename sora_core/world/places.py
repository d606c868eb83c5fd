"""The eight places: still backgrounds that repeat after two frame widths, so a camera may pan.

Each painter takes (u, v, dice): `u` runs from 0 to 1 over the repeating width, `v` from -1 at the
bottom to 1 at the top, `dice` holds uniform numbers; all broadcast to (B, H, W). It returns
(B, 3, H, W) colours in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sora_core.world.fields import coverage

Rgb = tuple[float, float, float]


class Canvas:
    """A picture that grows from back to front.

    u, v  (B, H, W) coordinates; `aspect` is the repeating width over the height, and `pixel` the
    height of a pixel in units of `v`. `dice` (B, n, 1, 1) are uniform numbers.
    """

    def __init__(self, u: Tensor, v: Tensor, dice: Tensor, aspect: float, pixel: float) -> None:
        self.u, self.v, self.dice, self.aspect, self.pixel = u, v, dice, aspect, pixel
        self.rgb = torch.zeros(u.shape[0], 3, *u.shape[1:], device=u.device)

    def gradient(self, bottom: Rgb, top: Rgb, low: float = -1.0, high: float = 1.0) -> None:
        """Fill everything with a vertical gradient between heights `low` and `high`."""
        mix = ((self.v - low) / (high - low)).clamp(0, 1).unsqueeze(1)
        a, b = self.rgb.new_tensor(bottom), self.rgb.new_tensor(top)
        self.rgb = a.view(1, 3, 1, 1) + (b - a).view(1, 3, 1, 1) * mix

    def paint(self, mask: Tensor, colour: Rgb) -> None:
        """Lay `colour` over where `mask` (B, H, W) is 1."""
        self.rgb = self.rgb + (self.rgb.new_tensor(colour).view(1, 3, 1, 1) - self.rgb) * (
            mask.unsqueeze(1)
        )

    def below(self, height: Tensor | float, soft: float = 1.0) -> Tensor:
        """Mask of what lies below a skyline."""
        return coverage(self.v - height, self.pixel * soft)

    def waves(self, k: int, dice: int, amplitude: float) -> Tensor:
        """A rolling line of two harmonics, with phases from the dice."""
        p, q = self.dice[:, dice], self.dice[:, dice + 1]
        a = torch.sin(2 * math.pi * (k * self.u + p))
        b = torch.sin(2 * math.pi * ((2 * k + 1) * self.u + q))
        return amplitude * (0.7 * a + 0.3 * b)

    def disc(self, u: Tensor | float, v: Tensor | float, radius: float) -> Tensor:
        """Distance to a round disc, its centre wrapped around the repeating width."""
        du = (self.u - u + 0.5) % 1.0 - 0.5
        return torch.hypot(du * 2 * self.aspect, self.v - v) - radius

    def peaks(self, n: int, dice: int, low: float, high: float) -> tuple[Tensor, Tensor]:
        """A row of `n` triangles of differing heights: their outline, and the height of each."""
        cell = self.u * n + self.dice[:, dice]
        index, along = cell.floor() % n, cell - cell.floor()
        wobble = (torch.sin(index * 12.9898 + 3.1 * dice) * 43758.5453).frac().abs()
        top = high * (0.72 + 0.28 * wobble)
        return low + (top - low) * (1 - (2 * along - 1).abs()), top


def _clouds(c: Canvas, colour: Rgb) -> None:
    for i in range(3):
        u, v = c.dice[:, 8 + i] * 0.15 + i / 3, 0.62 + 0.2 * c.dice[:, 11 + i]
        puffs = [c.disc(u + dx / (2 * c.aspect), v + dv, r) for dx, dv, r in _PUFFS]
        cloud = torch.minimum(torch.minimum(puffs[0], puffs[1]), puffs[2])
        c.paint(coverage(cloud, c.pixel), colour)


_PUFFS = ((-0.10, 0.0, 0.11), (0.0, 0.05, 0.16), (0.11, 0.0, 0.12))


def _meadow(c: Canvas) -> None:
    c.gradient((0.86, 0.95, 1.0), (0.40, 0.70, 0.97), -0.3, 1.0)
    _clouds(c, (1.0, 1.0, 1.0))
    c.paint(c.below(-0.12 + c.waves(2, 0, 0.16)), (0.62, 0.83, 0.45))
    c.paint(c.below(-0.45 + c.waves(3, 2, 0.12)), (0.44, 0.74, 0.34))
    c.paint(c.below(-0.80 + c.waves(2, 4, 0.08)), (0.32, 0.63, 0.28))


def _forest(c: Canvas) -> None:
    c.gradient((0.90, 0.97, 0.90), (0.60, 0.82, 0.78), -0.4, 1.0)
    rows = ((14, 0.62, (0.52, 0.73, 0.64)), (10, 0.40, (0.28, 0.55, 0.44)))
    for i, (n, high, colour) in enumerate(rows):
        line, _ = c.peaks(n, i, -0.75, high)
        c.paint(c.below(line), colour)
    line, _ = c.peaks(12, 3, -1.1, -0.10)
    c.paint(c.below(line), (0.13, 0.37, 0.28))
    c.paint(c.below(-0.84 + c.waves(2, 4, 0.05)), (0.10, 0.28, 0.20))


def _ocean(c: Canvas) -> None:
    c.gradient((1.0, 0.95, 0.82), (0.46, 0.76, 0.98), -0.1, 0.9)
    c.paint(coverage(c.disc(0.25 + 0.2 * c.dice[:, 7], 0.52, 0.17), c.pixel), (1.0, 0.93, 0.55))
    bands = ((0.0, (0.24, 0.62, 0.86)), (-0.34, (0.14, 0.49, 0.77)), (-0.68, (0.08, 0.36, 0.66)))
    for i, (height, colour) in enumerate(bands):
        line = height + c.waves(4 + i, 2 * i, 0.05)
        c.paint(c.below(line + 0.05), (0.80, 0.93, 0.98))
        c.paint(c.below(line), colour)


def _desert(c: Canvas) -> None:
    c.gradient((1.0, 0.90, 0.68), (0.99, 0.68, 0.38), -0.2, 1.0)
    c.paint(coverage(c.disc(0.2 + 0.3 * c.dice[:, 7], 0.50, 0.20), c.pixel), (1.0, 0.97, 0.86))
    c.paint(c.below(-0.15 + c.waves(1, 0, 0.14)), (0.93, 0.72, 0.42))
    c.paint(c.below(-0.42 + c.waves(2, 2, 0.12)), (0.85, 0.58, 0.30))
    c.paint(c.below(-0.75 + c.waves(2, 4, 0.10)), (0.74, 0.46, 0.24))


def _city(c: Canvas) -> None:
    c.gradient((1.0, 0.62, 0.50), (0.36, 0.22, 0.55), -0.5, 1.0)
    for i, (n, low, colour) in enumerate(
        ((18, -0.15, (0.47, 0.27, 0.52)), (14, -0.55, (0.20, 0.13, 0.33)))
    ):
        cell = c.u * n + c.dice[:, i]
        index, along = cell.floor() % n, cell - cell.floor()
        tall = (torch.sin(index * 78.233 + 1.7 * i) * 43758.5453).frac().abs()
        block = c.below(low + 0.62 * tall) * ((along > 0.04) | (tall < 0.5))
        c.paint(block, colour)
        if i:
            rows = (c.v * 8).frac().abs()
            lit = (((along * 3).frac() - 0.5).abs() < 0.27) & ((rows - 0.5).abs() < 0.24)
            spark = torch.sin((c.v * 8).trunc() * 7.1 + (along * 3).floor() * 3.3 + index) > 0.1
            c.paint((lit & spark) * c.below(low + 0.62 * tall - 0.1), (1.0, 0.84, 0.48))
    c.paint(c.below(-0.86), (0.13, 0.09, 0.22))


def _mountains(c: Canvas) -> None:
    c.gradient((0.97, 0.96, 0.98), (0.62, 0.79, 0.95), -0.3, 1.0)
    for i, (n, high, colour) in enumerate(
        ((5, 0.85, (0.66, 0.73, 0.85)), (4, 0.55, (0.43, 0.51, 0.68)))
    ):
        line, top = c.peaks(n, i, -0.75, high)
        c.paint(c.below(line), colour)
        zigzag = 0.08 * ((c.u * n * 6).frac() * 2 - 1).abs()
        c.paint(c.below(line) * (1 - c.below(top * 0.62 - 0.05 + zigzag)), (0.98, 0.99, 1.0))
    c.paint(c.below(-0.58 + c.waves(2, 4, 0.08)), (0.93, 0.96, 1.0))
    c.paint(c.below(-0.84 + c.waves(3, 2, 0.06)), (0.82, 0.89, 0.97))


def _underwater(c: Canvas) -> None:
    c.gradient((0.02, 0.24, 0.42), (0.20, 0.74, 0.80), -1.0, 1.0)
    for i in range(3):
        slant = (c.u + 0.05 * c.v + i / 3 + 0.1 * c.dice[:, 7]) % 1.0 - 0.5
        ray = (1 - (slant / 0.06).abs()).clamp(0, 1) * ((c.v + 0.7) / 1.7).clamp(0, 1)
        c.paint(0.28 * ray, (0.85, 1.0, 0.95))
    for i in range(6):
        u = (i + 0.5 * c.dice[:, 8 + i]) / 6
        weed = ((c.u - u - 0.012 * torch.sin(9 * c.v + i) + 0.5) % 1.0 - 0.5).abs() * 2 * c.aspect
        c.paint(
            coverage(weed - 0.035, c.pixel) * c.below(-0.25 - 0.25 * ((i * 0.618) % 1)),
            (0.10, 0.52, 0.40),
        )
    c.paint(c.below(-0.80 + c.waves(2, 4, 0.06)), (0.88, 0.78, 0.55))


def _space(c: Canvas) -> None:
    c.gradient((0.20, 0.10, 0.34), (0.04, 0.04, 0.14), -1.0, 0.8)
    for i in range(22):
        u = (i * 0.618034 + 0.05 * c.dice[:, i % 16]) % 1.0
        v = -0.95 + 1.9 * ((i * 0.754878 + 0.2) % 1.0)
        c.paint(coverage(c.disc(u, v, 0.018 + 0.018 * (i % 3)), c.pixel), (0.95, 0.95, 1.0))
    u = 0.15 + 0.2 * c.dice[:, 7]
    for k in range(2):
        planet = c.disc(u + 0.5 * k, 0.50, 0.24)
        c.paint(coverage(planet, c.pixel), (0.55, 0.50, 0.80))
        shade = torch.maximum(planet, -c.disc(u + 0.5 * k - 0.09 / c.aspect, 0.56, 0.26))
        c.paint(coverage(shade, c.pixel), (0.36, 0.31, 0.60))


PAINTERS: dict[str, Callable[[Canvas], None]] = {
    "meadow": _meadow, "forest": _forest, "ocean": _ocean, "desert": _desert, "city": _city,
    "mountains": _mountains, "underwater": _underwater, "space": _space,
}  # fmt: skip


def backdrop(
    place: str, width: int, height: int, dice: Tensor, device: torch.device | str = "cpu"
) -> Tensor:
    """Paint a batch of backgrounds of one place.

    width, height  of the frame in pixels
    dice           (B, 16) uniform numbers in [0, 1)
    Returns (B, 3, height, 2 * width) float32 in [0, 1], periodic from right to left.
    """
    across = (torch.arange(2 * width, device=device) + 0.5) / (2 * width)
    down = 1 - 2 * (torch.arange(height, device=device) + 0.5) / height
    b = dice.shape[0]
    u = across.view(1, 1, -1).expand(b, height, -1)
    v = down.view(1, -1, 1).expand(b, -1, 2 * width)
    canvas = Canvas(u, v, dice.to(device)[:, :, None, None], 2 * width / height, 2 / height)
    PAINTERS[place](canvas)
    return canvas.rgb.clamp(0, 1)
