"""`python -m sora_core.train --minutes N`: footage → autoencoder → text → transformer → turbo.

Every phase goes on from what it finds in the working folder, so the command may be stopped and
given again at any time. `--phases` picks some of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.multiprocessing as processes

from sora_core.sprout import WEIGHTS
from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.train.autoencoder import train_autoencoder
from sora_core.train.crew import Crew
from sora_core.train.footage import render_footage
from sora_core.train.latents import LatentCache, channel_weights, encode_shard, measure
from sora_core.train.publish import publish
from sora_core.train.text import new_text_encoder, train_text
from sora_core.train.transformer import Plan, train_transformer
from sora_core.train.turbo import train_turbo

PHASES = (
    "footage", "autoencoder", "latents", "decoder", "text", "transformer", "turbo", "publish",
)  # fmt: skip
TEXT_STEPS = 3000
DECODER_STEPS = 4000


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


def _latents(shop: Workshop) -> None:
    shop.freeze_encoder()
    shop.latents.mkdir(exist_ok=True)
    model = shop.load_autoencoder()
    for shard in range(shop.shards):
        encode_shard(model, shop.footage, shop.latents, shard)


def _decoder(shop: Workshop, steps: int) -> None:
    if not shop.decoder.exists():
        torch.save(torch.load(shop.autoencoder), shop.decoder)
    done = torch.load(shop.autoencoder)["step"]
    train_autoencoder(
        shop.footage, shop.decoder, shop.shards, done + steps, decoder_only=True
    )  # fmt: skip


def _text(shop: Workshop) -> None:
    if not shop.text.exists():
        torch.save(train_text(TEXT_STEPS).state_dict(), shop.text)


def _work(rank: int, workers: int, port: int, shop: Workshop, plan: Plan) -> None:
    torch.set_num_threads(1)
    crew = Crew.meet(rank, workers, port)
    torch.manual_seed(0)
    train_transformer(
        plan, LatentCache(shop.latents), shop.load_text(), SproutTransformer(), shop.transformer,
        channel_weights(shop.load_autoencoder()), crew,
    )  # fmt: skip
    crew.leave()


def _distil(rank: int, workers: int, port: int, shop: Workshop, seconds: float) -> None:
    torch.set_num_threads(1)
    crew = Crew.meet(rank, workers, port)
    train_turbo(
        seconds, LatentCache(shop.latents), shop.load_text(), shop.load_transformer(),
        channel_weights(shop.load_autoencoder()), shop.turbo, crew,
    )  # fmt: skip
    crew.leave()


def _publish(shop: Workshop, folder: Path) -> None:
    turbo = torch.load(shop.turbo) if shop.turbo.exists() else None
    publish(folder, shop.load_transformer(), shop.load_autoencoder(), shop.load_text(), turbo)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    p = argparse.ArgumentParser(prog="python -m sora_core.train", description=__doc__)
    p.add_argument("--minutes", type=float, default=80, help="for the transformer, in all")
    p.add_argument("--turbo-minutes", type=float, default=15)
    p.add_argument("--shards", type=int, default=210, help="of 128 clips each")
    p.add_argument("--autoencoder-steps", type=int, default=2600)
    p.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    p.add_argument("--port", type=int, default=29533, help="where the workers meet")
    p.add_argument("--folder", type=Path, default=Path(".train"), help="working folder")
    p.add_argument("--weights", type=Path, default=WEIGHTS, help="where the result goes")
    p.add_argument("--phases", nargs="+", choices=PHASES, default=PHASES)
    return p.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the chosen phases in their order."""
    options = parse(arguments)
    torch.set_num_threads(1)
    shop = Workshop(options.folder, options.shards)
    steps = options.autoencoder_steps
    plan = Plan(seconds=options.minutes * 60)
    work = (options.workers, options.port, shop, plan)
    distil = (options.workers, options.port + 1, shop, options.turbo_minutes * 60)
    jobs = {
        "footage": lambda: render_footage(shop.footage, range(shop.shards)),
        "autoencoder": lambda: train_autoencoder(
            shop.footage, shop.autoencoder, shop.shards, steps
        ),
        "latents": lambda: _latents(shop),
        "decoder": lambda: _decoder(shop, DECODER_STEPS),
        "text": lambda: _text(shop),
        "transformer": lambda: processes.spawn(_work, work, nprocs=options.workers),
        "turbo": lambda: processes.spawn(_distil, distil, nprocs=options.workers),
        "publish": lambda: _publish(shop, options.weights),
    }
    for phase in PHASES:
        if phase in options.phases:
            print(f"— {phase}", flush=True)
            jobs[phase]()


if __name__ == "__main__":
    main()
