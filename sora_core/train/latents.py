"""The latent cache: footage encoded once, with the subject's share of each cell."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.train.autoencoder import as_signal
from sora_core.train.footage import aspect_of, shard_path
from sora_core.world.captions import caption, choose_named
from sora_core.world.scene import Scene
from sora_core.world.vocabulary import SLOTS

_BATCH = 16
ASPECT_SHARE = {"16:9": 0.70, "9:16": 0.15, "1:1": 0.15}


class Windows(NamedTuple):
    """latents (B, n, C, h, w) float32, normalised; cover (B, n, h, w) in [0, 1]; B captions."""

    latents: Tensor
    cover: Tensor
    captions: list[str]


def latent_path(folder: Path, shard: int) -> Path:
    """Where a shard's latents lie."""
    return folder / f"latents-{shard:04d}.pt"


@torch.no_grad()
def measure(model: SproutAutoencoder, footage: Path, shards: Iterable[int]) -> tuple[list, list]:
    """Mean and spread of each latent channel over some shards."""
    codes = []
    for shard in shards:
        frames = torch.load(shard_path(footage, shard), mmap=True)["frames"][::4, 6:12]
        codes.append(model.encode(as_signal(frames)).transpose(1, 2).transpose(0, 1).flatten(1))
    every = torch.cat(codes, 1)
    return every.mean(1).tolist(), every.std(1).tolist()


@torch.no_grad()
def encode_shard(model: SproutAutoencoder, footage: Path, folder: Path, shard: int) -> None:
    """Encode one shard; an atomic write, skipped if it is there already."""
    path = latent_path(folder, shard)
    if path.exists():
        return
    taken = torch.load(shard_path(footage, shard), mmap=True)
    codes = []
    for i in range(0, len(taken["frames"]), _BATCH):
        with torch.autocast("cpu", torch.bfloat16):
            z = model.encode(as_signal(taken["frames"][i : i + _BATCH]))
        codes.append(model.normalise(z.float()).half())
    kept = {"latents": torch.cat(codes), "cover": taken["cover"].clone()}
    half_written = path.with_suffix(".part")
    torch.save(kept | {"attributes": in_slots(taken["attributes"])}, half_written)
    half_written.rename(path)


def in_slots(indices: Tensor) -> Tensor:
    """Indices (N, k) of scenes with one subject, (N, all slots) with "none" for what is missing."""
    nothing = torch.tensor([len(values) for values in SLOTS.values()])
    return torch.cat([indices, nothing[indices.shape[1] :].expand(len(indices), -1)], 1)


def channel_weights(model: SproutAutoencoder) -> Tensor:
    """(C,) how far each normalised channel moves pixels, square-rooted, 1 in the mean.

    Normalising makes fine detail as loud as broad strokes; this gives the strokes their due.
    """
    reach = model.linear_out.weight.detach().flatten(1).norm(dim=0) * model.std
    return reach.sqrt() / reach.sqrt().mean()


class LatentCache:
    """Every encoded shard of a folder, joined by aspect; clips are drawn with fresh captions."""

    def __init__(self, folder: Path) -> None:
        shards: dict[str, list[dict]] = {}
        for path in sorted(folder.glob("latents-*.pt")):
            shards.setdefault(aspect_of(int(path.stem[-4:])), []).append(torch.load(path))
        self.clips = {
            aspect: {key: torch.cat([s[key] for s in some]) for key in some[0]}
            for aspect, some in shards.items()
        }

    def __len__(self) -> int:
        return sum(len(clips["latents"]) for clips in self.clips.values())

    def draw(self, count: int, length: int, rng: random.Random) -> Windows:
        """Random windows of `length` latent frames, all of one aspect."""
        aspects = list(self.clips)
        aspect = rng.choices(aspects, [ASPECT_SHARE[name] for name in aspects])[0]
        clips = self.clips[aspect]
        rows = torch.tensor([rng.randrange(len(clips["latents"])) for _ in range(count)])
        begins = [rng.randrange(clips["latents"].shape[1] - length + 1) for _ in range(count)]
        times = torch.tensor(begins).unsqueeze(1) + torch.arange(length)
        at = (rows.unsqueeze(1), times)
        captions = [
            caption(choose_named(Scene.of(row), rng), rng)
            for row in clips["attributes"][rows].tolist()
        ]
        return Windows(clips["latents"][at].float(), clips["cover"][at].float() / 255, captions)
