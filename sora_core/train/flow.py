"""Rectified flow: noisy latents, the velocity to learn, and where its error counts.

x(σ) = (1 - σ) clean + σ noise, velocity = noise - clean. Liu et al. 2022, arXiv:2209.03003.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

import torch
from torch import Tensor

GIVEN_SHARE = 0.20  # of the windows, which have clean frames: pictures, extension, loops
#: Which end is given, and how often: the head (extension, picture → clip), the tail (extension
#: backwards), both (loops, blends).
GIVEN_ENDS: dict[str, float] = {"head": 0.6, "tail": 0.15, "both": 0.25}
#: Up to this much noise lies on given frames that are said to be clean, so that the model does not
#: lean on small faults of its own earlier windows. Ho et al. 2021, arXiv:2106.15282.
GIVEN_NOISE = 0.08
SUBJECT_WEIGHT = 7.0
CHANGE_WEIGHT = 1.0
#: Mean of the logit-normal noise level, for single frames and for whole windows: the more
#: frames repeat each other, the more noise it takes to hide them. Esser et al. 2024,
#: arXiv:2403.03206.
LOGIT_MEAN = {1: 0.2}
WINDOW_LOGIT_MEAN = 0.9

#: Drawing takes more of its steps at high noise, where places and motions are settled. Esser et al.
#: 2024, arXiv:2403.03206, section 5.3.2; as `FlowMatchEulerDiscreteScheduler(shift=…)` has it.
SHIFT = 3.0


def level(done: float) -> float:
    """The noise level, 1 to 0, when a share `done` of the steps is taken."""
    left = 1 - done
    return SHIFT * left / (1 + (SHIFT - 1) * left)


def draw_levels(count: int, length: int, rng: random.Random) -> Tensor:
    """Noise levels (count, length): one a clip, but 0 on frames that are given."""
    mean = LOGIT_MEAN.get(length, WINDOW_LOGIT_MEAN)
    drawn = (1 / (1 + math.exp(-rng.gauss(mean, 1.0))) for _ in range(count))
    return on_drawn_frames(drawn, length, rng)


def on_drawn_frames(levels: Iterable[float], length: int, rng: random.Random) -> Tensor:
    """Noise levels (count, length) of clips at `levels`, 0 on frames that are given."""
    rows = []
    for sigma in levels:
        head, tail = draw_given(length, rng)
        rows.append([0.0] * head + [sigma] * (length - head - tail) + [0.0] * tail)
    return torch.tensor(rows)


def draw_given(length: int, rng: random.Random) -> tuple[int, int]:
    """How many frames at the head and at the tail of a window are given; one at least is not."""
    if length == 1 or rng.random() >= GIVEN_SHARE:
        return 0, 0
    ends = rng.choices(tuple(GIVEN_ENDS), tuple(GIVEN_ENDS.values()))[0]
    given = rng.randrange(1, length)
    if ends == "both" and given > 1:
        head = rng.randrange(1, given)
        return head, given - head
    return (0, given) if ends == "tail" else (given, 0)


def mix(clean: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
    """Noisy latents (B, n, C, h, w) at levels `sigma` (B, n)."""
    s = sigma[:, :, None, None, None]
    return (1 - s) * clean + s * noise


def blemish(noisy: Tensor, sigma: Tensor) -> Tensor:
    """`noisy` (B, n, C, h, w) with a little fresh noise, of any strength, where `sigma` is 0."""
    strength = GIVEN_NOISE * torch.rand(len(noisy), 1, 1, 1, 1, device=noisy.device)
    given = (sigma == 0)[:, :, None, None, None]
    return noisy + given * strength * torch.randn_like(noisy)


def flow_loss(
    velocity: Tensor, wanted: Tensor, sigma: Tensor, cover: Tensor, channels: Tensor,
    flow_channels: int | None = None, *, subject_weight: float = SUBJECT_WEIGHT,
    change_weight: float = CHANGE_WEIGHT,
) -> Tensor:  # fmt: skip
    """Mean squared error of the velocity; of the clean latents beyond `flow_channels`.

    Given frames do not count; cells the subject touches count `1 + subject_weight` times. How the
    velocity's error changes from frame to frame counts once more, by `change_weight`: where a thing
    stands is mostly chance, and would else drown how it moves, which the prompt says.
    wanted    (B, n, C, h, w) the velocity to learn
    cover     (B, n, h, w) in [0, 1]
    channels  (C,) weight of each latent channel, 1 in the mean
    """
    weight = (1 + subject_weight * (cover > 0.02)) * (sigma > 0)[:, :, None, None]
    error = (velocity - wanted) * channels.sqrt()[:, None, None]
    if flow_channels is not None:
        error[:, :, flow_channels:] *= sigma[:, :, None, None, None]
    loss = _weighted(error, weight)
    if error.shape[1] > 1:
        change = (error[:, 1:] - error[:, :-1])[:, :, :flow_channels]
        loss = loss + change_weight * _weighted(
            change, torch.minimum(weight[:, 1:], weight[:, :-1])
        )
    return loss


def _weighted(error: Tensor, weight: Tensor) -> Tensor:
    return (error.square().mean(2) * weight).sum() / weight.sum().clamp_min(1)
