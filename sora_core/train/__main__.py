"""`python -m sora_core.train`: footage → autoencoder → latents → text → transformer → turbo.

Every phase goes on from what it finds in the working folder, so the command may be stopped and
given again at any time: of itself after `--budget` minutes. On a machine that is bare each time,
`--carry` holds what is needed to go on, in files of 16 MiB at most; latents are made again there.
`--start` begins with published weights, `--phases` picks some of the phases.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import torch.multiprocessing as processes

from sora_core.sprout import WEIGHTS
from sora_core.train import workshop
from sora_core.train.carry import pack, take_up, unpack
from sora_core.train.transformer import Plan
from sora_core.train.workshop import Workshop

PACK_EVERY_S = 30.0


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    p = argparse.ArgumentParser(
        prog="python -m sora_core.train", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    gpu = torch.cuda.is_available()
    p.add_argument("--device", default="cuda" if gpu else "cpu", help="to render and train on")
    p.add_argument("--budget", type=float, default=math.inf, help="minutes, then stop and go on")
    p.add_argument("--carry", type=Path, help="folder of light checkpoints, read and kept up")
    p.add_argument("--start", type=Path, help="published weights to begin with")
    p.add_argument("--minutes", type=float, default=80, help="for the transformer, in all")
    p.add_argument("--stills", type=float, default=0.5, help="share of them before any windows")
    p.add_argument("--turbo-minutes", type=float, default=15, help="in all")
    p.add_argument("--shards", type=int, default=210, help="of 128 clips each")
    p.add_argument("--autoencoder-steps", type=int, default=2600)
    p.add_argument("--decoder-steps", type=int, default=4000, help="more, for the decoder alone")
    p.add_argument("--text-steps", type=int, default=3000)
    p.add_argument("--batch", type=int, default=3072 if gpu else 48, help="latent frames of a part")
    p.add_argument("--parts", type=int, default=1 if gpu else 8, help="of a transformer's step")
    p.add_argument("--clips", type=int, default=64 if gpu else 8, help="of an autoencoder's step")
    p.add_argument("--workers", type=int, default=1 if gpu else 2, help="that train together")
    p.add_argument(
        "--renderers", type=int, default=8 if gpu else 2, help="that render side by side"
    )
    p.add_argument("--port", type=int, default=29533, help="where the workers meet")
    p.add_argument("--folder", type=Path, default=Path(".train"), help="working folder")
    p.add_argument("--weights", type=Path, default=WEIGHTS, help="where the result goes")
    p.add_argument("--phases", nargs="+", choices=PHASES, default=list(PHASES))
    return p.parse_args(arguments)


Phase = Callable[[argparse.Namespace], tuple[Callable, int, tuple]]
#: What a phase runs, in how many processes, and what they are told beside the shop.
PHASES: dict[str, Phase] = {
    "footage": lambda o: (
        workshop.shoot_footage, o.renderers, (o.autoencoder_steps, o.decoder_steps)
    ),
    "autoencoder": lambda o: (workshop.teach_autoencoder, 1, (o.autoencoder_steps, o.clips)),
    "freeze": lambda o: (workshop.freeze_encoder, 1, ()),
    "text": lambda o: (workshop.learn_words, 1, (o.text_steps,)),
    "latents": lambda o: (workshop.encode_latents, o.renderers, ()),
    "decoder": lambda o: (workshop.teach_decoder, 1, (o.decoder_steps, o.clips)),
    "transformer": lambda o: (workshop.teach_transformer, o.workers, (plan_of(o),)),
    "turbo": lambda o: (workshop.teach_turbo, o.workers, (o.turbo_minutes * 60, o.batch)),
    "publish": lambda o: (workshop.publish_parts, 1, (o.weights,)),
}  # fmt: skip


def plan_of(options: argparse.Namespace) -> Plan:
    """How the transformer's time is spent."""
    return Plan(
        seconds=options.minutes * 60, stills_until=options.stills, batch=options.batch,
        parts=options.parts,
    )  # fmt: skip


def go_through(phase: Callable, count: int, told: tuple, options: argparse.Namespace,
               shop: Workshop) -> None:  # fmt: skip
    """Run one phase in processes of one thread each, keeping what is carried up to date."""
    crew = processes.spawn(
        workshop.alone, (phase, replace(shop, workers=count), told), count, join=False
    )
    while not crew.join(timeout=PACK_EVERY_S):
        keep_up(shop, options.carry)
    keep_up(shop, options.carry)


def keep_up(shop: Workshop, carry: Path | None) -> None:
    """Bring the carried checkpoints up to date, if any are kept."""
    if carry is not None:
        pack(shop, carry)


def main(arguments: list[str] | None = None) -> None:
    """Run the chosen phases in their order, until the budget is spent."""
    options = parse(arguments)
    until_s = time.monotonic() + options.budget * 60
    shop = Workshop(options.folder, options.shards, options.device, until_s, port=options.port)
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.carry is not None:
        unpack(options.carry, shop)
    if options.start is not None:
        take_up(options.start, shop)
    for name, phase in PHASES.items():
        if name not in options.phases:
            continue
        if shop.over():
            print("The budget is spent. The same command goes on.", flush=True)
            return
        print(f"— {name}", flush=True)
        go_through(*phase(options), options, shop)


if __name__ == "__main__":
    main()
