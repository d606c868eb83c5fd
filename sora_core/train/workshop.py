"""The working folder of a training, and what each phase reads and leaves there.

Apart from the command: a worker's process loads its function by name, and from a module that was
started by `-m` it could not. Each phase goes on from what it finds, and stops when the time is up.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.sprout.words import Words
from sora_core.train.autoencoder import Course, train_autoencoder
from sora_core.train.checkpoint import read, write
from sora_core.train.crew import Crew
from sora_core.train.footage import render_footage
from sora_core.train.latents import LatentCache, channel_weights, encode_shard, measure
from sora_core.train.publish import publish
from sora_core.train.text import new_text_encoder, train_text
from sora_core.train.transformer import Flow, Plan, train_transformer
from sora_core.train.turbo import train_turbo

#: Shards that are kept as drawings, for the autoencoder; the others are only ever encoded.
KEPT_SHARDS = 210


@dataclass(frozen=True, slots=True)
class Workshop:
    """The working folder, and what a phase has to know of the machine.

    shards   of 128 clips each
    device   on which to render, encode and train
    until_s  by `time.monotonic`; the moment to stop at, wherever that is
    port     of the loopback address, where workers meet
    """

    folder: Path
    shards: int
    device: str = "cpu"
    until_s: float = math.inf
    workers: int = 1
    port: int = 29533

    @property
    def footage(self) -> Path:
        return self.folder / "footage"

    @property
    def latents(self) -> Path:
        return self.folder / "latents"

    @property
    def autoencoder(self) -> Path:
        return self.folder / "autoencoder.pt"

    @property
    def frozen(self) -> Path:
        return self.folder / "frozen.pt"

    @property
    def decoder(self) -> Path:
        return self.folder / "decoder.pt"

    @property
    def text(self) -> Path:
        return self.folder / "text.pt"

    @property
    def transformer(self) -> Path:
        return self.folder / "transformer.pt"

    @property
    def turbo(self) -> Path:
        return self.folder / "turbo.pt"

    def checkpoints(self) -> tuple[Path, ...]:
        """What a training cannot make anew from a seed in a minute."""
        return (
            self.autoencoder, self.frozen, self.decoder, self.text, self.transformer, self.turbo,
        )  # fmt: skip

    def taught(self, checkpoint: Path) -> int:
        """Steps behind a checkpoint; 0 where there is none."""
        return read(checkpoint)["step"] if checkpoint.exists() else 0

    def over(self) -> bool:
        """Whether it is time to stop."""
        return time.monotonic() >= self.until_s

    def load_autoencoder(self) -> SproutAutoencoder:
        """The frozen encoder with its statistics, and the newest decoder."""
        kept = read(self.frozen)
        model = SproutAutoencoder(latent_mean=kept["mean"], latent_std=kept["std"])
        newest = read(self.decoder) if self.decoder.exists() else kept
        model.load_state_dict(newest["model"])
        return model.eval().requires_grad_(False).to(self.device)

    def load_text(self) -> SproutTextEncoder:
        """The trained text encoder, frozen."""
        model, _ = new_text_encoder()
        model.load_state_dict(read(self.text))
        return model.eval().requires_grad_(False).to(self.device)

    def load_transformer(self) -> SproutTransformer:
        """The slow average of the trained transformer."""
        model = SproutTransformer()
        model.load_state_dict(read(self.transformer)["average"])
        return model.eval().requires_grad_(False).to(self.device)

    def load_latents(self) -> LatentCache:
        """Every encoded clip."""
        return LatentCache(self.latents, self.device)

    def channel_weights(self) -> torch.Tensor:
        """What each latent channel counts."""
        return channel_weights(self.load_autoencoder())


def alone(rank: int, phase: Callable, shop: Workshop, told: tuple) -> None:
    """Run a phase in a process of one thread."""
    torch.set_num_threads(1)
    phase(rank, shop, *told)


def shoot_footage(rank: int, shop: Workshop, steps: int, decoder_steps: int) -> None:
    """Render what the autoencoder learns from, if it is to learn more; one worker's share."""
    learnt = shop.frozen.exists() or shop.taught(shop.autoencoder) >= steps
    if learnt and shop.taught(shop.decoder) >= decoder_steps:
        return
    kept = min(shop.shards, KEPT_SHARDS)
    shards = range(rank, kept, shop.workers)
    render_footage(shop.footage, shards, shop.device, shop.until_s)


