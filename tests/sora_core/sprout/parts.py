"""Tiny parts: a whole pipeline that draws nonsense in milliseconds."""

import copy

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.sprout.pipeline import SproutPipeline
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.sprout.turbo import SproutTurbo, add_low_rank, low_rank_state
from sora_core.sprout.words import vocabulary
from sora_core.world.vocabulary import SLOTS


def shake(model: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Give every weight a small random value, those that start at zero too."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=generator))
    return model.eval()


def tiny_autoencoder() -> SproutAutoencoder:
    return shake(SproutAutoencoder(latent_channels=4, width=8, fine_width=8))


def tiny_transformer() -> SproutTransformer:
    return shake(
        SproutTransformer(
            latent_channels=4, width=32, layers=2, heads=2, condition_width=16, cross_every=2
        )
    )


def tiny_text_encoder() -> SproutTextEncoder:
    attributes = [(name, list(values)) for name, values in SLOTS.items()]
    return shake(
        SproutTextEncoder(attributes=attributes, vocabulary=list(vocabulary()), width=16, layers=1)
    )


def tiny_turbo(transformer: SproutTransformer) -> SproutTurbo:
    student = copy.deepcopy(transformer)
    add_low_rank(student, 2)
    return shake(SproutTurbo.from_state(low_rank_state(student)))


def tiny_pipeline(*, turbo: bool = False) -> SproutPipeline:
    scheduler = FlowMatchEulerDiscreteScheduler(shift=1.0)
    transformer = tiny_transformer()
    parts = (transformer, tiny_autoencoder(), tiny_text_encoder(), scheduler)
    return SproutPipeline(*parts, tiny_turbo(transformer) if turbo else None)
