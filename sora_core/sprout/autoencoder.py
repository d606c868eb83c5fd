"""The autoencoder: three drawings and 8 x 8 pixels become one latent of a few channels.

There is no separate path for stills: a picture is the chunk of three equal drawings.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

CHUNK = 3
CELL = 8
CELL_VALUES = CHUNK * 3 * CELL * CELL


def to_cells(frames: Tensor) -> Tensor:
    """(B, 3n, H, W, 3) in [-1, 1] → (B * n, 9, H, W), drawings of a chunk side by side."""
    b, f, h, w, _ = frames.shape
    chunks = frames.reshape(b * f // CHUNK, CHUNK, h, w, 3)
    return chunks.permute(0, 1, 4, 2, 3).reshape(-1, CHUNK * 3, h, w)


def from_cells(cells: Tensor, batch: int) -> Tensor:
    """The inverse of `to_cells`."""
    n, _, h, w = cells.shape
    frames = cells.reshape(n, CHUNK, 3, h, w).permute(0, 1, 3, 4, 2)
    return frames.reshape(batch, -1, h, w, 3)


class Residual(nn.Module):
    """x + conv(relu(conv(x))), 3 x 3, without norms; starts as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same shape."""
        return x + self.second(F.relu(self.first(x)))


class SproutAutoencoder(ModelMixin, ConfigMixin):
    """Drawings ↔ latents.

    A linear path (1 x 1 on unshuffled pixels, started from the principal components) carries the
    broad strokes; small residual nets at 1/8 and 1/4 of the resolution add the rest. The decoder
    of a chunk also sees the latent of the chunk before it, so that chunks join.
    """

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 48,
        width: int = 160,
        fine_width: int = 64,
        latent_mean: list[float] | None = None,
        latent_std: list[float] | None = None,
    ) -> None:
        super().__init__()
        c = latent_channels
        self.linear_in = nn.Conv2d(CELL_VALUES, c, 1)
        self.fine_in = nn.Conv2d(CHUNK * 3 * 16, fine_width, 1)
        self.fine_enc = nn.Sequential(Residual(fine_width), nn.ReLU())
        self.coarse_in = nn.Conv2d(fine_width * 4, width, 1)
        self.coarse_enc = nn.Sequential(Residual(width), Residual(width), nn.ReLU())
        self.to_latent = nn.Conv2d(width, c, 1)
        self.linear_out = nn.Conv2d(c, CELL_VALUES, 1)
        self.coarse_out = nn.Conv2d(2 * c, width, 3, padding=1)
        self.coarse_dec = nn.Sequential(
            Residual(width), Residual(width), Residual(width), nn.ReLU()
        )
        self.widen = nn.Conv2d(width, fine_width * 4, 1)
        self.fine_dec = nn.Sequential(Residual(fine_width), Residual(fine_width), nn.ReLU())
        self.fine_out = nn.Conv2d(fine_width, CHUNK * 3 * 16, 3, padding=1)
        for last in (self.to_latent, self.fine_out):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
        self.register_buffer("mean", torch.tensor(latent_mean or [0.0] * c), persistent=False)
        self.register_buffer("std", torch.tensor(latent_std or [1.0] * c), persistent=False)

    def encode(self, frames: Tensor) -> Tensor:
        """Latents of drawings, not normalised.

        frames (B, 3n, H, W, 3) in [-1, 1], H and W multiples of 16
        Returns (B, n, C, H/8, W/8).
        """
        cells = to_cells(frames)
        x = self.fine_enc(self.fine_in(F.pixel_unshuffle(cells, 4)))
        x = self.coarse_enc(self.coarse_in(F.pixel_unshuffle(x, 2)))
        z = self.linear_in(F.pixel_unshuffle(cells, CELL)) + self.to_latent(x)
        return z.unflatten(0, (frames.shape[0], -1))

    def decode(self, latents: Tensor) -> Tensor:
        """Drawings (B, 3n, H, W, 3), about [-1, 1], from latents (B, n, C, h, w)."""
        b = latents.shape[0]
        before = torch.cat([latents[:, :1], latents[:, :-1]], 1)
        z, both = latents.flatten(0, 1), torch.cat([latents, before], 2).flatten(0, 1)
        x = self.coarse_dec(self.coarse_out(both))
        x = self.fine_dec(F.pixel_shuffle(self.widen(x), 2))
        cells = F.pixel_shuffle(self.linear_out(z), CELL)
        return from_cells(cells + F.pixel_shuffle(self.fine_out(x), 4), b)

    def normalise(self, latents: Tensor) -> Tensor:
        """Latents (B, n, C, h, w) with each channel brought to mean 0 and spread 1."""
        shape = (1, 1, -1, 1, 1)
        return (latents - self.mean.view(shape)) / self.std.view(shape)

    def restore(self, normalised: Tensor) -> Tensor:
        """The inverse of `normalise`."""
        shape = (1, 1, -1, 1, 1)
        return normalised * self.std.view(shape) + self.mean.view(shape)
