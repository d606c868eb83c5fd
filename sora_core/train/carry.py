"""What a training takes along to another machine: light checkpoints, in files of 16 MiB at most.

A carried checkpoint has the slow average of the weights, in half precision, and how far the
training is. Optimizers are left behind: their momenta fill again within a few dozen steps, under a
warm-up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sora_core.sprout import load
from sora_core.train.checkpoint import each_tensor, read, write
from sora_core.train.workshop import Workshop

LIMIT_BYTES = 16 << 20
_LEFT_BEHIND = ("optimizer", "optimizers")


def lighten(state: dict[str, Any]) -> dict[str, Any]:
    """What of a checkpoint is carried."""
    left = (*_LEFT_BEHIND, "model") if "average" in state else _LEFT_BEHIND
    kept = {key: value for key, value in state.items() if key not in left}
    return each_tensor(kept, lambda x: x.half() if x.is_floating_point() else x)


def pack(shop: Workshop, carry: Path) -> list[Path]:
    """Write each checkpoint of the shop that is newer than its carried one; atomic.

    Returns what was written. Raises ValueError for a file over `LIMIT_BYTES`, which stays away.
    """
    carry.mkdir(parents=True, exist_ok=True)
    written = []
    for source in shop.checkpoints():
        target = carry / source.name
        if not source.exists() or (
            target.exists() and target.stat().st_mtime >= source.stat().st_mtime
        ):
            continue
        half_written = target.with_suffix(".part")
        torch.save(lighten(read(source)), half_written)
        if (size := half_written.stat().st_size) > LIMIT_BYTES:
            half_written.unlink()
            raise ValueError(f"{source.name} takes {size} bytes, over {LIMIT_BYTES}")
        half_written.rename(target)
        written.append(target)
    return written


def unpack(carry: Path, shop: Workshop) -> None:
    """Put carried checkpoints where the shop has none; a fuller one of its own stays."""
    shop.folder.mkdir(parents=True, exist_ok=True)
    for target in shop.checkpoints():
        source = carry / target.name
        if source.exists() and not target.exists():
            target.write_bytes(source.read_bytes())


def take_up(weights: Path, shop: Workshop) -> None:
    """Begin where published weights ended: checkpoints of every part that the shop lacks.

    Raises WeightsCorrupt when a file is missing or damaged.
    """
    pipeline = load(weights)
    autoencoder = pipeline.autoencoder
    known = {
        "model": autoencoder.state_dict(), "step": 0,
        "mean": autoencoder.mean.tolist(), "std": autoencoder.std.tolist(),
    }  # fmt: skip
    fresh = {"step": 0, "spent_s": 0.0, "samples": 0}
    found = {
        shop.frozen: known, shop.decoder: {"model": known["model"], "step": 0},
        shop.text: pipeline.text_encoder.state_dict(),
        shop.transformer: {"average": pipeline.transformer.state_dict()} | fresh,
    }  # fmt: skip
    if pipeline.turbo is not None:
        found[shop.turbo] = {"pairs": pipeline.turbo.state_dict(), "spent_s": 0.0}
    shop.folder.mkdir(parents=True, exist_ok=True)
    for path, state in found.items():
        if not path.exists():
            write(each_tensor(state, Tensor.float), path)
