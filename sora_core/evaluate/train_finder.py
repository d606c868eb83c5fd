"""`python -m sora_core.evaluate.train_finder`: train the finder on scenes of the training split.

It begins from what the checker knows of drawings and of squares around a subject. Goes on from
its checkpoint, so it may be stopped and given again at any time. It reads the same footage as the
model's trainer, or renders its own, and nothing that a model drew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_core.evaluate.checker import Checker
from sora_core.evaluate.finder import CELL, Finder
from sora_core.evaluate.practice import Attempt, practise, set_up
from sora_core.evaluate.train import UNTOLD
from sora_core.evaluate.wear import wear
from sora_core.train.footage import FIRST_SHARD_OF_PAIRS, render_footage, shard_path
from sora_core.world.render import FRAMES_PER_S
from sora_core.world.scene import Scene
from sora_core.world.stage import spots
from sora_core.world.vocabulary import COLOURS, SUBJECTS

BATCH = 48  # drawings, each of another clip
IN_A_ROW = 6  # batches from one shard before the next is opened
LEARNING_RATE = 2e-3
MIDDLE = 0.35  # of a subject's reach; a cell this near its middle knows of it
OFF = 0.4  # of a subject's reach, over which its spot and the reach itself are spread
HIDDEN = 0.6  # of the front subject's reach; what is nearer to its middle is not seen
_FROM_CHECKER = ("fine", "coarse", "crop", "layout")


class Batch(NamedTuple):
    """Drawings (N, 3, H, W) in [-1, 1], and the K subjects to be seen in them.

    of      (K,) the drawing of each;  spots (K, 3) as in `stage.spots`
    subject, colour  (K,) class numbers, `UNTOLD` for what no eye can tell
    """

    drawings: Tensor
    of: Tensor
    spots: Tensor
    subject: Tensor
    colour: Tensor


def cast(
    scene: Scene, width: int, height: int, second_s: float
) -> list[tuple[list[float], int, int]]:
    """Who is to be seen at one moment, from back to front: spot, subject and colour."""
    places = spots(scene, width, height, torch.tensor([second_s]))[:, 0]
    seen = []
    for i, actor in enumerate(scene.actors()):
        x, y, half = places[i].tolist()
        outside = max(-x, x - width, -y, y - height, 0.0)
        covered = any(
            (front[:2] - places[i, :2]).norm() < HIDDEN * front[2] for front in places[i + 1 :]
        )
        if outside > 0.3 * half or covered:
            continue
        colour = UNTOLD if scene.style == "noir" else list(COLOURS).index(actor.colour)
        seen.append(([x, y, half], list(SUBJECTS).index(actor.subject), colour))
    return seen


def batches(folder: Path, shards: range, rng: torch.Generator) -> Iterator[Batch]:
    """Endless batches, half of them seen in a mirror."""
    while True:
        number = shards[int(torch.randint(0, len(shards), (), generator=rng))]
        shard = torch.load(shard_path(folder, number), mmap=True)
        drawings = shard["frames"].shape[1]
        for _ in range(IN_A_ROW):
            clips = torch.randperm(len(shard["frames"]), generator=rng)[:BATCH]
            at = torch.randint(1, drawings - 1, (len(clips),), generator=rng)
            yield _batch(shard, clips, at, rng)


def _batch(shard: dict, clips: Tensor, at: Tensor, rng: torch.Generator) -> Batch:
    """Each clip's drawing number `at`, worn among the ones before and after it."""
    around = at[:, None] + torch.arange(-1, 2)
    frames = shard["frames"][clips[:, None], around].permute(0, 1, 4, 2, 3).float() / 127.5 - 1
    worn = wear(frames, rng)[:, 1]
    height, width = worn.shape[-2:]
    seen = []
    for n, (clip, drawing) in enumerate(zip(clips.tolist(), at.tolist(), strict=True)):
        scene = replace(Scene.of(shard["attributes"][clip].tolist()), seed=shard["seeds"][clip])
        second_s = shard["starts"][clip] + drawing / FRAMES_PER_S
        seen += [(n, *who) for who in cast(scene, width, height, second_s)]
    of, places, subject, colour = (torch.tensor(column) for column in zip(*seen, strict=True))
    if torch.rand((), generator=rng) < 0.5:
        worn, places[:, 0] = worn.flip(-1), width - places[:, 0]
    return Batch(worn, of, places, subject, colour)


