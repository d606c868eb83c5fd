"""Train turbo: unguided steps that go where the guided steps of the finished model go.

Guidance distillation, the first stage of Meng et al. 2023, arXiv:2210.03142. Its second, fewer
steps, has nothing to teach: along this flow eight guided steps draw as well as 24. The states are
the teacher's own: every trajectory starts from noise, so nothing but prompts and given frames is
taken from the footage. Only the low-rank difference learns, and only where prompts guide; below,
turbo follows the quality model as it is.
"""

from __future__ import annotations

import copy
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
from sora_core.sprout.words import Words
from sora_core.train.crew import Crew
from sora_core.train.flow import draw_given, level
from sora_core.train.latents import LatentCache, Windows

#: What is taught is what the two variants do when they draw.
STEPS = VARIANTS["turbo"].steps
GUIDANCE = VARIANTS["quality"].guidance
TAUGHT = tuple(step for step in range(STEPS) if level(step / STEPS) >= GUIDED[0])
BATCH = 48  # latent frames of a trajectory's batch
STILLS_SHARE = 0.1  # of the trajectories
FARTHEST = 6.0


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
    drawn = torch.zeros(1, length, 1, 1, 1)
    drawn[:, head : length - tail] = 1
    drawn = drawn.expand(len(batch.latents), -1, -1, -1, -1)
    x = torch.where(drawn > 0, torch.randn_like(batch.latents), batch.latents)
    return Lesson(x, drawn, slots, silence)


@torch.no_grad()
def teach(teacher: SproutTransformer, lesson: Lesson, sigma: float) -> Tensor:
    """The guided velocity (B, n, C, h, w) at level `sigma`."""
    both = torch.cat([lesson.slots, lesson.silence.expand(len(lesson.x), -1, -1)])
    with torch.autocast("cpu", torch.bfloat16):
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
    flow_channels  beyond these the clean latents are compared, as in `flow_loss`
    """
    with torch.autocast("cpu", torch.bfloat16):
        velocity = student(lesson.x, lesson.levels(sigma), lesson.slots).float()
    error = (velocity - wanted).square() * weight[:, None, None] * lesson.drawn
    if flow_channels is not None:
        error[:, :, flow_channels:] *= sigma**2
    return error.mean() / lesson.drawn.mean(), velocity.detach()


def advance(lesson: Lesson, velocity: Tensor, step: int) -> Lesson:
    """The lesson one Euler step on."""
    stride = level(step / STEPS) - level((step + 1) / STEPS)
    x = lesson.x - lesson.drawn * velocity * stride
    return replace(lesson, x=x.clamp(-FARTHEST, FARTHEST))


def train_turbo(
    seconds: float, cache: LatentCache, text: SproutTextEncoder, teacher: SproutTransformer,
    channels: Tensor, result: Path, crew: Crew, *, learning_rate: float = 2e-3,
) -> None:  # fmt: skip
    """Distil `teacher` for `seconds`, going on from the low-rank difference in `result` if any.

    Every trajectory teaches all `TAUGHT` steps: one optimizer step each. The next state is the
    teacher's or, as often, the student's own, so that the student learns to go on from its own
    errors.
    """
    torch.manual_seed(11)  # the same random pairs on every worker
    student = copy.deepcopy(teacher)
    weights = add_low_rank(student)
    if result.exists():
        student.load_state_dict(torch.load(result), strict=False)
    optimizer = torch.optim.AdamW(weights, learning_rate, (0.9, 0.98), weight_decay=0.0)
    words = Words(tuple(text.config.vocabulary))
    rng, common = random.Random(crew.rank), random.Random(-1)  # noqa: S311
    torch.manual_seed(1000 + crew.rank)
    with torch.no_grad():
        silence = text(words.encode([""]))
    begun, done, shown = time.monotonic(), 0, torch.zeros(len(TAUGHT))
    progress = 0.0
    while progress < 1:
        length = 1 if common.random() < STILLS_SHARE else 8
        batch = cache.draw(BATCH // length, length, rng)
        with torch.no_grad():
            slots = text(words.encode(batch.captions))
        lesson = begin(batch, slots, silence, rng)
        for step in TAUGHT:
            sigma = level(step / STEPS)
            wanted = teach(teacher, lesson, sigma)
            loss, own = learn(
                student, lesson, sigma, wanted, channels, teacher.config.flow_channels
            )
            loss.backward()
            share = crew.add_up(weights, torch.tensor([(time.monotonic() - begun) / seconds]))
            progress = float(share) / crew.workers
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.param_groups[0]["lr"] = learning_rate * min(
                1.0, (done * len(TAUGHT) + step + 1) / 100, 1.4 * (1 - progress) + 0.01
            )
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            shown[step] += loss.detach()
            lesson = advance(lesson, own if rng.random() < 0.5 else wanted, step)
        done += 1
        if crew.rank == 0 and done % 10 == 0:
            losses = " ".join(f"{v / 10:.3f}" for v in shown.tolist())
            print(f"turbo {done} {progress:.3f} loss {losses}", flush=True)
            shown.zero_()
            torch.save(low_rank_state(student), result)
    if crew.rank == 0:
        torch.save(low_rank_state(student), result)
