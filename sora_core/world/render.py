"""Scenes to drawings: background, subject, weather, style, in that order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_core.world import motions, places, stage, styles, weather
from sora_core.world.fields import coverage
from sora_core.world.scene import Actor, Scene
from sora_core.world.subjects import FIXED, HALF_WIDTHS, PAINTERS

FRAMES_PER_S = 12
COLOUR_RGB: dict[str, tuple[float, float, float]] = {
    "red": (0.90, 0.16, 0.18), "orange": (0.98, 0.53, 0.10), "yellow": (0.99, 0.85, 0.14),
    "green": (0.20, 0.70, 0.28), "blue": (0.15, 0.36, 0.90), "purple": (0.56, 0.24, 0.80),
    "pink": (0.99, 0.50, 0.72), "white": (0.97, 0.97, 0.98),
}  # fmt: skip


class Rendered(NamedTuple):
    """frames (B, F, H, W, 3) float32 in [0, 1]; cover (B, F, H, W), the subject's share."""

    frames: Tensor
    cover: Tensor


def _film(backdrop: Tensor, scene: Scene, width: int, t: Tensor) -> Tensor:
    """Pass the camera over one styled background (H, 2W, 3); returns (F, H, W, 3)."""
    shift, zoom = motions.view(scene.camera, t)
    height = backdrop.shape[0]
    if scene.camera.startswith("zoom"):
        # Crop around the middle of the frame; bilinear, as the enlargement is slight.
        x = ((torch.arange(width) + 0.5) / width * 2 - 1).view(1, 1, -1) / zoom.view(-1, 1, 1)
        y = ((torch.arange(height) + 0.5) / height * 2 - 1).view(1, -1, 1) / zoom.view(-1, 1, 1)
        grid = torch.stack(torch.broadcast_tensors(x, y), -1).to(backdrop.device)
        still = backdrop[:, :width].permute(2, 0, 1).expand(len(t), -1, -1, -1)
        return F.grid_sample(still, grid, align_corners=False, padding_mode="border").permute(
            0, 2, 3, 1
        )
    if scene.camera.startswith("pan"):
        steps = [round(float(s) * width) for s in shift]
        return torch.stack([backdrop.roll(-s, 1)[:, :width] for s in steps])
    return backdrop[:, :width].expand(len(t), -1, -1, -1)


def _backdrops(
    scenes: Sequence[Scene], dice: Tensor, width: int, height: int, device: torch.device | str
) -> list[Tensor]:
    """A styled background (H, 2W, 3) for each scene, places painted in batches."""
    out: list[Tensor] = [dice] * len(scenes)
    groups: dict[str, list[int]] = defaultdict(list)
    for i, scene in enumerate(scenes):
        groups[scene.place].append(i)
    for place, members in groups.items():
        painted = places.backdrop(place, width, height, dice[members, 8:], device)
        for i, picture in zip(members, painted.permute(0, 2, 3, 1), strict=True):
            if scenes[i].weather in weather.VEILS:
                tint, amount = weather.VEILS[scenes[i].weather]
                picture = picture + (picture.new_tensor(tint) - picture) * amount
            out[i] = styles.style_backdrop(picture.unsqueeze(0), scenes[i].style)[0]
    return out


def _tints(main: Tensor) -> dict[str, Tensor]:
    """Every tint by name, for colours `main` (B, 1, 1, 1, 3)."""
    table = {name: main.new_tensor(rgb) for name, rgb in FIXED.items()}
    return table | {"main": main, "dark": main * 0.66, "light": main + (1 - main) * 0.5}


def _paint(
    subject: str, x: Tensor, y: Tensor, t: Tensor, main: Tensor, pixel: Tensor
) -> tuple[Tensor, Tensor]:
    """Fill colours (..., 3) and distance of a subject; x, y in units of its height."""
    tints = _tints(main)
    fill = main.expand(*x.shape, 3)
    whole = torch.full_like(x, 1e3)
    for distance, tint in PAINTERS[subject](x, y, t):
        mask = coverage(distance, pixel).unsqueeze(-1)
        fill = fill + (tints[tint] - fill) * mask
        whole = torch.minimum(whole, distance)
    shade = (1.0 + 0.20 * y).unsqueeze(-1)
    return (fill * shade).clamp(0, 1), whole


