"""Rectified flow: noisy latents, the velocity to learn, and where its error counts.

x(σ) = (1 - σ) clean + σ noise, velocity = noise - clean. Liu et al. 2022, arXiv:2209.03003.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor

GIVEN_SHARE = 0.30  # of the clips, which begin with clean frames: image → clip, extension
SUBJECT_WEIGHT = 7.0
#: Mean of the logit-normal noise level, for single frames and for whole windows: the more
#: frames repeat each other, the more noise it takes to hide them. Esser et al. 2024,
#: arXiv:2403.03206.
LOGIT_MEAN = {1: 0.2}
WINDOW_LOGIT_MEAN = 0.5


def draw_levels(count: int, length: int, rng: random.Random) -> Tensor:
    """Noise levels (count, length): one a clip, but 0 on leading frames that are given."""
    mean = LOGIT_MEAN.get(length, WINDOW_LOGIT_MEAN)
    rows = []
    for _ in range(count):
        sigma = float(torch.sigmoid(torch.tensor(rng.gauss(mean, 1.0))))
        given = rng.randrange(1, length) if length > 1 and rng.random() < GIVEN_SHARE else 0
        rows.append([0.0] * given + [sigma] * (length - given))
    return torch.tensor(rows)


def mix(clean: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
    """Noisy latents (B, n, C, h, w) at levels `sigma` (B, n)."""
    s = sigma[:, :, None, None, None]
    return (1 - s) * clean + s * noise


def flow_loss(
    velocity: Tensor, clean: Tensor, noise: Tensor, sigma: Tensor, cover: Tensor, channels: Tensor
) -> Tensor:
    """Mean squared error of the velocity.

    Given frames do not count; cells the subject touches count `1 + SUBJECT_WEIGHT` times.
    cover     (B, n, h, w) in [0, 1]
    channels  (C,) weight of each latent channel, 1 in the mean
    """
    weight = (1 + SUBJECT_WEIGHT * (cover > 0.02)) * (sigma > 0)[:, :, None, None]
    error = (velocity - (noise - clean)).square() * channels[:, None, None]
    error = error.mean(2)
    return (error * weight).sum() / weight.sum().clamp_min(1)