def teach_autoencoder(rank: int, shop: Workshop, steps: int, clips: int) -> None:
    """Train the autoencoder up to `steps` steps; it has one worker, `rank` 0."""
    if shop.frozen.exists():
        return
    course = Course(steps, clips=clips, device=shop.device, until_s=shop.until_s)
    train_autoencoder(shop.footage, shop.autoencoder, min(shop.shards, KEPT_SHARDS), course)


def freeze_encoder(rank: int, shop: Workshop) -> None:
    """Fix what latents mean: keep the encoder and the spread of its channels."""
    if shop.frozen.exists():
        return
    model = SproutAutoencoder()
    model.load_state_dict(read(shop.autoencoder)["model"])
    kept = min(shop.shards, KEPT_SHARDS)
    some = range(0, kept, max(1, kept // 6))
    mean, std = measure(model.to(shop.device), shop.footage, some)
    write({"model": model.state_dict(), "mean": mean, "std": std}, shop.frozen)


def encode_latents(rank: int, shop: Workshop) -> None:
    """Encode every shard with the frozen encoder; one worker's share."""
    shop.latents.mkdir(exist_ok=True)
    model, words = shop.load_autoencoder(), Words(tuple(shop.load_text().config.vocabulary))
    for shard in range(rank, shop.shards, shop.workers):
        if shop.over():
            return
        encode_shard(model, words, shop.footage, shop.latents, shard)


def teach_decoder(rank: int, shop: Workshop, steps: int, clips: int) -> None:
    """Train the decoder `steps` more; the encoder stays as it is."""
    if not shop.decoder.exists():
        start = shop.autoencoder if shop.autoencoder.exists() else shop.frozen
        write({"model": read(start)["model"], "step": 0}, shop.decoder)
    course = Course(steps, clips=clips, device=shop.device, until_s=shop.until_s, decoder_only=True)
    train_autoencoder(shop.footage, shop.decoder, min(shop.shards, KEPT_SHARDS), course)


def learn_words(rank: int, shop: Workshop, steps: int) -> None:
    """Train the text encoder; it takes a minute or two, so it is not stopped."""
    if not shop.text.exists():
        write(train_text(steps, device=shop.device).state_dict(), shop.text)


def teach_transformer(rank: int, shop: Workshop, plan: Plan) -> None:
    """Train the transformer; one worker of a crew."""
    crew = Crew.meet(rank, shop.workers, shop.port)
    torch.manual_seed(0)
    model = SproutTransformer().to(shop.device)
    flow = Flow(shop.load_latents(), shop.load_text(), shop.channel_weights(), plan.batch)
    train_transformer(plan, flow, model, shop.transformer, crew, shop.until_s)
    crew.leave()


def teach_turbo(rank: int, shop: Workshop, seconds: float, batch: int) -> None:
    """Distil turbo; one worker of a crew."""
    crew = Crew.meet(rank, shop.workers, shop.port)
    train_turbo(
        seconds, shop.load_latents(), shop.load_text(), shop.load_transformer(),
        shop.channel_weights(), shop.turbo, crew, batch=batch, until_s=shop.until_s,
    )  # fmt: skip
    crew.leave()


def publish_parts(rank: int, shop: Workshop, folder: Path) -> None:
    """Write every part, as the pipeline loads them."""
    turbo = read(shop.turbo)["pairs"] if shop.turbo.exists() else None
    publish(
        folder, shop.load_transformer().cpu(), shop.load_autoencoder().cpu(),
        shop.load_text().cpu(), turbo,
    )  # fmt: skip
