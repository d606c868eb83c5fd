"""`python -m sora_core.evaluate.train`: train the checker on rendered scenes of the training split.

Goes on from its checkpoint, so it may be stopped and given again at any time. It reads the same
footage as the model's trainer, or renders its own, and nothing that a model drew.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_core.evaluate.checker import Checker
from sora_core.evaluate.practice import Attempt, practise, set_up
from sora_core.evaluate.wear import wear
from sora_core.train.footage import render_footage, shard_path
from sora_core.world.vocabulary import ATTRIBUTES, SLOTS

BATCH = 16
IN_A_ROW = 6  # batches from one shard before the next is opened
LEARNING_RATE = 3e-3
SETTLED = 0.6  # of the steps; after that, only what reads the subject goes on learning
UNTOLD = -100  # the class that cross_entropy leaves out
#: A zoom runs out; after this many seconds no eye can tell it.
ZOOM_SEEN_S = 2.0
SECOND = list(SLOTS).index("second")
_SWAPS = {"motion": ("left", "right"), "camera": ("pan left", "pan right")}
Batch = tuple[Tensor, Tensor, dict[str, Tensor]]


def targets(attributes: Tensor, starts: Sequence[float]) -> dict[str, Tensor]:
    """Class numbers of each attribute (B,), `UNTOLD` for what no eye can tell.

    attributes (B, 8 or more) in the order of `ATTRIBUTES`;  starts  seconds into the scene
    """
    columns = dict(zip(ATTRIBUTES, attributes.T.clone(), strict=False))
    noir = columns["style"] == ATTRIBUTES["style"].index("noir")
    columns["colour"][noir] = UNTOLD
    zooms = torch.tensor([c.startswith("zoom") for c in ATTRIBUTES["camera"]])
    late = torch.tensor([s > ZOOM_SEEN_S for s in starts])
    columns["camera"][zooms[columns["camera"]] & late] = UNTOLD
    return columns


def mirror(truth: dict[str, Tensor]) -> dict[str, Tensor]:
    """The class numbers of the same clips seen in a mirror."""
    out = dict(truth)
    for name, (one, other) in _SWAPS.items():
        a, b = ATTRIBUTES[name].index(one), ATTRIBUTES[name].index(other)
        kept = truth[name]
        out[name] = torch.where(kept == a, b, torch.where(kept == b, a, kept))
    return out


def alone(attributes: Tensor) -> Tensor:
    """Which clips (N,) show one subject. Attributes beyond the eighth tell of a second one."""
    if attributes.shape[1] == len(ATTRIBUTES):
        return torch.arange(len(attributes))
    return torch.nonzero(attributes[:, SECOND] == len(SLOTS["second"])).flatten()


def batches(folder: Path, shards: int, rng: torch.Generator) -> Iterator[Batch]:
    """Endless batches, each followed by itself in a mirror.

    clips (B, 24, 3, H, W) in [-1, 1];  cover (B, 8, H/8, W/8);  class numbers by attribute
    """
    while True:
        number = int(torch.randint(0, shards, (), generator=rng))
        shard = torch.load(shard_path(folder, number), mmap=True)
        order = alone(shard["attributes"])
        order = order[torch.randperm(len(order), generator=rng)]
        for picks in order[: BATCH * IN_A_ROW].split(BATCH):
            frames = shard["frames"][picks].permute(0, 1, 4, 2, 3).float() / 127.5 - 1
            cover = shard["cover"][picks].float() / 255
            starts = [shard["starts"][i] for i in picks.tolist()]
            truth = targets(shard["attributes"][picks], starts)
            worn = wear(frames, rng)
            yield worn, cover, truth
            yield worn.flip(-1), cover.flip(-1), mirror(truth)


def loss_of(
    scores: dict[str, Tensor], where: Tensor, truth: dict[str, Tensor], cover: Tensor
) -> Tensor:
    """Cross entropies of all attributes, and that of the subject's cover in every cell."""
    parts = [
        F.cross_entropy(scores[name].float(), truth[name], ignore_index=UNTOLD)
        for name in scores
        if bool((truth[name] != UNTOLD).any())
    ]
    return sum(parts, 8 * F.binary_cross_entropy_with_logits(where.float(), cover))


def attempts(
    checker: Checker, footage: Path, shards: int, steps: int, step: int
) -> Iterator[Attempt]:
    """Endless attempts of the checker, from `step` of `steps` on."""
    for clips, cover, truth in batches(footage, shards, torch.Generator().manual_seed(step)):
        if step >= SETTLED * steps:
            settle(checker)
        with torch.autocast("cpu", torch.bfloat16):
            scores, where = checker(clips, cover[: round(BATCH * told(step, steps))])
        right = {
            name: (score.argmax(1) == truth[name])[truth[name] != UNTOLD]
            for name, score in scores.items()
        }
        yield Attempt(loss_of(scores, where, truth, cover), right)
        step += 1


def train(folder: Path, footage: Path, shards: int, steps: int) -> Checker:
    """Train for `steps` in all, going on from `folder`/checker.pt, written every 50 steps."""
    checker = Checker()
    stream = partial(attempts, checker, footage, shards, steps)
    practise(checker, stream, folder / "checker.pt", steps, LEARNING_RATE)
    return checker


def settle(checker: Checker) -> None:
    """Keep what finds the subject and what sees the whole clip as they are, statistics too."""
    for part in (checker.fine, checker.coarse, checker.where, checker.moves):
        part.requires_grad_(False).eval()


def told(step: int, steps: int) -> float:
    """Share of the clips whose subject is pointed out, so that its looks can be learnt early."""
    return max(0.0, 0.9 * (1 - 2 * step / steps))


def main(arguments: list[str] | None = None) -> None:
    """Render what is missing, train, and write the weights."""
    p = argparse.ArgumentParser(prog="python -m sora_core.evaluate.train", description=__doc__)
    p.add_argument("--shards", type=int, default=170, help="of 128 clips each")
    options = set_up(p, Path(".train/checker"), arguments)
    render_footage(options.footage, range(options.shards))
    train(options.folder, options.footage, options.shards, options.steps).save(options.weights)


if __name__ == "__main__":
    main()
