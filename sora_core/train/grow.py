"""Grow a trained model: more latent channels, more prompt slots, and nothing it knows is lost.

A grown part computes what it did before until it learns otherwise: new inputs start with weight 0,
new outputs from 0 or, in the autoencoder, from the best linear guess at what was missing.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_core.sprout.autoencoder import CELL, SproutAutoencoder, to_cells
from sora_core.sprout.transformer import PATCH, SproutTransformer


def missing_directions(cells: Tensor, missing: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Reduced-rank regression: the `count` linear readings of `cells` that best explain `missing`.

    cells, missing (N, D). Returns readings (count, D), their means (count,), and directions
    (count, D), so that missing ≈ (cells @ readings.T - means) @ directions, each reading with a
    spread of 1. Izenman 1975, doi:10.1016/0047-259X(75)90042-1.
    """
    mean, rest = cells.mean(0), missing - missing.mean(0)
    centred = cells - mean
    ridge = 1e-4 * torch.eye(cells.shape[1])
    slopes = torch.linalg.solve(
        centred.T @ centred / len(cells) + ridge, centred.T @ rest / len(cells)
    )
    fitted = centred @ slopes
    _, vectors = torch.linalg.eigh(fitted.T @ fitted / len(cells))
    directions = vectors.flip(1)[:, :count].T
    readings = directions @ slopes.T
    spread = (centred @ readings.T).std(0).unsqueeze(1)
    return readings / spread, (readings / spread) @ mean, directions * spread


@torch.no_grad()
def grow_autoencoder(old: SproutAutoencoder, channels: int, frames: Tensor) -> SproutAutoencoder:
    """`old` with `channels` latent channels in all; the new ones read what it fails to rebuild.

    frames (B, 3n, H, W, 3) in [-1, 1], some footage to look at
    """
    before = old.config.latent_channels
    new = SproutAutoencoder(
        **{**old.config, "latent_channels": channels, "latent_mean": None, "latent_std": None}
    )
    missing = frames - old.decode(old.encode(frames))
    cells, lost = (
        F.pixel_unshuffle(to_cells(x), CELL).permute(0, 2, 3, 1).flatten(0, 2)
        for x in (frames, missing)
    )
    readings, means, directions = missing_directions(cells, lost, channels - before)
    kept, grown = old.state_dict(), new.state_dict()
    for name, value in kept.items():
        if grown[name].shape == value.shape:
            grown[name].copy_(value)
    for name in ("linear_in.weight", "linear_in.bias", "to_latent.weight", "to_latent.bias"):
        grown[name][before:] = 0
        grown[name][:before] = kept[name]
    grown["linear_in.weight"][before:] = readings[:, :, None, None]
    grown["linear_in.bias"][before:] = -means
    grown["linear_out.weight"][:, :before] = kept["linear_out.weight"]
    grown["linear_out.weight"][:, before:] = directions.T[:, :, None, None]
    wide = grown["coarse_out.weight"]
    wide.zero_()
    wide[:, :before] = kept["coarse_out.weight"][:, :before]
    wide[:, channels : channels + before] = kept["coarse_out.weight"][:, before:]
    new.load_state_dict(grown)
    return new


@torch.no_grad()
def grow_transformer(old: SproutTransformer, channels: int) -> SproutTransformer:
    """`old` for latents of `channels` channels.

    What it says of the old channels does not depend on the new ones until it is trained further.
    """
    before = old.config.latent_channels
    config = {**old.config, "latent_channels": channels, "flow_channels": before}
    new = SproutTransformer(**config)
    grown = new.state_dict()
    tokens = before * PATCH * PATCH  # pixel_unshuffle puts the channel before the place in a patch
    for name, value in old.state_dict().items():
        if grown[name].shape == value.shape:
            grown[name].copy_(value)
        elif name == "patch_in.weight":
            grown[name].zero_()
            grown[name][:, :tokens] = value
        else:
            grown[name].zero_()
            grown[name][:tokens] = value
    new.load_state_dict(grown)
    return new
