"""The twelve subjects as stacks of painted distance fields, one unit high, facing right.

Each function takes (x, y, t): coordinates with y upwards, and seconds; it returns its parts from
the back to the front as (distance, tint). A tint is "main", "dark" or "light" (shades of the
subject's colour) or the name of a fixed colour in `FIXED`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sora_core.world.fields import box, capsule, circle, ellipse, polygon, star_points

Part = tuple[Tensor, str]
Painter = Callable[[Tensor, Tensor, Tensor], list[Part]]

FIXED: dict[str, tuple[float, float, float]] = {
    "ink": (0.10, 0.09, 0.16),
    "cream": (0.99, 0.97, 0.92),
    "glass": (0.74, 0.92, 1.00),
    "flame": (1.00, 0.78, 0.25),
    "tyre": (0.20, 0.20, 0.26),
    "steel": (0.78, 0.81, 0.87),
    "wood": (0.62, 0.42, 0.28),
}


def _ball(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    disc = circle(x, y, 0, 0, 0.48)
    stripe = torch.maximum(disc, box(x, y, 0, 0, 0.6, 0.12))
    return [(disc, "main"), (stripe, "cream"), (circle(x, y, 0, 0, 0.13), "dark")]


def _star(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    body = polygon(x, y + 0.04, star_points(5, 0.50, 0.23), 0.03)
    return [
        (body, "main"),
        (circle(x, y, -0.10, 0.03, 0.045), "ink"),
        (circle(x, y, 0.10, 0.03, 0.045), "ink"),
    ]


def _heart(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    lobes = torch.minimum(circle(x, y, -0.23, 0.20, 0.26), circle(x, y, 0.23, 0.20, 0.26))
    point = polygon(x, y, [(-0.42, 0.02), (0.0, 0.24), (0.42, 0.02), (0.0, -0.46)], 0.02)
    return [
        (torch.minimum(lobes, point), "main"),
        (ellipse(x, y, -0.24, 0.26, 0.09, 0.07), "light"),
    ]


def _boat(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    mast = capsule(x, y, 0.0, -0.2, 0.0, 0.46, 0.03)
    big = polygon(x, y, [(0.06, 0.44), (0.06, -0.12), (0.44, -0.12)], 0.01)
    small = polygon(x, y, [(-0.06, 0.34), (-0.06, -0.12), (-0.36, -0.12)], 0.01)
    hull = polygon(x, y, [(-0.58, -0.18), (0.60, -0.18), (0.36, -0.46), (-0.38, -0.46)], 0.02)
    band = torch.maximum(hull, box(x, y, 0, -0.22, 0.8, 0.05))
    return [(mast, "wood"), (big, "cream"), (small, "light"), (hull, "main"), (band, "dark")]


def _car(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    cabin = polygon(x, y, [(-0.42, 0.0), (-0.26, 0.34), (0.18, 0.34), (0.40, 0.0)], 0.06)
    body = box(x, y, 0.0, -0.10, 0.72, 0.20, 0.12)
    back = polygon(x, y, [(-0.32, 0.04), (-0.20, 0.29), (-0.06, 0.29), (-0.06, 0.04)])
    front = polygon(x, y, [(0.02, 0.04), (0.02, 0.29), (0.15, 0.29), (0.30, 0.04)])
    parts = [(cabin, "main"), (body, "main"), (back, "glass"), (front, "glass")]
    for cx in (-0.38, 0.38):
        parts += [(circle(x, y, cx, -0.30, 0.19), "tyre"), (circle(x, y, cx, -0.30, 0.08), "cream")]
    parts.append((ellipse(x, y, 0.65, -0.06, 0.07, 0.07), "flame"))
    return parts


def _rocket(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    flicker = 0.16 + 0.04 * torch.sin(2 * math.pi * 3 * t)
    flame = ellipse(x, y + 0.40, 0.0, 0.0, 0.10, 0.14) + 0 * flicker
    fins = polygon(x, y, [(-0.12, 0.0), (-0.36, -0.38), (0.36, -0.38), (0.12, 0.0)], 0.02)
    body = ellipse(x, y, 0.0, 0.06, 0.20, 0.46)
    body = torch.maximum(body, -(y + 0.34))
    nose = torch.maximum(body, 0.24 - y)
    return [
        (flame, "flame"),
        (fins, "dark"),
        (body, "cream"),
        (nose, "main"),
        (torch.maximum(body, y + 0.14), "main"),
        (circle(x, y, 0.0, 0.08, 0.10), "glass"),
    ]


def _balloon(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    envelope = torch.minimum(
        circle(x, y, 0.0, 0.14, 0.36),
        polygon(x, y, [(-0.31, 0.0), (0.31, 0.0), (0.10, -0.30), (-0.10, -0.30)]),
    )
    gore = torch.maximum(envelope, ellipse(x, y, 0.0, 0.08, 0.13, 0.48))
    basket = box(x, y, 0.0, -0.43, 0.10, 0.07, 0.02)
    ropes = torch.minimum(
        capsule(x, y, -0.10, -0.28, -0.08, -0.40, 0.012),
        capsule(x, y, 0.10, -0.28, 0.08, -0.40, 0.012),
    )
    return [(ropes, "ink"), (basket, "wood"), (envelope, "main"), (gore, "cream")]


def _fish(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    wag = 0.06 * torch.sin(2 * math.pi * 1.5 * t)
    body = ellipse(x, y, 0.10, 0.0, 0.50, 0.34)
    shift = y + wag * (-x).clamp_min(0) * 2
    tail = polygon(x, shift, [(-0.30, 0.0), (-0.66, 0.34), (-0.58, 0.0), (-0.66, -0.34)], 0.03)
    fin = polygon(x, y, [(-0.12, 0.26), (0.05, 0.48), (0.24, 0.28)], 0.02)
    belly = torch.maximum(body, ellipse(x, y, 0.12, -0.34, 0.46, 0.22))
    return [
        (tail, "dark"),
        (fin, "dark"),
        (body, "main"),
        (belly, "light"),
        (circle(x, y, 0.38, 0.09, 0.09), "cream"),
        (circle(x, y, 0.40, 0.09, 0.05), "ink"),
    ]


def _cat(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    wag = 0.08 * torch.sin(2 * math.pi * 0.75 * t)
    tail = torch.minimum(
        capsule(x, y, -0.20, -0.38, -0.42, -0.28, 0.055),
        capsule(x - wag, y, -0.42, -0.28, -0.46, 0.02, 0.055),
    )
    body = ellipse(x, y, 0.0, -0.28, 0.27, 0.24)
    ears = torch.minimum(
        polygon(x, y, [(-0.29, 0.16), (-0.27, 0.48), (-0.05, 0.32)], 0.02),
        polygon(x, y, [(0.29, 0.16), (0.27, 0.48), (0.05, 0.32)], 0.02),
    )
    head = ellipse(x, y, 0.0, 0.14, 0.32, 0.25)
    return [
        (tail, "dark"),
        (body, "main"),
        (ellipse(x, y, 0.0, -0.30, 0.13, 0.17), "light"),
        (ears, "dark"),
        (head, "main"),
        (circle(x, y, -0.13, 0.16, 0.05), "ink"),
        (circle(x, y, 0.13, 0.16, 0.05), "ink"),
        (ellipse(x, y, 0.0, 0.05, 0.05, 0.035), "cream"),
    ]


def _bird(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    flap = 0.22 * torch.sin(2 * math.pi * 1.5 * t)
    tail = polygon(x, y, [(-0.30, 0.02), (-0.72, 0.16), (-0.66, -0.10)], 0.03)
    body = ellipse(x, y, -0.05, -0.08, 0.40, 0.26)
    head = circle(x, y, 0.30, 0.18, 0.21)
    beak = polygon(x, y, [(0.46, 0.24), (0.74, 0.12), (0.46, 0.06)], 0.01)
    lift = y - (0.10 + flap) * ((0.12 - x) * 1.6).clamp(0, 1)
    wing = polygon(x, lift, [(0.14, -0.06), (-0.34, 0.38), (-0.28, -0.06)], 0.04)
    return [
        (tail, "dark"),
        (beak, "flame"),
        (torch.minimum(body, head), "main"),
        (ellipse(x, y, 0.08, -0.18, 0.22, 0.14), "light"),
        (wing, "dark"),
        (circle(x, y, 0.36, 0.22, 0.05), "ink"),
    ]


def _robot(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    swing = 0.05 * torch.sin(2 * math.pi * t)
    legs = torch.minimum(
        box(x, y, -0.13, -0.40, 0.075, 0.10, 0.02), box(x, y, 0.13, -0.40, 0.075, 0.10, 0.02)
    )
    arms = torch.minimum(
        capsule(x, y - swing, -0.34, 0.0, -0.40, -0.22, 0.06),
        capsule(x, y + swing, 0.34, 0.0, 0.40, -0.22, 0.06),
    )
    antenna = torch.minimum(capsule(x, y, 0, 0.36, 0, 0.44, 0.02), circle(x, y, 0, 0.46, 0.05))
    return [
        (legs, "tyre"),
        (arms, "steel"),
        (antenna, "flame"),
        (box(x, y, 0.0, -0.14, 0.27, 0.20, 0.05), "main"),
        (box(x, y, 0.0, -0.14, 0.13, 0.09, 0.02), "light"),
        (box(x, y, 0.0, 0.22, 0.31, 0.17, 0.06), "main"),
        (box(x, y, 0.0, 0.22, 0.23, 0.10, 0.04), "ink"),
        (circle(x, y, -0.11, 0.22, 0.055), "glass"),
        (circle(x, y, 0.11, 0.22, 0.055), "glass"),
    ]


def _ufo(x: Tensor, y: Tensor, t: Tensor) -> list[Part]:
    dome = torch.maximum(ellipse(x, y, 0.0, 0.06, 0.30, 0.36), -y)
    saucer = ellipse(x, y, 0.0, -0.08, 0.72, 0.22)
    under = ellipse(x, y, 0.0, -0.24, 0.30, 0.13)
    parts = [(under, "steel"), (dome, "glass"), (saucer, "main")]
    parts.append((torch.maximum(saucer, y + 0.14), "dark"))
    parts += [(circle(x, y, cx, -0.05, 0.065), "flame") for cx in (-0.42, 0.0, 0.42)]
    return parts


PAINTERS: dict[str, Painter] = {
    "ball": _ball, "star": _star, "heart": _heart, "boat": _boat, "car": _car,
    "rocket": _rocket, "balloon": _balloon, "fish": _fish, "cat": _cat, "bird": _bird,
    "robot": _robot, "ufo": _ufo,
}  # fmt: skip

#: Half the width of each subject, in units of its height.
HALF_WIDTHS: dict[str, float] = {
    "ball": 0.5, "star": 0.53, "heart": 0.5, "boat": 0.62, "car": 0.74, "rocket": 0.4,
    "balloon": 0.38, "fish": 0.7, "cat": 0.54, "bird": 0.78, "robot": 0.48, "ufo": 0.74,
}  # fmt: skip
