"""Train turbo: unguided steps that go where the guided steps of the finished model go.

Guidance distillation, the first stage of Meng et al. 2023, arXiv:2210.03142. Its second, fewer
steps, has nothing to teach: along this flow eight guided steps draw as well as 24. The states are
the teacher's own: every trajectory starts from noise, so nothing but prompts and given frames is
taken from the footage. Only the low-rank difference learns, and only where prompts guide; below,
turbo follows the quality model as it is.
"""

from __future__ import annotations

import copy
import math
import random
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from sora_core.sprout.flow import GUIDED, VARIANTS
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.sprout.turbo import add_low_rank, low_rank_state
from sora_core.sprout.words import PAD
from sora_core.train.checkpoint import read, write
from sora_core.train.crew import Crew
from sora_core.train.flow import CHANGE_WEIGHT, draw_given, level
from sora_core.train.latents import LatentCache, Windows

#: What is taught is what the two variants do when they draw.
STEPS = VARIANTS["turbo"].steps
GUIDANCE = VARIANTS["quality"].guidance
TAUGHT = tuple(step for step in range(STEPS) if level(step / STEPS) >= GUIDED[0])
BATCH = 48  # latent frames of a trajectory's batch
STILLS_SHARE = 0.1  # of the trajectories
FARTHEST = 6.0
WARMUP = 100
TELL_EVERY_S = 20.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """One batch on its way from noise to clips.

    x      (B, n, C, h, w) the state;  drawn (B, n, 1, 1, 1) 1 where frames are not given
    slots  (B, S, W) of the prompts;  silence (1, S, W) of no prompt
    """

    x: Tensor
    drawn: Tensor
    slots: Tensor
    silence: Tensor

    def levels(self, sigma: float) -> Tensor:
        """Noise levels (B, n): `sigma`, and 0 on given frames."""
        return self.drawn[:, :, 0, 0, 0] * sigma


def begin(batch: Windows, slots: Tensor, silence: Tensor, rng: random.Random) -> Lesson:
    """Noise everywhere but on the frames that are given; one way of giving for the whole batch."""
    length = batch.latents.shape[1]
    head, tail = draw_given(length, rng)
    drawn = torch.zeros(1, length, 1, 1, 1, device=batch.latents.device)
    drawn[:, head : length - tail] = 1
    drawn = drawn.expand(len(batch.latents), -1, -1, -1, -1)
    x = torch.where(drawn > 0, torch.randn_like(batch.latents), batch.latents)
    return Lesson(x, drawn, slots, silence)


@torch.no_grad()
def teach(teacher: SproutTransformer, lesson: Lesson, sigma: float) -> Tensor:
    """The guided velocity (B, n, C, h, w) at level `sigma`."""
    both = torch.cat([lesson.slots, lesson.silence.expand(len(lesson.x), -1, -1)])
    with torch.autocast(lesson.x.device.type, torch.bfloat16):
        told, untold = teacher(
            lesson.x.repeat(2, 1, 1, 1, 1), lesson.levels(sigma).repeat(2, 1), both
        ).float().chunk(2)  # fmt: skip
    return untold + GUIDANCE * (told - untold)


