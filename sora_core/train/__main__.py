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
from sora_core.train import workshop
from sora_core.train.autoencoder import train_autoencoder
from sora_core.train.footage import render_footage
from sora_core.train.transformer import Plan

PHASES = (
    "footage", "autoencoder", "latents", "decoder", "text", "transformer", "turbo", "publish",
)  # fmt: skip


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    p = argparse.ArgumentParser(prog="python -m sora_core.train", description=__doc__)
    p.add_argument("--minutes", type=float, default=80, help="for the transformer, in all")
    p.add_argument("--turbo-minutes", type=float, default=15)
    p.add_argument("--shards", type=int, default=210, help="of 128 clips each")
    p.add_argument("--autoencoder-steps", type=int, default=2600)
    p.add_argument("--decoder-steps", type=int, default=4000, help="more, for the decoder alone")
    p.add_argument("--text-steps", type=int, default=3000)
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
    shop = workshop.Workshop(options.folder, options.shards)
    steps = options.autoencoder_steps
    plan = Plan(seconds=options.minutes * 60)
    work = (options.workers, options.port, shop, plan)
    distil = (options.workers, options.port + 1, shop, options.turbo_minutes * 60)
    jobs = {
        "footage": lambda: render_footage(shop.footage, range(shop.shards)),
        "autoencoder": lambda: train_autoencoder(
            shop.footage, shop.autoencoder, shop.shards, steps
        ),
        "latents": lambda: workshop.encode_latents(shop),
        "decoder": lambda: workshop.continue_decoder(shop, options.decoder_steps),
        "text": lambda: workshop.learn_words(shop, options.text_steps),
        "transformer": lambda: processes.spawn(
            workshop.teach_transformer, work, nprocs=options.workers
        ),
        "turbo": lambda: processes.spawn(workshop.teach_turbo, distil, nprocs=options.workers),
        "publish": lambda: workshop.publish_parts(shop, options.weights),
    }
    for phase in PHASES:
        if phase in options.phases:
            print(f"— {phase}", flush=True)
            jobs[phase]()


if __name__ == "__main__":
    main()
