"""The denoiser: a transformer over a clip's latents, with a noise level for each latent frame.

One net does text → clip, image → clip and extension: frames that are given have level 0.
Diffusion forcing: Chen et al. 2024, arXiv:2407.01392. AdaLN: Peebles & Xie 2023,
arXiv:2212.09748. Rotary positions: Su et al. 2021, arXiv:2104.09864.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from sora_core.sprout.text import attend, split_heads

PATCH = 2
LEAST_LEVEL = 0.04  # below the last step's level of any schedule
_FREQUENCIES = 64


def level_features(sigma: Tensor) -> Tensor:
    """Sines and cosines (..., 2 * 64) of noise levels in [0, 1]."""
    rates = torch.exp(torch.linspace(0, math.log(200.0), _FREQUENCIES, device=sigma.device))
    angles = sigma.unsqueeze(-1) * rates
    return torch.cat([angles.cos(), angles.sin()], -1)


def grid_positions(frames: int, rows: int, columns: int, device: torch.device) -> Tensor:
    """(frames * rows * columns, 3) positions (t, y, x); y and x are centred on the frame."""
    t = torch.arange(frames, device=device, dtype=torch.float32)
    y = torch.arange(rows, device=device) - (rows - 1) / 2
    x = torch.arange(columns, device=device) - (columns - 1) / 2
    return torch.stack(torch.meshgrid(t, y, x, indexing="ij"), -1).flatten(0, 2)


def rotary_angles(positions: Tensor, head_width: int) -> Tensor:
    """(N, head_width / 2) angles; a quarter of the pairs turn with t, the rest with y and x."""
    pairs = head_width // 2
    share = (pairs // 4, (pairs - pairs // 4) // 2, pairs - pairs // 4 - (pairs - pairs // 4) // 2)
    angles = []
    for axis, n in enumerate(share):
        rates = torch.exp(-torch.linspace(0, math.log(16.0), n, device=positions.device))
        angles.append(positions[:, axis : axis + 1] * rates * (math.pi / 4))
    return torch.cat(angles, -1)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pairs of x (..., N, d) by angles given as cos, sin (N, d / 2)."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class Block(nn.Module):
    """Self-attention, on some blocks cross-attention to the slots, and an MLP; AdaLN-zero."""

    def __init__(self, width: int, heads: int, condition: int, slot_width: int | None) -> None:
        super().__init__()
        self.heads = heads
        self.modulation = nn.Linear(condition, 6 * width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        if slot_width is not None:
            self.query = nn.Linear(width, width)
            self.pair = nn.Linear(slot_width, 2 * width)
            self.read = nn.Linear(width, width)
            nn.init.zeros_(self.read.weight)
            nn.init.zeros_(self.read.bias)

    def forward(
        self, x: Tensor, condition: Tensor, turn: tuple[Tensor, Tensor], slots: Tensor
    ) -> Tensor:
        """x (B, n, P, D), condition (B, n, 1, C), slots (B, S, W) → (B, n, P, D)."""
        shape = x.shape
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = self.modulation(condition).chunk(6, -1)
        h = F.layer_norm(x, shape[-1:]) * (1 + scale_a) + shift_a
        q, k, v = split_heads(self.qkv(h.flatten(1, 2)), 3, self.heads)
        q = rotate(F.rms_norm(q, q.shape[-1:]), *turn)
        k = rotate(F.rms_norm(k, k.shape[-1:]), *turn)
        h = attend(q, k, v).transpose(1, 2).reshape(shape)
        x = x + gate_a * self.out(h)
        if hasattr(self, "query"):
            q = self.query(F.layer_norm(x, shape[-1:])).flatten(1, 2)
            q = q.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            k, v = split_heads(self.pair(slots), 2, self.heads)
            x = x + self.read(attend(q, k, v).transpose(1, 2).reshape(shape))
        h = F.layer_norm(x, shape[-1:]) * (1 + scale_m) + shift_m
        return x + gate_m * self.narrow(F.gelu(self.wide(h), approximate="tanh"))


class SproutTransformer(ModelMixin, ConfigMixin):
    """Predicts the velocity noise - clean of a clip's normalised latents.

    A prompt's slots hold codes of few classes, so `gist_width` numbers, one a class, keep all of
    them.

    For all but the first `flow_channels` the net itself says what is clean, and the velocity
    follows: a token has more numbers than can pass through the net's width, so their noise could
    not be handed on to be taken away. Li & He 2025, arXiv:2511.13720.
    """

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 48,
        width: int = 256,
        layers: int = 6,
        heads: int = 4,
        condition_width: int = 128,
        slots: int = 10,
        slot_width: int = 64,
        cross_every: int = 3,
        flow_channels: int = 24,
        gist_width: int = 84,
    ) -> None:
        super().__init__()
        token = latent_channels * PATCH * PATCH
        self.patch_in = nn.Linear(token, width)
        self.place = nn.Linear(6, width)
        self.level = nn.Sequential(
            nn.Linear(2 * _FREQUENCIES, width), nn.SiLU(), nn.Linear(width, condition_width)
        )
        self.gist = nn.Linear(slots * slot_width, gist_width, bias=False)
        self.pooled = nn.Sequential(
            nn.Linear(gist_width, width), nn.SiLU(), nn.Linear(width, condition_width)
        )
        self.prompt = nn.Linear(gist_width, width)
        self.blocks = nn.ModuleList(
            Block(width, heads, condition_width, slot_width if i % cross_every == 1 else None)
            for i in range(layers)
        )
        self.last_modulation = nn.Linear(condition_width, 2 * width)
        self.patch_out = nn.Linear(width, token)
        for last in (self.last_modulation, self.patch_out):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, latents: Tensor, sigma: Tensor, slots: Tensor) -> Tensor:
        """Velocities of a noisy clip.

        latents (B, n, C, h, w), h and w even;  sigma (B, n) in [0, 1];  slots (B, S, W)
        Returns (B, n, C, h, w).
        """
        b, n, _, h, w = latents.shape
        rows, columns = h // PATCH, w // PATCH
        x = F.pixel_unshuffle(latents.flatten(0, 1), PATCH).flatten(2).transpose(1, 2)
        x = x.unflatten(0, (b, n))
        positions = grid_positions(n, rows, columns, latents.device)
        angles = rotary_angles(positions, self.config.width // self.config.heads)
        spot = positions[: rows * columns, 1:] / positions.new_tensor([rows / 2, columns / 2])
        spot = torch.cat([spot, torch.sin(math.pi * spot), torch.cos(math.pi * spot)], -1)
        gist = self.gist(slots.flatten(1))
        x = self.patch_in(x) + self.place(spot) + self.prompt(gist)[:, None, None]
        condition = self.level(level_features(sigma)) + self.pooled(gist)[:, None]
        condition = F.silu(condition)[:, :, None]
        turn = (angles.cos(), angles.sin())
        for block in self.blocks:
            x = block(x, condition, turn, slots)
        shift, scale = self.last_modulation(condition).chunk(2, -1)
        x = self.patch_out(F.layer_norm(x, x.shape[-1:]) * (1 + scale) + shift)
        x = x.flatten(0, 1).transpose(1, 2).unflatten(2, (rows, columns))
        x = F.pixel_shuffle(x, PATCH).unflatten(0, (b, n))
        flow, clean = x.tensor_split([self.config.flow_channels], 2)
        level = sigma.clamp_min(LEAST_LEVEL)[:, :, None, None, None]
        return torch.cat([flow, (latents[:, :, flow.shape[2] :] - clean) / level], 2)
