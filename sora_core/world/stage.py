"""The stage: where the actors of a scene stand, and which dice settle that."""

from __future__ import annotations

import torch
from torch import Tensor

from sora_core.world import motions
from sora_core.world.scene import Actor, Scene
from sora_core.world.subjects import HALF_WIDTHS

_DICE = 24


def roll(scene: Scene) -> Tensor:
    """The uniform numbers (24,) in [0, 1) that settle what a scene leaves open."""
    return torch.rand(_DICE, generator=torch.Generator().manual_seed(scene.seed))


def filmed(
    actor: Actor, camera: str, extent: tuple[float, float], dice: Tensor, t: Tensor
) -> motions.Pose:
    """The actor's path, on its own half of the stage if it keeps to one: along the longer side.

    A zoom enlarges it half as much as what is behind.
    extent  half the frame's width and height
    dice    of the scene
    t       (F,) seconds since it began
    """
    ex, ey = extent
    stage = extent if not actor.side else (ex / 2, ey) if ex >= ey else (ex, ey / 2)
    path = motions.pose(actor.motion, actor.size, HALF_WIDTHS[actor.subject], stage, dice, t)
    across, up = (ex - stage[0]) * actor.side, (ey - stage[1]) * actor.side
    height = path.height * (1 + 0.5 * (motions.view(camera, t).zoom - 1))
    return path._replace(x=path.x + across, y=path.y + up, height=height)


def spots(scene: Scene, width: int, height: int, t: Tensor) -> Tensor:
    """Where each actor is filmed, from back to front: (actors, F, 3) in pixels.

    The middle from the left and from the top, and half the side of the upright square that holds
    the subject unless it turns.
    t  (F,) seconds since the scene began
    """
    unit, dice = min(width, height), roll(scene)
    extent = (width / (2 * unit), height / (2 * unit))
    found = []
    for actor in scene.actors():
        pose = filmed(actor, scene.camera, extent, dice, t)
        half = pose.height * max(0.5, HALF_WIDTHS[actor.subject])
        found.append(torch.stack([pose.x + extent[0], extent[1] - pose.y, half], -1) * unit)
    return torch.stack(found)
