"""Where the subject is, how it turns and how large it is, as functions of time; and the camera.

Lengths are in units of the frame's shorter side, y upwards, the origin in the middle. Every
motion goes on for ever and stays in the frame, so that a clip may be cut anywhere and extended.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

HEIGHTS: dict[str, float] = {"small": 0.32, "medium": 0.45, "large": 0.60}
FACING_LEFT = ("left",)


class Pose(NamedTuple):
    """A subject's path; each field is (F,)."""

    x: Tensor
    y: Tensor
    angle: Tensor
    height: Tensor
    flip: Tensor


class View(NamedTuple):
    """The camera's path: the background's shift in frame widths, and a magnification; (F,)."""

    shift: Tensor
    zoom: Tensor


def _wrap(position: Tensor, reach: float) -> Tensor:
    """Carry what leaves beyond +reach back in at -reach."""
    return (position + reach) % (2 * reach) - reach


def pose(
    motion: str, size: str, half_width: float, extent: tuple[float, float], dice: Tensor, t: Tensor
) -> Pose:
    """The path of a subject.

    half_width  of the subject, in units of its height
    extent      half the frame's width and height
    dice        at least 4 uniform numbers in [0, 1)
    t           (F,) seconds since the scene began
    """
    ex, ey = extent
    height = HEIGHTS[size] * min(1.0, ex / (half_width * HEIGHTS[size]) * 0.9)
    room_x, room_y = max(0.0, ex - half_width * height), max(0.0, ey - 0.5 * height)
    u = [float(v) for v in dice[:4]]
    zero = torch.zeros_like(t)
    x = zero + (2 * u[0] - 1) * min(0.6 * room_x, 0.4)
    y = zero + (2 * u[1] - 1.2) * min(0.35 * room_y, 0.1)
    angle, scale, flip = zero, torch.ones_like(t), torch.ones_like(t)
    phase = 2 * math.pi * u[2]
    if motion == "bounce":
        amplitude = min(1.5 * room_y, 0.42)
        y = -0.8 * room_y + amplitude * torch.sin(math.pi * t / 1.6 + phase / 2).abs()
    elif motion == "float":
        y = y + min(0.75 * room_y, 0.12) * torch.sin(math.pi * t + phase)
    elif motion in ("right", "left"):
        sign = 1.0 if motion == "right" else -1.0
        reach = ex + half_width * height
        x = sign * _wrap((u[2] - 1.15) * 0.6 * ex + 0.22 * 2 * ex * t, reach)
        flip = flip * sign
    elif motion == "rise":
        y = _wrap((u[2] - 1.3) * 0.5 * ey + 0.22 * t, ey + 0.55 * height)
    elif motion == "spin":
        angle = -2 * math.pi * t / 3.2
    elif motion == "sway":
        angle = 0.42 * torch.sin(2 * math.pi * t / 2.0 + phase)
    elif motion == "pulse":
        scale = 0.88 + 0.24 * torch.sin(math.pi * t + phase)
    elif motion == "circle":
        x = 0.3 * x + min(0.8 * room_x, 0.34) * torch.cos(2 * math.pi * t / 3.2 + phase)
        y = 0.3 * y + min(0.8 * room_y, 0.2) * torch.sin(2 * math.pi * t / 3.2 + phase)
    return Pose(x, y, angle, height * scale, flip)


def view(camera: str, t: Tensor) -> View:
    """The path of the camera; pans track the subject, so only the background passes by."""
    shift, zoom = torch.zeros_like(t), torch.ones_like(t)
    if camera == "pan right":
        shift = 0.107 * t
    elif camera == "pan left":
        shift = -0.107 * t
    elif camera == "zoom in":
        zoom = 1.40 - 0.40 * torch.exp(-t / 1.2)
    elif camera == "zoom out":
        zoom = 1.00 + 0.40 * torch.exp(-t / 1.2)
    return View(shift, zoom)