def attempt(finder: Finder, batch: Batch, rng: torch.Generator) -> Attempt:
    """What the finder knows of each cell, and what it sees of each subject, a little off middle."""
    known = finder.find(batch.drawings).float()
    dice = torch.rand(batch.spots.shape, generator=rng) - 0.5
    off = OFF * batch.spots[:, 2:] * dice
    looks = finder.look(batch.drawings, batch.of, batch.spots + off)
    subject, colour = looks.subject.float(), looks.colour.float()
    named = F.cross_entropy(subject, batch.subject, label_smoothing=0.03)
    loss = placing_loss(known, batch) + named
    plain = batch.colour != UNTOLD
    if bool(plain.any()):
        loss = loss + 0.5 * F.cross_entropy(colour[plain], batch.colour[plain])
    right = {
        "subject": subject.argmax(1) == batch.subject,
        "colour": (colour.argmax(1) == batch.colour)[plain],
    }
    return Attempt(loss, right)


def placing_loss(known: Tensor, batch: Batch) -> Tensor:
    """Cross entropy of where subjects are, and how far off the cells there point."""
    who = middles(batch, *known.shape[2:])
    there = who >= 0
    found = F.binary_cross_entropy_with_logits(known[:, 0], there.float())
    n, row, column = there.nonzero().T
    cells = torch.stack([column, row], -1) + 0.5
    truth = batch.spots[who[there]] / CELL
    way = torch.cat([truth[:, :2] - cells, truth[:, 2:].log()], 1)
    return 8 * found + F.l1_loss(known[n, 1:, row, column], way)


def middles(batch: Batch, rows: int, columns: int) -> Tensor:
    """Which subject's middle each cell holds, (N, rows, columns); -1 where none is."""
    who = torch.full((len(batch.drawings), rows, columns), -1)
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    centres = (torch.stack([x, y], -1) + 0.5) * CELL
    for k, (n, spot) in enumerate(zip(batch.of.tolist(), batch.spots, strict=True)):
        inside = spot[:2].clamp(torch.zeros(2), torch.tensor([columns, rows]) * CELL - 1e-3)
        near = (centres - inside).norm(dim=-1) < (MIDDLE * spot[2]).clamp_min(0.75 * CELL)
        who[n][near] = k
    return who


def begin() -> Finder:
    """A finder that knows of drawings what the checker knows."""
    finder, checker = Finder(), Checker.load()
    for part in _FROM_CHECKER:
        getattr(finder, part).load_state_dict(getattr(checker, part).state_dict())
    return finder


def attempts(finder: Finder, footage: Path, shards: range, step: int) -> Iterator[Attempt]:
    """Endless attempts of the finder, from `step` on."""
    rng = torch.Generator().manual_seed(step)
    for batch in batches(footage, shards, rng):
        with torch.autocast("cpu", torch.bfloat16):
            tried = attempt(finder, batch, rng)
        yield tried


def train(folder: Path, footage: Path, shards: range, steps: int) -> Finder:
    """Train for `steps` in all, going on from `folder`/finder.pt, written every 50 steps."""
    finder = begin()
    stream = partial(attempts, finder, footage, shards)
    practise(finder, stream, folder / "finder.pt", steps, LEARNING_RATE)
    return finder


def main(arguments: list[str] | None = None) -> None:
    """Render what is missing, train, and write the weights."""
    p = argparse.ArgumentParser(
        prog="python -m sora_core.evaluate.train_finder", description=__doc__
    )
    p.add_argument("--shards", type=int, default=40, help="of pairs, and of single subjects each")
    options = set_up(p, Path(".train/pairs"), arguments)
    shards = range(FIRST_SHARD_OF_PAIRS - options.shards, FIRST_SHARD_OF_PAIRS + options.shards)
    render_footage(options.footage, shards)
    train(options.folder, options.footage, shards, options.steps).save(options.weights)


if __name__ == "__main__":
    main()
