"""Train the transformer: single latent frames first, then windows of up to 2 s.

Several workers may share a step: each takes parts of its batch, and gradients are summed.
Progress is the time trained over the time budgeted, so a run may be stopped and gone on with.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.sprout.words import Words
from sora_core.train.crew import Crew
from sora_core.train.flow import blemish, draw_levels, flow_loss, mix
from sora_core.train.latents import LatentCache
from sora_core.train.muon import two_optimizers

EDGES = ("patch_in", "patch_out", "place", "level", "gist", "pooled", "prompt")
DROPPED_CAPTIONS = 0.10


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is spent.

    seconds       budget of training time, all sessions together
    stills_until  progress at which windows begin
    stills_share  of the steps from then on; a still costs an eighth, so a step shows more scenes
    cool_from     progress from which the learning rate falls to 0
    batch         latent frames of a part of a step
    parts         of each step, shared out among the workers
    """

    seconds: float
    stills_until: float = 0.50
    stills_share: float = 0.06
    cool_from: float = 0.64
    batch: int = 48
    parts: int = 8
    learning_rate: float = 1.5e-3
    inner_rate: float = 2.3  # the inner matrices' learning rate, as a multiple
    warmup: int = 60
    average: float = 0.99
    save_every: int = 50

    def rate(self, progress: float, step: int) -> float:
        """Learning rate at a moment of the run."""
        cool = min(1.0, (1 - progress) / (1 - self.cool_from))
        return self.learning_rate * min(1.0, (step + 1) / self.warmup) * max(cool, 0.0)

    def length(self, progress: float, rng: random.Random) -> int:
        """Latent frames of the next batch's windows."""
        if progress < self.stills_until or rng.random() < self.stills_share:
            return 1
        return 4 if rng.random() < 0.3 else 8


class Run:
    """One worker's state: the model, its slow average, optimizers, and how far it is."""

    def __init__(self, plan: Plan, model: SproutTransformer) -> None:
        self.plan, self.model = plan, model
        self.optimizers = two_optimizers(model, plan.learning_rate, EDGES, decay=0.01)
        self.average = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.step, self.spent_s, self.samples = 0, 0.0, 0

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        return min(1.0, self.spent_s / self.plan.seconds)

    def save(self, path: Path) -> None:
        """Write the whole state; atomic."""
        state = {
            "model": self.model.state_dict(), "average": self.average, "step": self.step,
            "optimizers": [o.state_dict() for o in self.optimizers],
            "spent_s": self.spent_s, "samples": self.samples,
        }  # fmt: skip
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)

    def load(self, path: Path) -> None:
        """Go on from a saved state."""
        state = torch.load(path)
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step, self.spent_s = state["step"], state["spent_s"]
        self.samples = state["samples"]

    def apply(self) -> None:
        """Clip, step, and move the average; gradients are spent."""
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        rate = self.plan.rate(self.progress, self.step)
        for optimizer, factor in zip(self.optimizers, (self.plan.inner_rate, 1.0), strict=True):
            optimizer.param_groups[0]["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        keep = min(self.plan.average, (1 + self.step) / (20 + self.step))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        self.step += 1


def take_loss(
    model: SproutTransformer, text: SproutTextEncoder, words: Words, cache: LatentCache,
    plan: Plan, length: int, channels: Tensor, rng: random.Random,
) -> Tensor:  # fmt: skip
    """Loss of a fresh batch of windows of `length` latent frames."""
    batch = cache.draw(max(1, plan.batch // length), length, rng)
    captions = ["" if rng.random() < DROPPED_CAPTIONS else c for c in batch.captions]
    with torch.no_grad():
        slots = text(words.encode(captions))
    sigma = draw_levels(len(captions), length, rng)
    noise = torch.randn_like(batch.latents)
    with torch.autocast("cpu", torch.bfloat16):
        velocity = model(blemish(mix(batch.latents, noise, sigma), sigma), sigma, slots)
    return flow_loss(
        velocity.float(), batch.latents, noise, sigma, batch.cover, channels,
        model.config.flow_channels,
    )  # fmt: skip


def train_transformer(
    plan: Plan, cache: LatentCache, text: SproutTextEncoder, model: SproutTransformer,
    checkpoint: Path, channels: Tensor, crew: Crew,
) -> Run:  # fmt: skip
    """Train until the plan's time is spent, going on from `checkpoint` if it exists."""
    run = Run(plan, model)
    if checkpoint.exists():
        run.load(checkpoint)
    words = Words(tuple(text.config.vocabulary))
    begin = run.step * 1009
    rng, common = random.Random(begin + crew.rank), random.Random(begin + 500)  # noqa: S311
    torch.manual_seed(begin + crew.rank)
    shown, stamp = 0.0, time.monotonic()
    while run.progress < 1:
        length = plan.length(run.progress, common)
        total = 0.0
        for _ in crew.parts(run.step, plan.parts):
            loss = take_loss(model, text, words, cache, plan, length, channels, rng) / plan.parts
            loss.backward()
            total += float(loss.detach())
        now = time.monotonic()
        mine = torch.tensor([total, min(now - stamp, 30.0) / crew.workers])
        stamp = now
        loss_mean, spent_s = crew.add_up(list(model.parameters()), mine).tolist()
        run.apply()
        run.spent_s += spent_s
        run.samples += plan.batch // length * plan.parts
        shown += loss_mean
        if crew.rank == 0 and run.step % 20 == 0:
            print(f"transformer {run.step} {run.progress:.3f} n={length} loss {shown / 20:.4f} "
                  f"samples {run.samples} {run.spent_s:.0f} s", flush=True)  # fmt: skip
            shown = 0.0
        if crew.rank == 0 and run.step % plan.save_every == 0:
            run.save(checkpoint)
    if crew.rank == 0:
        run.save(checkpoint)
    return run
