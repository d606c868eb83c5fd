"""The working folder of a training, and what each phase reads and leaves there.

Apart from the command: a worker's process loads its function by name, and from a module that was
started by `-m` it could not.
"""

from __future__ import annotations

from pathlib import Path

import torch

from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.train.autoencoder import train_autoencoder
from sora_core.train.crew import Crew
from sora_core.train.latents import LatentCache, channel_weights, encode_shard, measure
from sora_core.train.publish import publish
from sora_core.train.text import new_text_encoder, train_text
from sora_core.train.transformer import Plan, train_transformer
from sora_core.train.turbo import train_turbo


class Workshop:
    """The working folder and where each phase leaves its result."""

    def __init__(self, folder: Path, shards: int) -> None:
        self.folder, self.shards = folder, shards
        self.footage, self.latents = folder / "footage", folder / "latents"
        self.autoencoder, self.frozen = folder / "autoencoder.pt", folder / "frozen.pt"
        self.decoder, self.text = folder / "decoder.pt", folder / "text.pt"
        self.transformer, self.turbo = folder / "transformer.pt", folder / "turbo.pt"

    def load_autoencoder(self) -> SproutAutoencoder:
        """The frozen encoder with its statistics, and the newest decoder."""
        kept = torch.load(self.frozen)
        model = SproutAutoencoder(latent_mean=kept["mean"], latent_std=kept["std"])
        newest = torch.load(self.decoder) if self.decoder.exists() else kept
        model.load_state_dict(newest["model"])
        return model.eval()

    def load_text(self) -> SproutTextEncoder:
        """The trained text encoder, frozen."""
        model, _ = new_text_encoder()
        model.load_state_dict(torch.load(self.text))
        return model.eval().requires_grad_(False)

    def load_transformer(self) -> SproutTransformer:
        """The slow average of the trained transformer."""
        model = SproutTransformer()
        model.load_state_dict(torch.load(self.transformer)["average"])
        return model.eval().requires_grad_(False)

    def freeze_encoder(self) -> None:
        """Fix what latents mean: keep the encoder and the spread of its channels."""
        if self.frozen.exists():
            return
        model = SproutAutoencoder()
        model.load_state_dict(torch.load(self.autoencoder)["model"])
        some = range(0, self.shards, max(1, self.shards // 6))
        mean, std = measure(model, self.footage, some)
        torch.save({"model": model.state_dict(), "mean": mean, "std": std}, self.frozen)


def encode_latents(shop: Workshop) -> None:
    """Encode every shard with the frozen encoder."""
    shop.freeze_encoder()
    shop.latents.mkdir(exist_ok=True)
    model = shop.load_autoencoder()
    for shard in range(shop.shards):
        encode_shard(model, shop.footage, shop.latents, shard)


def continue_decoder(shop: Workshop, steps: int) -> None:
    """Train the decoder `steps` more; the encoder stays as it is."""
    if not shop.decoder.exists():
        torch.save(torch.load(shop.autoencoder), shop.decoder)
    done = torch.load(shop.autoencoder)["step"]
    train_autoencoder(
        shop.footage, shop.decoder, shop.shards, done + steps, decoder_only=True
    )  # fmt: skip


def learn_words(shop: Workshop, steps: int) -> None:
    """Train the text encoder."""
    if not shop.text.exists():
        torch.save(train_text(steps).state_dict(), shop.text)


def teach_transformer(rank: int, workers: int, port: int, shop: Workshop, plan: Plan) -> None:
    """One worker of a crew, in a process of its own."""
    torch.set_num_threads(1)
    crew = Crew.meet(rank, workers, port)
    torch.manual_seed(0)
    train_transformer(
        plan, LatentCache(shop.latents), shop.load_text(), SproutTransformer(), shop.transformer,
        channel_weights(shop.load_autoencoder()), crew,
    )  # fmt: skip
    crew.leave()


def teach_turbo(rank: int, workers: int, port: int, shop: Workshop, seconds: float) -> None:
    """One worker of a crew, in a process of its own."""
    torch.set_num_threads(1)
    crew = Crew.meet(rank, workers, port)
    train_turbo(
        seconds, LatentCache(shop.latents), shop.load_text(), shop.load_transformer(),
        channel_weights(shop.load_autoencoder()), shop.turbo, crew,
    )  # fmt: skip
    crew.leave()


def publish_parts(shop: Workshop, folder: Path) -> None:
    """Write every part, as the pipeline loads them."""
    turbo = torch.load(shop.turbo) if shop.turbo.exists() else None
    publish(folder, shop.load_transformer(), shop.load_autoencoder(), shop.load_text(), turbo)
