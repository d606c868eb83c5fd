"""Footage: the training clips, in shards; those that are read again and again are kept on disk.

A shard is settled by its number alone, so several processes may render side by side, stop at any
moment and go on later.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_core.sprout import NATIVE_SIZES
from sora_core.train.checkpoint import write
from sora_core.world.render import FRAMES_PER_S, render
from sora_core.world.scene import draw_scene

CLIPS_PER_SHARD = 128
DRAWINGS = 24
CHUNK = 3
_ROUND = ("16:9",) * 4 + ("9:16",) + ("16:9",) * 3 + ("1:1",)
#: The aspect of shard n is entry n mod 20: 16 wide, 2 tall, 2 square.
_ASPECTS: tuple[str, ...] = (_ROUND * 3)[:20]
_BATCH = 16
LATEST_START_S = 8.0
#: Every scene of the shards from this one on has two subjects.
FIRST_SHARD_OF_PAIRS = 170


def aspect_of(shard: int) -> str:
    """The aspect that all clips of a shard share."""
    return _ASPECTS[shard % len(_ASPECTS)]


def pool_cover(cover: Tensor) -> Tensor:
    """Share of each latent cell (3 drawings x 8 x 8 pixels) that the subject covers.

    cover (B, F, H, W) → (B, F / 3, H / 8, W / 8)
    """
    return F.avg_pool3d(cover.unsqueeze(1), (CHUNK, 8, 8)).squeeze(1)


def render_shard(shard: int, split: str = "train", device: torch.device | str = "cpu") -> dict:
    """Render one shard: frames (N, 24, H, W, 3) uint8, cover (N, 8, H/8, W/8) uint8, scenes.

    On `device`, where frames and cover then lie.
    """
    rng = random.Random(f"{split}-{shard}")  # noqa: S311 - scenes, not secrets
    width, height = NATIVE_SIZES[aspect_of(shard)]
    pairs = 1.0 if shard >= FIRST_SHARD_OF_PAIRS else 0.0
    scenes = [draw_scene(rng, split=split, pairs=pairs) for _ in range(CLIPS_PER_SHARD)]
    starts = [0.0 if rng.random() < 0.6 else rng.uniform(0, LATEST_START_S) for _ in scenes]
    starts = [round(s * FRAMES_PER_S) / FRAMES_PER_S for s in starts]
    frames, covers = [], []
    batch = _BATCH if torch.device(device).type == "cpu" else CLIPS_PER_SHARD
    for i in range(0, len(scenes), batch):
        some = slice(i, i + batch)
        clip = render(scenes[some], width, height, DRAWINGS, starts[some], device)
        frames.append((clip.frames * 255).round().to(torch.uint8))
        covers.append((pool_cover(clip.cover) * 255).round().to(torch.uint8))
    return {
        "frames": torch.cat(frames),
        "cover": torch.cat(covers),
        "attributes": torch.tensor([scene.indices() for scene in scenes]),
        "seeds": [scene.seed for scene in scenes],
        "starts": starts,
    }


def shard_path(folder: Path, shard: int) -> Path:
    """Where a shard lies."""
    return folder / f"footage-{shard:04d}.pt"


def render_footage(
    folder: Path, shards: Iterable[int], device: torch.device | str = "cpu",
    until_s: float = math.inf,
) -> None:  # fmt: skip
    """Render every shard of `shards` that is not on disk yet; writes are atomic.

    until_s  by `time.monotonic`; no shard is begun after it
    """
    folder.mkdir(parents=True, exist_ok=True)
    for shard in shards:
        path = shard_path(folder, shard)
        if path.exists():
            continue
        if time.monotonic() >= until_s:
            return
        write(render_shard(shard, device=device), path)
