"""What a draw hands out: its steps, and at the end a clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from diffusers.utils import BaseOutput
from torch import Tensor

from sora_core.sprout.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A finished denoising step, `index` of `total` (counted from 1).

    latents  (m, C, h, w) the estimate of the clean clip so far, normalised: what is given and what
             has been drawn, in the order of the finished clip, whichever way it grows
    newest   index into `latents`, the middle of what is being drawn
    plan     what was asked; the clip is complete when m is its number of latent frames
    """

    index: int
    total: int
    latents: Tensor
    newest: int
    plan: Plan


@dataclass
class SproutOutput(BaseOutput):
    """frames (1, F, H, W, 3) float32 in [0, 1], or uint8 if asked for."""

    frames: np.ndarray
