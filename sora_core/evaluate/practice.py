"""Practice: how a ruler is trained, with a checkpoint from which a stopped training goes on."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from sora_core.evaluate.ruler import WEIGHTS, Ruler
from sora_core.train.checkpoint import read, write

WARMUP = 60
_SAID_EVERY = 20
_KEPT_EVERY = 50


class Attempt(NamedTuple):
    """The loss on one batch, and of each thing asked, answer by answer, whether it was right."""

    loss: Tensor
    right: dict[str, Tensor]


def rate(step: int, steps: int) -> float:
    """Learning rate factor: linear warmup, then linearly to zero."""
    return min((step + 1) / WARMUP, (steps - step) / max(1, steps - WARMUP))


def practise(
    ruler: Ruler, attempts: Callable[[int], Iterator[Attempt]], kept: Path, steps: int,
    learning_rate: float,
) -> None:  # fmt: skip
    """Train for `steps` in all, going on from the checkpoint `kept`, written every 50 steps.

    attempts  gives endless attempts of the ruler from the step on that it is told
    """
    step, begun = 0, time.monotonic()
    optimizer = torch.optim.AdamW(ruler.parameters(), learning_rate, weight_decay=0.02)
    if kept.exists():
        saved = read(kept)
        ruler.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]
    stream = attempts(step)
    answers: dict[str, list[float]] = {}
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * rate(step, steps)
        loss, right = next(stream)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(ruler.parameters(), 2.0)
        optimizer.step()
        step += 1
        for name, found in right.items():
            answers.setdefault(name, []).extend(found.float().tolist())
        if step % _SAID_EVERY == 0:
            shares = " ".join(f"{n} {sum(r) / max(1, len(r)):.2f}" for n, r in answers.items())
            seconds = time.monotonic() - begun
            print(
                f"{kept.stem} {step}/{steps} {loss.item():.2f} {shares} {seconds:.0f} s", flush=True
            )
            answers = {}
        if step % _KEPT_EVERY == 0 or step == steps:
            state = {"model": ruler.state_dict(), "optimizer": optimizer.state_dict()}
            write(state | {"step": step}, kept)


def set_up(
    parser: argparse.ArgumentParser, folder: Path, arguments: list[str] | None
) -> argparse.Namespace:
    """Read the command line, to what `parser` asks for added what every ruler's training takes.

    Makes the working folder, `folder` where no other is named. One thread, one seed.
    """
    parser.add_argument("--steps", type=int, default=1400)
    parser.add_argument("--folder", type=Path, default=folder, help="working folder")
    parser.add_argument("--footage", type=Path, default=Path(".train/footage"))
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="where the result goes")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    options.folder.mkdir(parents=True, exist_ok=True)
    return options
