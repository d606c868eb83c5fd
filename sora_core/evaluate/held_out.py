"""Hundreds of prompts, drawn by each variant and judged by a ruler.

Each clip is read as soon as it is drawn, and the reading kept in a journal, so a run that was
stopped goes on where it was. A journal belongs to one set of weights, one ruler and its prompts.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from sora_core.evaluate.checker import Checker
from sora_core.evaluate.prompts import Prompt
from sora_core.evaluate.ruler import DRAWINGS, Ruler
from sora_core.evaluate.ruler import WEIGHTS as RULERS
from sora_core.sprout import flow, load
from sora_core.sprout.pipeline import SproutPipeline
from sora_core.sprout.weights import MANIFEST, checksum

VARIANTS = tuple(flow.VARIANTS)


@dataclass(slots=True)
class Readings:
    """What the ruler saw of each prompt, and how long the clips took to draw."""

    seen: list[dict[str, str]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def draw_clip(pipeline: SproutPipeline, prompt: Prompt, variant: str) -> np.ndarray:
    """The clip (24, H, W, 3) uint8 of a prompt."""
    drawn = pipeline(
        prompt.text, aspect=prompt.aspect, drawings=DRAWINGS, seed=prompt.seed, variant=variant,
        output_type="uint8",
    )  # fmt: skip
    return drawn.frames[0]


def journal_path(
    folder: Path, weights: Path, prompts: Sequence[Prompt], ruler: type[Ruler] = Checker
) -> Path:
    """Where a ruler's readings of these prompts, drawn by these weights, are kept."""
    key = hashlib.sha256()
    for settled in (weights / MANIFEST, RULERS / ruler.FILE):
        key.update(checksum(settled).encode())
    key.update(repr(prompts).encode())
    return folder / f"{key.hexdigest()[:16]}.jsonl"


_tools: tuple[SproutPipeline, Ruler] | None = None


def _start(weights: Path, ruler: type[Ruler]) -> None:
    global _tools
    torch.set_num_threads(1)
    _tools = load(weights), ruler.load()


def _judge(task: tuple[int, Prompt, str]) -> dict:
    number, prompt, variant = task
    if _tools is None:
        raise RuntimeError("the worker was not started with `_start`")
    pipeline, ruler = _tools
    begun = time.perf_counter()
    clip = draw_clip(pipeline, prompt, variant)
    seconds = time.perf_counter() - begun
    return {
        "number": number, "variant": variant, "seconds": round(seconds, 3),
        "seen": ruler.read(clip[None])[0],
    }  # fmt: skip


def _recorded(journal: Path) -> dict[tuple[int, str], dict]:
    """Lines of the journal; a last line that was cut off is left out, and drawn again."""
    if not journal.exists():
        return {}
    text, found = journal.read_text(), {}
    if not text.endswith("\n"):
        journal.write_text(text + "\n")
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        found[row["number"], row["variant"]] = row
    return found


def judge(
    prompts: Sequence[Prompt], weights: Path, journal: Path, workers: int = 2,
    variants: Sequence[str] = VARIANTS, ruler: type[Ruler] = Checker,
) -> dict[str, Readings]:  # fmt: skip
    """Draw and read every prompt in every variant; processes of one thread each, or this one."""
    journal.parent.mkdir(parents=True, exist_ok=True)
    rows = _recorded(journal)
    tasks = [
        (number, prompt, variant)
        for number, prompt in enumerate(prompts)
        for variant in variants
        if (number, variant) not in rows
    ]
    for row in _work(tasks, weights, ruler, workers):
        rows[row["number"], row["variant"]] = row
        with journal.open("a") as file:
            file.write(json.dumps(row) + "\n")
        if len(rows) % 50 == 0:
            print(f"{len(rows)} of {len(prompts) * len(variants)} clips", flush=True)
    readings = {variant: Readings() for variant in variants}
    for variant, kept in readings.items():
        for number in range(len(prompts)):
            kept.seen.append(rows[number, variant]["seen"])
            kept.seconds.append(rows[number, variant]["seconds"])
    return readings


def _work(
    tasks: list[tuple[int, Prompt, str]], weights: Path, ruler: type[Ruler], workers: int
) -> Iterator[dict]:
    if not tasks:
        return
    if workers == 1:
        _start(weights, ruler)
        yield from map(_judge, tasks)
        return
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_start, initargs=(weights, ruler)
    ) as pool:
        yield from pool.map(_judge, tasks)
