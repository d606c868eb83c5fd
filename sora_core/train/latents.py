"""The latent cache: clips encoded once, with the subject's share of each cell and what to say."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.sprout.words import MAX_WORDS, PAD, Words
from sora_core.train.autoencoder import as_signal
from sora_core.train.checkpoint import write
from sora_core.train.footage import aspect_of, render_shard, shard_path
from sora_core.world.captions import caption, choose_named
from sora_core.world.scene import Scene
from sora_core.world.vocabulary import SLOTS

_BATCH = 16
ASPECT_SHARE = {"16:9": 0.70, "9:16": 0.15, "1:1": 0.15}
#: Sentences made for each clip, one of which is taken whenever it is seen. The text encoder brings
#: synonyms to one code, so that more of them would say nothing new.
CAPTIONS = 16
#: How often clips are seen, by what is hard to learn in them; 1 for what is not listed.
OFTEN: dict[str, dict[str, float]] = {
    "motion": {
        "spin": 2.0, "circle": 1.5, "pulse": 1.4, "rise": 1.3, "bounce": 1.3, "float": 1.2,
        "left": 1.2, "right": 1.2, "sway": 0.6, "still": 0.5,
    },
    "style": {"pixel art": 1.9, "cartoon": 1.35},
}  # fmt: skip


class Windows(NamedTuple):
    """latents (B, n, C, h, w) float32, normalised; cover (B, n, h, w) in [0, 1]; words (B, L)."""

    latents: Tensor
    cover: Tensor
    words: Tensor


def latent_path(folder: Path, shard: int) -> Path:
    """Where a shard's latents lie."""
    return folder / f"latents-{shard:04d}.pt"


@torch.no_grad()
def measure(model: SproutAutoencoder, footage: Path, shards: Iterable[int]) -> tuple[list, list]:
    """Mean and spread of each latent channel over some shards."""
    codes, device = [], model.std.device
    for shard in shards:
        frames = torch.load(shard_path(footage, shard), mmap=True)["frames"][::4, 6:12]
        z = model.encode(as_signal(frames.to(device)))
        codes.append(z.transpose(1, 2).transpose(0, 1).flatten(1))
    every = torch.cat(codes, 1).cpu()
    return every.mean(1).tolist(), every.std(1).tolist()


@torch.no_grad()
def encode_shard(
    model: SproutAutoencoder, words: Words, footage: Path, folder: Path, shard: int
) -> None:
    """Encode one shard; an atomic write, skipped if it is there already.

    On the model's device. Footage that is not on disk is rendered, and not kept.
    """
    path, device = latent_path(folder, shard), model.std.device
    if path.exists():
        return
    kept = shard_path(footage, shard)
    taken = torch.load(kept, mmap=True) if kept.exists() else render_shard(shard, device=device)
    codes = []
    for frames in taken["frames"].split(_BATCH):
        with torch.autocast(device.type, torch.bfloat16):
            z = model.encode(as_signal(frames.to(device)))
        codes.append(model.normalise(z.float()).half())
    attributes = in_slots(taken["attributes"])
    said = say(attributes, words, random.Random(shard))  # noqa: S311 - captions, not secrets
    clips = {"latents": torch.cat(codes), "cover": taken["cover"].clone()}
    write(clips | {"attributes": attributes, "words": said}, path)


def say(attributes: Tensor, words: Words, rng: random.Random) -> Tensor:
    """Word numbers (N, CAPTIONS, MAX_WORDS) int16 of fresh captions of scenes (N, slots)."""
    numbers = torch.full((len(attributes), CAPTIONS, MAX_WORDS), PAD, dtype=torch.int16)
    for i, row in enumerate(attributes.tolist()):
        scene = Scene.of(row)
        said = words.encode([caption(choose_named(scene, rng), rng) for _ in range(CAPTIONS)])
        numbers[i, :, : said.shape[1]] = said
    return numbers


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


def how_often(attributes: Tensor) -> list[float]:
    """The share of each clip (N, slots) among those seen, by `OFTEN`; 1 for one not listed."""
    factors = [[OFTEN.get(name, {}).get(v, 1.0) for v in values] for name, values in SLOTS.items()]
    shares = []
    for row in attributes.tolist():
        share = 1.0
        for values, index in zip(factors, row, strict=True):
            share *= values[index] if index < len(values) else 1.0
        shares.append(share)
    return shares


class LatentCache:
    """Every encoded shard of a folder, joined by aspect, on one device."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        shards: dict[str, list[dict]] = {}
        for path in sorted(folder.glob("latents-*.pt")):
            shards.setdefault(aspect_of(int(path.stem[-4:])), []).append(torch.load(path))
        self.device = torch.device(device)
        self.clips = {
            aspect: {key: torch.cat([s[key] for s in some]).to(device) for key in some[0]}
            for aspect, some in shards.items()
        }
        self._up_to = {
            aspect: list(accumulate(how_often(clips["attributes"].cpu())))
            for aspect, clips in self.clips.items()
        }

    def __len__(self) -> int:
        return sum(len(clips["latents"]) for clips in self.clips.values())

    def draw(self, count: int, length: int, rng: random.Random) -> Windows:
        """Random windows of `length` latent frames, all of one aspect."""
        aspects = list(self.clips)
        aspect = rng.choices(aspects, [ASPECT_SHARE[name] for name in aspects])[0]
        clips, up_to = self.clips[aspect], self._up_to[aspect]
        latest = clips["latents"].shape[1] - length
        picks = rng.choices(range(len(up_to)), cum_weights=up_to, k=count)
        begins = [rng.randint(0, latest) for _ in picks]
        said = [rng.randrange(clips["words"].shape[1]) for _ in picks]
        rows, first, which = torch.tensor([picks, begins, said]).to(self.device)
        at = (rows.unsqueeze(1), first.unsqueeze(1) + torch.arange(length, device=self.device))
        numbers = clips["words"][rows, which].long()
        return Windows(clips["latents"][at].float(), clips["cover"][at].float() / 255, numbers)