def learn(
    student: SproutTransformer, lesson: Lesson, sigma: float, wanted: Tensor, weight: Tensor,
    flow_channels: int | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Loss of the student's velocity against `wanted`, and that velocity (no gradient).

    weight         (C,) of each channel, 1 in the mean
    flow_channels  beyond these the clean latents are compared, as in `flow_loss`; and as there,
                   how the error changes from frame to frame counts once more
    """
    with torch.autocast(lesson.x.device.type, torch.bfloat16):
        velocity = student(lesson.x, lesson.levels(sigma), lesson.slots).float()
    drawn = lesson.drawn
    error = (velocity - wanted) * weight.sqrt()[:, None, None] * drawn
    if flow_channels is not None:
        error = torch.cat(
            [error[:, :, :flow_channels], error[:, :, flow_channels:] * sigma], 2
        )  # fmt: skip
    loss = error.square().mean() / drawn.mean()
    both = drawn[:, 1:] * drawn[:, :-1]
    if both.any():
        change = (error[:, 1:] - error[:, :-1])[:, :, :flow_channels] * both
        loss = loss + CHANGE_WEIGHT * change.square().mean() / both.mean()
    return loss, velocity.detach()


def advance(lesson: Lesson, velocity: Tensor, step: int) -> Lesson:
    """The lesson one Euler step on."""
    stride = level(step / STEPS) - level((step + 1) / STEPS)
    x = lesson.x - lesson.drawn * velocity * stride
    return replace(lesson, x=x.clamp(-FARTHEST, FARTHEST))


class Distilling:
    """One worker's state: the student, of which only the pairs learn, and how far it is."""

    def __init__(self, teacher: SproutTransformer, seconds: float, learning_rate: float) -> None:
        torch.manual_seed(11)  # the same random pairs on every worker
        self.teacher, self.student = teacher, copy.deepcopy(teacher)
        self.pairs = add_low_rank(self.student)
        self.optimizer = torch.optim.AdamW(self.pairs, learning_rate, (0.9, 0.98), weight_decay=0.0)
        self.seconds, self.learning_rate = seconds, learning_rate
        self.steps, self.spent_s = 0, 0.0

    def save(self, path: Path) -> None:
        """Write the pairs and how far they are; atomic."""
        write({"pairs": low_rank_state(self.student), "spent_s": self.spent_s}, path)

    def load(self, path: Path) -> None:
        """Go on from saved pairs, with a fresh optimizer."""
        state = read(path)
        self.student.load_state_dict(state["pairs"], strict=False)
        self.spent_s = state["spent_s"]

    def apply(self) -> None:
        """Clip and step, a little slower each time; gradients are spent."""
        torch.nn.utils.clip_grad_norm_(self.pairs, 1.0)
        left = 1 - min(1.0, self.spent_s / self.seconds)
        warm = min(1.0, (self.steps + 1) / WARMUP, 1.4 * left + 0.01)
        self.optimizer.param_groups[0]["lr"] = self.learning_rate * warm
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.steps += 1


def train_turbo(
    seconds: float, cache: LatentCache, text: SproutTextEncoder, teacher: SproutTransformer,
    channels: Tensor, result: Path, crew: Crew, *, learning_rate: float = 2e-3,
    batch: int = BATCH, until_s: float = math.inf,
) -> None:  # fmt: skip
    """Distil `teacher` for `seconds` in all, going on from the pairs in `result` if any.

    Every trajectory teaches all `TAUGHT` steps: one optimizer step each. The next state is the
    teacher's or, as often, the student's own, so that the student learns to go on from its own
    errors.
    batch    latent frames of a trajectory's batch
    until_s  by `time.monotonic`; the moment to stop at, with the pairs written
    """
    run = Distilling(teacher, seconds, learning_rate)
    if result.exists():
        run.load(result)
    begin_at = round(run.spent_s)
    rng, common = random.Random(begin_at + crew.rank), random.Random(-1 - begin_at)  # noqa: S311
    torch.manual_seed(1000 + begin_at + crew.rank)
    with torch.no_grad():
        silence = text(torch.full((1, 1), PAD, device=cache.device))
    shown, stamp, late = torch.zeros(len(TAUGHT)), time.monotonic(), 0.0
    told, lessons = stamp, 0
    while run.spent_s < seconds and not late:
        length = 1 if common.random() < STILLS_SHARE else 8
        windows = cache.draw(max(1, batch // length), length, rng)
        with torch.no_grad():
            slots = text(windows.words)
        lesson = begin(windows, slots, silence, rng)
        for step in TAUGHT:
            lesson, loss = _take_step(run, lesson, step, channels, rng)
            now = time.monotonic()
            mine = torch.tensor([(now - stamp) / crew.workers, now >= until_s])
            stamp = now
            spent_s, late = crew.add_up(run.pairs, mine).tolist()
            run.spent_s += spent_s
            run.apply()
            shown[step] += loss
        lessons += 1
        if crew.rank == 0 and now - told >= TELL_EVERY_S:
            losses = " ".join(f"{v / lessons:.3f}" for v in shown.tolist())
            print(f"turbo {run.steps} {run.spent_s / seconds:.3f} loss {losses}", flush=True)
            shown, told, lessons = shown.zero_(), now, 0
            run.save(result)
    if crew.rank == 0:
        run.save(result)


def _take_step(
    run: Distilling, lesson: Lesson, step: int, channels: Tensor, rng: random.Random
) -> tuple[Lesson, float]:
    """Gradients of one step of a trajectory; the lesson one step on, and the loss."""
    sigma = level(step / STEPS)
    wanted = teach(run.teacher, lesson, sigma)
    flow_channels = run.teacher.config.flow_channels
    loss, own = learn(run.student, lesson, sigma, wanted, channels, flow_channels)
    loss.backward()
    return advance(lesson, own if rng.random() < 0.5 else wanted, step), float(loss.detach())
