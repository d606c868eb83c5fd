"""Train the transformer: single latent frames first, then windows of up to 2 s.

Several workers may share a step: each takes parts of its batch, and gradients are summed.
Progress is the time trained over the time planned, so a run may be stopped and gone on with. It
trains on the device on which the latents lie. What is learnt is a `Lesson`: the flow of the
footage, or what other nets say of it (`merge.py`).
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Protocol

import torch
from torch import Tensor

from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.train.checkpoint import read, write
from sora_core.train.crew import Crew
from sora_core.train.flow import blemish, draw_levels, flow_loss, mix
from sora_core.train.latents import LatentCache
from sora_core.train.muon import two_optimizers

EDGES = ("patch_in", "patch_out", "place", "level", "gist", "pooled", "prompt")
DROPPED_CAPTIONS = 0.10
TELL_EVERY_S = 20.0
SAVE_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is spent.

    seconds       of training, all sessions together
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

    def rate(self, progress: float, warm: int) -> float:
        """Learning rate at a moment of the run, `warm` steps after it began or was carried."""
        cool = min(1.0, (1 - progress) / (1 - self.cool_from))
        return self.learning_rate * min(1.0, (warm + 1) / self.warmup) * max(cool, 0.0)

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
        self.warm = 0  # steps of these optimizers: fewer where a state without any was carried

    @property
    def progress(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        return min(1.0, self.spent_s / self.plan.seconds)

    def save(self, path: Path) -> None:
        """Write the whole state; atomic."""
        state: dict[str, object] = {
            "model": self.model.state_dict(), "average": self.average, "step": self.step,
            "optimizers": [o.state_dict() for o in self.optimizers],
            "spent_s": self.spent_s, "samples": self.samples,
        }  # fmt: skip
        write(state, path)

    def load(self, path: Path) -> None:
        """Go on from a saved state; from the average, where a carried state has nothing else."""
        state = read(path)
        self.model.load_state_dict(state.get("model", state["average"]))
        for name, value in state["average"].items():
            self.average[name].copy_(value)
        for optimizer, saved in zip(self.optimizers, state.get("optimizers", []), strict=False):
            optimizer.load_state_dict(saved)
        self.warm = state["step"] if "optimizers" in state else 0
        self.step, self.spent_s = state["step"], state["spent_s"]
        self.samples = state["samples"]

    def apply(self) -> None:
        """Clip, step, and move the average; gradients are spent."""
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        rate = self.plan.rate(self.progress, self.warm)
        for optimizer, factor in zip(self.optimizers, (self.plan.inner_rate, 1.0), strict=True):
            optimizer.param_groups[0]["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        keep = min(self.plan.average, (1 + self.step) / (20 + self.step))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        self.step += 1
        self.warm += 1


class Lesson(Protocol):
    """What is learnt: the loss of a fresh batch of windows of `length` latent frames."""

    def __call__(self, model: SproutTransformer, length: int, rng: random.Random) -> Tensor: ...


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """The flow of the footage itself.

    channels  (C,) weight of each latent channel, 1 in the mean
    batch     latent frames of a batch
    """

    cache: LatentCache
    text: SproutTextEncoder
    channels: Tensor
    batch: int

    def __call__(self, model: SproutTransformer, length: int, rng: random.Random) -> Tensor:
        windows = self.cache.draw(max(1, self.batch // length), length, rng)
        slots = told(self.text, windows.words, DROPPED_CAPTIONS, rng)
        sigma = draw_levels(len(slots), length, rng).to(slots.device)
        noise = torch.randn_like(windows.latents)
        with torch.autocast(slots.device.type, torch.bfloat16):
            velocity = model(blemish(mix(windows.latents, noise, sigma), sigma), sigma, slots)
        return flow_loss(
            velocity.float(), noise - windows.latents, sigma, windows.cover, self.channels,
            model.config.flow_channels,
        )  # fmt: skip


@torch.no_grad()
def told(text: SproutTextEncoder, words: Tensor, dropped: float, rng: random.Random) -> Tensor:
    """Slots of captions `words` (B, L), a share `dropped` of which go unsaid."""
    said = torch.tensor([[rng.random() >= dropped] for _ in words])
    return text(words * said.to(words.device))  # a 0 is no word: `PAD`


def train_transformer(
    plan: Plan, lesson: Lesson, model: SproutTransformer, checkpoint: Path, crew: Crew,
    until_s: float = math.inf,
) -> Run:  # fmt: skip
    """Train until the plan's time is spent, going on from `checkpoint` if it exists.

    until_s  by `time.monotonic`; the moment to stop at, with the state written
    """
    run = Run(plan, model)
    if checkpoint.exists():
        run.load(checkpoint)
    begin = run.step * 1009
    rng, common = random.Random(begin + crew.rank), random.Random(begin + 500)  # noqa: S311
    torch.manual_seed(begin + crew.rank)
    shown, stamp, late = [], time.monotonic(), 0.0
    printed = saved = stamp
    while run.progress < 1 and not late:
        length = plan.length(run.progress, common)
        total = 0.0
        for _ in crew.parts(run.step, plan.parts):
            loss = lesson(model, length, rng) / plan.parts
            loss.backward()
            total += float(loss.detach())
        now = time.monotonic()
        mine = torch.tensor([total, min(now - stamp, 30.0) / crew.workers, now >= until_s])
        stamp = now
        loss_mean, spent_s, late = crew.add_up(list(model.parameters()), mine).tolist()
        run.apply()
        run.spent_s += spent_s
        run.samples += plan.batch // length * plan.parts
        shown.append(loss_mean)
        if crew.rank == 0 and now - printed >= TELL_EVERY_S:
            print(f"transformer {run.step} {run.progress:.3f} loss {fmean(shown):.4f} "
                  f"samples {run.samples} {run.spent_s:.0f} s", flush=True)  # fmt: skip
            shown, printed = [], now
        if crew.rank == 0 and now - saved >= SAVE_EVERY_S:
            run.save(checkpoint)
            saved = now
    if crew.rank == 0:
        run.save(checkpoint)
    return run
