"""Real clips: scenes rendered by the world, to measure the checker and the autoencoder on."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from sora_core.evaluate.prompts import ASPECTS
from sora_core.evaluate.ruler import DRAWINGS, Ruler
from sora_core.evaluate.train import ZOOM_SEEN_S
from sora_core.sprout import NATIVE_SIZES
from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.train.footage import LATEST_START_S
from sora_core.world.captions import visible
from sora_core.world.render import render
from sora_core.world.scene import Scene, draw_scene


class Take(NamedTuple):
    """A scene to render, the aspect, and the second at which the clip begins."""

    scene: Scene
    aspect: str
    start_s: float = 0.0

    def visible(self) -> dict[str, str]:
        """What an eye can tell: in long scenes a zoom has run out, and looks like no zoom."""
        seen = visible(self.scene)
        if seen["camera"].startswith("zoom") and self.start_s > ZOOM_SEEN_S:
            del seen["camera"]
        return seen


def draw_takes(
    count: int, *, split: str = "held-out", seed: int = 0, pairs: float = 0.0
) -> list[Take]:
    """Takes, two in five of which begin later in the scene, as the footage does.

    pairs  share of them with two subjects
    """
    rng = random.Random(f"{split}-takes-{seed}")  # noqa: S311 - scenes, not secrets
    return [
        Take(
            draw_scene(rng, split=split, pairs=pairs),
            ASPECTS[i % len(ASPECTS)],
            0.0 if rng.random() < 0.6 else rng.uniform(0, LATEST_START_S),
        )
        for i in range(count)
    ]


def shoot(takes: Sequence[Take]) -> list[np.ndarray]:
    """Render takes one by one: clips (24, H, W, 3) uint8."""
    clips = []
    for scene, aspect, start_s in takes:
        frames = render([scene], *NATIVE_SIZES[aspect], DRAWINGS, [start_s]).frames[0]
        clips.append((frames * 255).round().to(torch.uint8).numpy())
    return clips


def read_all(ruler: Ruler, clips: Sequence[np.ndarray]) -> list[dict[str, str]]:
    """What a ruler sees in clips of several sizes."""
    sizes: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, clip in enumerate(clips):
        sizes[clip.shape].append(i)
    seen: list[dict[str, str]] = [{} for _ in clips]
    for members in sizes.values():
        for i, found in zip(members, ruler.read([clips[i] for i in members]), strict=True):
            seen[i] = found
    return seen


@torch.no_grad()
def rebuild(autoencoder: SproutAutoencoder, clips: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Each clip as the autoencoder gives it back."""
    again = []
    for clip in clips:
        signal = torch.from_numpy(clip)[None].float() / 127.5 - 1
        frames = autoencoder.decode(autoencoder.encode(signal))[0]
        again.append(((frames.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy())
    return again


class Fidelity(NamedTuple):
    """Peak signal-to-noise ratios in decibels: the mean over clips, and of all pixels pooled."""

    mean_db: float
    pooled_db: float
    clips: int


def fidelity(clips: Sequence[np.ndarray], again: Sequence[np.ndarray]) -> Fidelity:
    """How close `again` comes to `clips`, uint8. Clips that are equal have no finite ratio."""
    errors = [
        float(np.square(a.astype(np.float64) - b).mean()) for a, b in zip(clips, again, strict=True)
    ]
    sizes = [clip.size for clip in clips]
    decibels = [10 * math.log10(255**2 / e) for e in errors]
    pooled = sum(e * n for e, n in zip(errors, sizes, strict=True)) / sum(sizes)
    return Fidelity(sum(decibels) / len(decibels), 10 * math.log10(255**2 / pooled), len(clips))