def _stamp(
    frames: Tensor, cover: Tensor, scenes: Sequence[Scene], members: list[tuple[int, Actor]],
    dice: Tensor, t: Tensor,
) -> None:  # fmt: skip
    """Draw the actors of `members`, all of one kind and style, into `frames` in place."""
    _, _, height, width, _ = frames.shape
    (one, lead), unit, device = members[0], min(width, height), frames.device
    first = scenes[one]
    half = HALF_WIDTHS[lead.subject]
    extent = (width / (2 * unit), height / (2 * unit))
    paths = [stage.filmed(a, scenes[i].camera, extent, dice[i], t) for i, a in members]
    poses = motions.Pose(*(torch.stack(p) for p in zip(*paths, strict=True)))
    ink = styles.ink_width(first.style)
    reach = float(poses.height.max()) * max(half, 0.56) * 1.12 + ink + 2 / unit
    x, y, angle, tall, flip = (p.to(device) for p in poses)
    side_x, side_y = min(width, int(2 * reach * unit) + 2), min(height, int(2 * reach * unit) + 2)
    px, py = (x + extent[0]) * unit, (extent[1] - y) * unit
    left = (px - side_x / 2).round().clamp(0, width - side_x).long()
    top = (py - side_y / 2).round().clamp(0, height - side_y).long()
    cols = left[..., None] + torch.arange(side_x, device=device)
    rows = top[..., None] + torch.arange(side_y, device=device)
    dx = ((cols + 0.5) - px[..., None]).unsqueeze(-2) / (unit * tall[..., None, None])
    dy = (py[..., None] - (rows + 0.5)).unsqueeze(-1) / (unit * tall[..., None, None])
    c, s = torch.cos(angle)[..., None, None], torch.sin(angle)[..., None, None]
    u, v = (c * dx + s * dy) * flip[..., None, None], c * dy - s * dx
    pixel = 1 / (unit * tall[..., None, None])
    main = torch.tensor([COLOUR_RGB[actor.colour] for _, actor in members], device=device)
    main = main.view(-1, 1, 1, 1, 3)
    fill, distance = _paint(lead.subject, u, v, t.to(device).view(1, -1, 1, 1), main, pixel)
    width_local = ink / tall[..., None, None]
    inside, outline = coverage(distance, pixel), coverage(distance - width_local, pixel)
    rgb, alpha = styles.style_subject(fill, inside, outline, main, first.style)
    b = torch.tensor([i for i, _ in members], device=device).view(-1, 1, 1, 1)
    f = torch.arange(len(t), device=device).view(1, -1, 1, 1)
    at = (b, f, rows.unsqueeze(-1), cols.unsqueeze(-2))
    under = frames[at]
    if first.style == "neon":
        halo = torch.exp(-(distance - width_local).clamp_min(0) * 9).unsqueeze(-1) * 0.55
        under = under + (main - under) * halo
    elif first.style not in ("sketch", "noir"):
        rim = 0.55 * coverage(distance - 2.1 * width_local, pixel).unsqueeze(-1)
        under = under + (1 - under) * rim
    frames[at] = under + (rgb - under) * alpha
    cover[at] = torch.maximum(cover[at], outline)


def _precipitate(frames: Tensor, scene: Scene, dice: Tensor, drawings: Tensor) -> Tensor:
    """Let it rain or snow on (F, H, W, 3)."""
    _, height, width, _ = frames.shape
    amount = weather.falling(scene.weather, width, height, dice[4:6], drawings).to(frames.device)
    tone = (0.35, 0.38, 0.45) if scene.style == "sketch" else (0.93, 0.96, 1.0)
    return frames + (frames.new_tensor(tone) - frames) * 0.85 * amount.unsqueeze(-1)


def render(
    scenes: Sequence[Scene], width: int, height: int, drawings: int,
    start_s: Sequence[float] = (), device: torch.device | str = "cpu",
) -> Rendered:  # fmt: skip
    """Draw a batch of scenes.

    width, height  in pixels
    drawings       per clip, at `FRAMES_PER_S`
    start_s        when in its scene each clip begins, seconds; default 0 for all
    device         where the drawings are made, and lie afterwards
    The same arguments give the same drawings bit for bit on one machine.
    """
    dice = torch.stack([stage.roll(scene) for scene in scenes])
    starts = [round(s * FRAMES_PER_S) for s in start_s] or [0] * len(scenes)
    counts = [torch.arange(drawings) + s for s in starts]
    backdrops = _backdrops(scenes, dice, width, height, device)
    frames = torch.stack(
        [
            _film(b, scene, width, k / FRAMES_PER_S)
            for b, scene, k in zip(backdrops, scenes, counts, strict=True)
        ]
    )
    cover = torch.zeros(frames.shape[:-1], device=device)
    groups: dict[tuple[bool, str, str, int], list[tuple[int, Actor]]] = defaultdict(list)
    for i, scene in enumerate(scenes):
        for actor in scene.actors():
            behind = bool(scene.second) and actor.subject == scene.second
            groups[not behind, actor.subject, scene.style, starts[i]].append((i, actor))
    for (_, _, _, start), members in sorted(groups.items(), key=lambda group: group[0]):
        t = (torch.arange(drawings) + start) / FRAMES_PER_S
        _stamp(frames, cover, scenes, members, dice, t)
    for i, scene in enumerate(scenes):
        if scene.weather != "clear":
            frames[i] = _precipitate(frames[i], scene, dice[i], counts[i])
        if scene.style == "pixel art":
            frames[i : i + 1] = styles.finish(frames[i : i + 1], scene.style)
    return Rendered(frames.clamp(0, 1), cover)
