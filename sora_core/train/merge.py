"""`python -m sora_core.train.merge`: one transformer of two, each heard at its own noise levels.

Training goes through states that are good at different things. What a clip's style is, is settled
at lower noise than how its subject moves, so one state may be heard there and a later one above:
a student learns the velocity that either says, and the mixture of both between. The experts of
Balaji et al. 2022, arXiv:2211.01324, put back into one net.

Reads the latents and the text encoder of the working folder, and goes on from `--result`.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.multiprocessing as processes
from torch import Tensor

from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.train.checkpoint import read
from sora_core.train.crew import Crew
from sora_core.train.flow import blemish, flow_loss, mix, on_drawn_frames
from sora_core.train.latents import LatentCache
from sora_core.train.transformer import Plan, told, train_transformer
from sora_core.train.workshop import Workshop

#: Up to the first noise level the lower net is heard alone, from the second the upper one.
HANDOVER = (0.66, 0.74)
LOWER_SHARE = 0.68  # of the batches' noise levels lie below the end of the handover
LEAST = 0.04
DROPPED_CAPTIONS = 0.25  # the velocity without words counts as much: guidance leads away from it
SUBJECT_WEIGHT = 2.0  # less than the flow's: backgrounds show the style
CHANGE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """What two nets say, each at its noise levels.

    channels  (C,) weight of each latent channel, 1 in the mean
    batch     latent frames of a batch
    """

    upper: SproutTransformer
    lower: SproutTransformer
    cache: LatentCache
    text: SproutTextEncoder
    channels: Tensor
    batch: int

    def __call__(self, model: SproutTransformer, length: int, rng: random.Random) -> Tensor:
        windows = self.cache.draw(max(1, self.batch // length), length, rng)
        slots = told(self.text, windows.words, DROPPED_CAPTIONS, rng)
        sigma = draw_levels(len(slots), length, rng).to(slots.device)
        noisy = mix(windows.latents, torch.randn_like(windows.latents), sigma)
        noisy = blemish(noisy, sigma)
        wanted = self.wanted(noisy, sigma, slots)
        with torch.autocast(slots.device.type, torch.bfloat16):
            velocity = model(noisy, sigma, slots).float()
        return flow_loss(
            velocity, wanted, sigma, windows.cover, self.channels, model.config.flow_channels,
            subject_weight=SUBJECT_WEIGHT, change_weight=CHANGE_WEIGHT,
        )  # fmt: skip

    @torch.no_grad()
    def wanted(self, noisy: Tensor, sigma: Tensor, slots: Tensor) -> Tensor:
        """The velocity (B, n, C, h, w) to learn."""
        first, last = HANDOVER
        upwards = ((sigma.amax(1) - first) / (last - first)).clamp(0, 1)
        velocity = torch.zeros_like(noisy)
        for net, share in ((self.upper, upwards), (self.lower, 1 - upwards)):
            at = share > 0
            if not at.any():
                continue
            with torch.autocast(slots.device.type, torch.bfloat16):
                said = net(noisy[at], sigma[at], slots[at]).float()
            velocity[at] += share[at][:, None, None, None, None] * said
        return velocity


def draw_levels(count: int, length: int, rng: random.Random) -> Tensor:
    """Noise levels (count, length): one a clip, but 0 on frames that are given."""
    return on_drawn_frames((_draw_level(rng) for _ in range(count)), length, rng)


def _draw_level(rng: random.Random) -> float:
    lower = rng.random() < LOWER_SHARE
    return rng.uniform(LEAST, HANDOVER[1]) if lower else rng.uniform(HANDOVER[1], 1)


def teach(rank: int, shop: Workshop, upper: Path, lower: Path, result: Path, plan: Plan) -> None:
    """One worker of a crew, from `upper` on; its average is what is to be published."""
    torch.set_num_threads(1)
    crew = Crew.meet(rank, shop.workers, shop.port)
    nets = [SproutTransformer().to(shop.device) for _ in range(3)]
    for net, path in zip(nets, (upper, lower, upper), strict=True):
        net.load_state_dict(read(path)["average"])
    for net in nets[:2]:
        net.eval().requires_grad_(False)
    lesson = Merge(
        nets[0], nets[1], shop.load_latents(), shop.load_text(), shop.channel_weights(), plan.batch
    )
    train_transformer(plan, lesson, nets[2], result, crew, shop.until_s)
    crew.leave()


def main(arguments: list[str] | None = None) -> None:
    """Merge the checkpoints `--upper` and `--lower` into `--result`."""
    p = argparse.ArgumentParser(prog="python -m sora_core.train.merge", description=__doc__)
    gpu = torch.cuda.is_available()
    p.add_argument("--upper", type=Path, required=True, help="a transformer's checkpoint")
    p.add_argument("--lower", type=Path, required=True, help="another, heard at lower noise")
    p.add_argument("--result", type=Path, default=Path(".train/merged.pt"))
    p.add_argument("--minutes", type=float, default=26, help="in all")
    p.add_argument("--folder", type=Path, default=Path(".train"), help="working folder")
    p.add_argument("--device", default="cuda" if gpu else "cpu")
    p.add_argument("--batch", type=int, default=3072 if gpu else 48, help="latent frames of a part")
    p.add_argument("--parts", type=int, default=1 if gpu else 8, help="of a step")
    p.add_argument("--workers", type=int, default=1 if gpu else 2)
    p.add_argument("--port", type=int, default=29535, help="where the workers meet")
    o = p.parse_args(arguments)
    shop = Workshop(o.folder, 0, o.device, workers=o.workers, port=o.port)
    plan = Plan(
        o.minutes * 60, stills_until=0, stills_share=0.15, cool_from=0.2, batch=o.batch,
        parts=o.parts, learning_rate=7e-4, warmup=40, average=0.985,
    )  # fmt: skip
    processes.spawn(teach, (shop, o.upper, o.lower, o.result, plan), o.workers)


if __name__ == "__main__":
    main()
