"""Wear: what a decoder may do to a drawing without changing what is shown.

The checker is trained on worn clips so that it reads content, not how crisply it is drawn.
Every function takes clips (B, F, 3, H, W) in [-1, 1] and returns the same shape.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCK = 8


def cosines(n: int = BLOCK) -> Tensor:
    """The orthonormal discrete cosine transform (n, n) of Ahmed, Natarajan & Rao 1974."""
    k = torch.arange(n).view(-1, 1)
    table = torch.cos(math.pi * (torch.arange(n) + 0.5) * k / n) * math.sqrt(2 / n)
    table[0] /= math.sqrt(2)
    return table


def soften(clips: Tensor, factor: float) -> Tensor:
    """Blur by shrinking to `factor` of the size and enlarging again."""
    flat = clips.flatten(0, 1)
    small = F.interpolate(flat, scale_factor=factor, mode="area")
    again = F.interpolate(small, flat.shape[-2:], mode="bilinear", align_corners=False)
    return again.view_as(clips)


def quantise(clips: Tensor, coarseness: float) -> Tensor:
    """Round the cosine coefficients of blocks of 8 x 8, high frequencies more, as JPEG does."""
    d = cosines().to(clips)
    b, f, c, h, w = clips.shape
    blocks = clips.reshape(-1, h // BLOCK, BLOCK, w // BLOCK, BLOCK).transpose(2, 3)
    k = torch.arange(BLOCK, device=clips.device)
    step = coarseness * (1 + k.view(-1, 1) + k)
    spectrum = torch.round(d @ blocks @ d.T / step) * step
    return (d.T @ spectrum @ d).transpose(2, 3).reshape(b, f, c, h, w)


def smear(clips: Tensor, share: float) -> Tensor:
    """Mix each drawing with the ones before and after it, `share` from each."""
    before = torch.cat([clips[:, :1], clips[:, :-1]], 1)
    after = torch.cat([clips[:, 1:], clips[:, -1:]], 1)
    return (1 - 2 * share) * clips + share * (before + after)


def shift(clips: Tensor, right: int, down: int) -> Tensor:
    """Move the picture by whole pixels; what is uncovered repeats the border."""
    h, w = clips.shape[-2:]
    rows = (torch.arange(h) - down).clamp(0, h - 1)
    columns = (torch.arange(w) - right).clamp(0, w - 1)
    return clips[..., rows, :][..., columns]


def wear(clips: Tensor, rng: torch.Generator) -> Tensor:
    """A random mixture of the above, differing from clip to clip, and of light and grain."""
    worn = []
    for clip in clips.split(1):
        dice = torch.rand(10, generator=rng).tolist()
        if dice[0] < 0.7:
            clip = shift(clip, round(6 * dice[1] - 3), round(6 * dice[2] - 3))
        if dice[3] < 0.3:
            clip = soften(clip, 0.5 + 0.4 * dice[4])
        if dice[5] < 0.3:
            clip = smear(clip, 0.3 * dice[6])
        if dice[7] < 0.3:
            clip = quantise(clip, 0.02 + 0.12 * dice[8])
        gain, offset = torch.rand(2, generator=rng).mul(0.3).tolist()
        clip = clip * (0.85 + gain) + (offset - 0.15)
        if dice[9] < 0.25:
            clip = clip + 0.24 * dice[9] * torch.randn(clip.shape, generator=rng)
        worn.append(clip)
    return torch.cat(worn).clamp(-1, 1)
