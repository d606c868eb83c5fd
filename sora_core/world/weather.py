"""Rain and snow: small tiles that repeat, rolled by whole pixels from drawing to drawing."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sora_core.world.fields import coverage

_GOLDEN, _PLASTIC = 0.618034, 0.754878  # low-discrepancy steps: drops never clump
RAIN_DROPS, SNOW_FLAKES = 30, 34
#: What each weather does to the light: a tint and how far the background is drawn to it.
VEILS: dict[str, tuple[tuple[float, float, float], float]] = {
    "rain": ((0.36, 0.42, 0.52), 0.38),
    "snow": ((0.93, 0.95, 1.00), 0.34),
}


def _tile(width: int, height: int, n: int, start: float, reach: tuple[float, float]) -> Tensor:
    """Distances (H, W) in pixels to the nearest of `n` strokes on a torus; `reach` is a stroke."""
    x = torch.arange(width).view(1, -1) + 0.5
    y = torch.arange(height).view(-1, 1) + 0.5
    nearest = torch.full((height, width), 1e3)
    rx, ry = reach
    length = rx * rx + ry * ry
    for i in range(n):
        cx, cy = ((i * _GOLDEN + start) % 1) * width, ((i * _PLASTIC) % 1) * height
        dx = (x - cx + width / 2) % width - width / 2
        dy = (y - cy + height / 2) % height - height / 2
        along = ((dx * rx + dy * ry) / length).clamp(-1, 1) if length else torch.zeros(())
        nearest = torch.minimum(nearest, torch.hypot(dx - along * rx, dy - along * ry))
    return nearest


def falling(weather: str, width: int, height: int, dice: Tensor, drawings: Tensor) -> Tensor:
    """How much of each pixel is rain or snow.

    dice      at least 2 uniform numbers
    drawings  (F,) whole numbers of the drawings since the scene began
    Returns (F, H, W) in [0, 1]; all zero in clear weather.
    """
    if weather == "clear":
        return torch.zeros(len(drawings), height, width)
    unit = min(width, height) / 64
    begin = int(float(dice[0]) * height)
    frames = []
    if weather == "rain":
        drop = _tile(width, height, RAIN_DROPS, float(dice[1]), (-1.1 * unit, 3.6 * unit))
        sheet = 0.75 * coverage(drop - 0.45 * unit, 1.0)
        for k in drawings.tolist():
            fall = begin + round(6 * unit * k)
            frames.append(sheet.roll((fall, -round(fall * 0.3)), (0, 1)))
    else:
        near = coverage(
            _tile(width, height, SNOW_FLAKES // 2, float(dice[1]), (0, 0)) - 1.35 * unit, 1.0
        )
        far = 0.8 * coverage(
            _tile(width, height, SNOW_FLAKES // 2, float(dice[1]) + 0.37, (0, 0)) - 0.9 * unit, 1.0
        )
        for k in drawings.tolist():
            drift = round(2 * unit * math.sin(k / 6))
            a = near.roll((begin + round(2 * unit * k), drift), (0, 1))
            b = far.roll((begin + round(unit * k), -drift), (0, 1))
            frames.append(torch.maximum(a, b))
    return torch.stack(frames)
