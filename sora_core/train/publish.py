"""Gather trained parts into the weights folder, in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diffusers import FlowMatchEulerDiscreteScheduler
from torch import Tensor

from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.sprout.pipeline import SproutPipeline
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.sprout.turbo import SproutTurbo
from sora_core.train.flow import SHIFT


def publish(
    folder: Path,
    transformer: SproutTransformer,
    autoencoder: SproutAutoencoder,
    text_encoder: SproutTextEncoder,
    turbo: dict[str, Tensor] | None = None,
) -> None:
    """Write the pipeline to `folder` as float16; the models given are left as they are.

    turbo  the low-rank difference, as `low_rank_state` gives it; None for none
    """
    halves: list[Any] = []
    for model in (transformer, autoencoder, text_encoder):
        twin = type(model).from_config(model.config)
        twin.load_state_dict(model.state_dict())
        halves.append(twin.half())
    scheduler = FlowMatchEulerDiscreteScheduler(shift=SHIFT)
    transformer, autoencoder, text_encoder = halves
    difference = SproutTurbo.from_state(turbo).half() if turbo else None
    pipeline = SproutPipeline(transformer, autoencoder, text_encoder, scheduler, difference)
    pipeline.save_pretrained(folder)
