"""Signed distance fields in the plane: negative inside, positive outside, in scene units.

Formulas after Inigo Quilez, "2D distance functions" (iquilezles.org/articles/distfunctions2d).
Every function takes coordinate tensors of one shape and returns distances of that shape.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def circle(x: Tensor, y: Tensor, cx: float, cy: float, radius: float) -> Tensor:
    """Distance to a circle."""
    return torch.hypot(x - cx, y - cy) - radius


def ellipse(x: Tensor, y: Tensor, cx: float, cy: float, rx: float, ry: float) -> Tensor:
    """Distance to an ellipse, to first order: f / |grad f|, exact on its outline."""
    px, py = x - cx, y - cy
    k = torch.hypot(px / rx, py / ry)
    slope = torch.hypot(px / (rx * rx), py / (ry * ry)).clamp_min(1e-4)
    return k * (k - 1) / slope


def box(x: Tensor, y: Tensor, cx: float, cy: float, hx: float, hy: float, r: float = 0.0) -> Tensor:
    """Distance to a box of half sides `hx`, `hy` whose corners are rounded by `r`."""
    qx, qy = (x - cx).abs() - (hx - r), (y - cy).abs() - (hy - r)
    outside = torch.hypot(qx.clamp_min(0), qy.clamp_min(0))
    return outside + torch.maximum(qx, qy).clamp_max(0) - r


def capsule(x: Tensor, y: Tensor, ax: float, ay: float, bx: float, by: float, r: float) -> Tensor:
    """Distance to a line from a to b with round ends of radius `r`."""
    dx, dy = bx - ax, by - ay
    along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0, 1)
    return torch.hypot(x - ax - along * dx, y - ay - along * dy) - r


def polygon(x: Tensor, y: Tensor, points: list[tuple[float, float]], r: float = 0.0) -> Tensor:
    """Distance to a simple polygon, given by its corners, rounded outwards by `r`."""
    nearest = None
    sign = torch.ones_like(x)
    for i, (vx, vy) in enumerate(points):
        ux, uy = points[i - 1]
        ex, ey = ux - vx, uy - vy
        wx, wy = x - vx, y - vy
        along = ((wx * ex + wy * ey) / (ex * ex + ey * ey)).clamp(0, 1)
        square = (wx - ex * along) ** 2 + (wy - ey * along) ** 2
        nearest = square if nearest is None else torch.minimum(nearest, square)
        above, below = y >= vy, y < uy
        left = ex * wy > ey * wx
        flips = (above & below & left) | ~(above | below | left)
        sign = torch.where(flips, -sign, sign)
    assert nearest is not None
    return sign * nearest.sqrt() - r


def star_points(n: int, outer: float, inner: float) -> list[tuple[float, float]]:
    """Corners of an `n`-pointed star standing on two points, centred on the origin."""
    corners = []
    for i in range(2 * n):
        angle = math.pi / 2 + math.pi * i / n
        radius = outer if i % 2 == 0 else inner
        corners.append((radius * math.cos(angle), radius * math.sin(angle)))
    return corners


def coverage(distance: Tensor, pixel: Tensor | float) -> Tensor:
    """How much of a pixel of width `pixel` lies inside, in [0, 1]: a one-pixel linear edge."""
    return (0.5 - distance / pixel).clamp(0, 1)
