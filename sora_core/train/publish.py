"""Gather trained parts into the weights folder, in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diffusers import FlowMatchEulerDiscreteScheduler

from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.sprout.pipeline import SproutPipeline
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer

SHIFT = 1.0  # of the sampling noise levels


def publish(
    folder: Path,
    transformer: SproutTransformer,
    autoencoder: SproutAutoencoder,
    text_encoder: SproutTextEncoder,
) -> None:
    """Write the pipeline to `folder` as float16; the models given are left as they are."""
    halves: list[Any] = []
    for model in (transformer, autoencoder, text_encoder):
        twin = type(model).from_config(model.config)
        twin.load_state_dict(model.state_dict())
        halves.append(twin.half())
    scheduler = FlowMatchEulerDiscreteScheduler(shift=SHIFT)
    transformer, autoencoder, text_encoder = halves
    pipeline = SproutPipeline(transformer, autoencoder, text_encoder, scheduler)
    pipeline.save_pretrained(folder)
