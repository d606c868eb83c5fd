"""From noise to clip: Euler steps along a rectified flow, guided by the prompt.

Flow matching: Lipman et al. 2023, arXiv:2210.02747.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from sora_core.sprout.transformer import SproutTransformer

FARTHEST = 5.0  # normalised latents beyond this many spreads are cut off

#: Noisy latents (n, C, h, w) and their noise levels (n,) → velocity (n, C, h, w).
Velocity = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to draw: steps a window, and how strongly the prompt guides."""

    steps: int
    guidance: float


#: Noise levels in which a prompt guides. Places, shapes and motions are settled there; below them
#: guidance makes outlines shake, at twice the cost. Kynkäänniemi et al. 2024, arXiv:2404.07724
GUIDED = (0.5, 1.0)
VARIANTS = {"quality": Variant(24, 4.0), "turbo": Variant(8, 1.0)}


@cache
def _fast_bfloat16() -> bool:
    can = torch.cpu.get_capabilities()
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def precision(device: torch.device) -> torch.autocast:
    """A context in which nets multiply in bfloat16, as in training; on a CPU if it can natively.

    Elsewhere they stay in float32, as bfloat16 would be slower there.
    """
    fast = device.type != "cpu" or _fast_bfloat16()
    return torch.autocast(device.type, torch.bfloat16, enabled=fast)


@dataclass(frozen=True, slots=True, eq=False)
class Guided:
    """The transformer's velocity for the prompts of a window, led away from another prompt.

    slots     (1 + P, S, W): what to stay away from, then the prompts; on the net's device, alone
    shares    (n, P) how far each frame follows each prompt; the velocities are mixed
    guidance  1 follows the model as it is. Ho & Salimans 2022, arXiv:2207.12598
    interval  noise levels (low, high) in which it is guided; elsewhere it is followed as it is,
              at half the cost
    plain     followed outside the interval instead of `net`: turbo has guidance in its weights
    """

    net: SproutTransformer
    slots: Tensor
    shares: Tensor
    guidance: float
    interval: tuple[float, float] = GUIDED
    plain: SproutTransformer | None = None

    @torch.no_grad()
    def __call__(self, x: Tensor, levels: Tensor) -> Tensor:
        """x (n, C, h, w), levels (n,) → (n, C, h, w)."""
        low, high = self.interval
        inside = low <= float(levels.max()) <= high
        guided = self.guidance != 1.0 and inside
        net = self.net if inside or self.plain is None else self.plain
        followed = self.shares.any(0)
        slots = self.slots[torch.cat([torch.tensor([guided]), followed])]
        b, device = len(slots), slots.device
        with precision(device):
            v = net(
                x.to(device).expand(b, *x.shape), levels.to(device).expand(b, -1), slots
            ).float().cpu()  # fmt: skip
        told = torch.einsum("pnchw,np->nchw", v[int(guided) :], self.shares[:, followed])
        return v[0] + self.guidance * (told - v[0]) if guided else told


@dataclass(frozen=True, slots=True)
class Schedule:
    """Falling noise levels, from `strength` or the nearest level of the full schedule.

    config  of the `FlowMatchEulerDiscreteScheduler` that takes the steps
    steps   from pure noise on; fewer are taken where `strength` is below 1
    """

    config: Any
    steps: int
    strength: float = 1.0

    def start(self) -> tuple[FlowMatchEulerDiscreteScheduler, list[float]]:
        """A fresh scheduler, and the levels it goes through, without the final 0."""
        scheduler = FlowMatchEulerDiscreteScheduler.from_config(self.config)
        scheduler.set_timesteps(sigmas=np.linspace(1.0, 1.0 / self.steps, self.steps))
        levels = scheduler.sigmas[:-1]
        begin = int((levels - self.strength).abs().argmin())
        scheduler.set_begin_index(begin)
        return scheduler, levels[begin:].tolist()


def denoise(
    velocity: Velocity, start: Tensor, drawn: Tensor, schedule: Schedule
) -> Iterator[Tensor]:
    """Euler steps on dx/dσ = v(x, σ) for the drawn frames; the given ones stay at level 0.

    start  (n, C, h, w): clean where given, at the schedule's first level where drawn
    drawn  (n,) bool
    Yields after each step the estimate (m, C, h, w) of the m drawn frames, clean.
    """
    scheduler, levels = schedule.start()
    x = start.clone()
    for time, sigma in zip(scheduler.timesteps[-len(levels) :], levels, strict=True):
        v = velocity(x, torch.where(drawn, sigma, 0.0))[drawn]
        estimate = x[drawn] - sigma * v
        x[drawn] = scheduler.step(v, time, x[drawn], return_dict=False)[0]
        yield estimate.clamp(-FARTHEST, FARTHEST)
