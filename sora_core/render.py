"""One clip: understand the prompt → draw, step by step → decode → write the film."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from errors import RenderFailed, Stopped
from sora_core.catalog import MODELS
from sora_core.spec import ClipSpec
from sora_core.video import Format, encode, save_poster


@dataclass(frozen=True)
class Progress:
    """After denoising step `step` of `steps`.

    preview  (h, w, 3) uint8, what the middle of the clip looks like so far, or None
    left_ms  estimate until the film is written, from the pace of the steps so far
    """

    step: int
    steps: int
    preview: np.ndarray | None
    left_ms: int | None


@dataclass(frozen=True)
class Film:
    """A finished clip on disk. Sizes in pixels; `native_*` is what the model itself drew."""

    path: Path
    poster: Path
    bytes: int
    sha256: str
    width: int
    height: int
    fps: int
    frame_count: int
    native_width: int
    native_height: int
    native_fps: int
    reading: dict[str, Any]
    gpu_ms: int


def never() -> None:
    return None


@lru_cache(maxsize=1)
def pipeline(model: str) -> Any:
    """The model's pipeline, loaded once a process. Raises WeightsCorrupt, each time."""
    return MODELS[model].load()


def render(
    spec: ClipSpec,
    path: Path,
    *,
    on_progress: Callable[[Progress], None],
    stop_requested: Callable[[], str | None] = never,
) -> Film:
    """Make the film that `spec` asks for at `path`, its still beside it as .jpg.

    on_progress     called after each denoising step
    stop_requested  asked between steps and between drawings; a reason stops the work
    Leaves no file when it fails.
    Raises Stopped, WeightsCorrupt, StoreFailed, RenderFailed.
    """
    raise_if_stopped(stop_requested)
    poster = path.with_suffix(".jpg")
    pipe = pipeline(spec.model)
    reading = pipe.read(spec.prompt)
    started = time.perf_counter()
    drawings = draw(pipe, spec, on_progress, stop_requested)
    _, height, width, _ = drawings.shape
    native_fps = spec.offer.drawings_per_s
    try:
        save_poster(drawings[len(drawings) // 2], poster, spec.width, spec.height)
        encode(
            unless_stopped(drawings, stop_requested),
            path,
            Format(width, height, native_fps),
            Format(spec.width, spec.height, spec.fps),
            spec.frame_count,
        )
    except BaseException:
        poster.unlink(missing_ok=True)
        raise
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Film(
        path=path,
        poster=poster,
        bytes=path.stat().st_size,
        sha256=sha256,
        width=spec.width,
        height=spec.height,
        fps=spec.fps,
        frame_count=spec.frame_count,
        native_width=width,
        native_height=height,
        native_fps=native_fps,
        reading={"understood": dict(reading.understood), "unknown": list(reading.unknown)},
        gpu_ms=round((time.perf_counter() - started) * 1000),
    )


def draw(
    pipe: Any,
    spec: ClipSpec,
    on_progress: Callable[[Progress], None],
    stop_requested: Callable[[], str | None],
) -> np.ndarray:
    """Carry noise to pictures, (drawings, h, w, 3) uint8, telling and asking at each step."""
    started, step = time.perf_counter(), None
    for step in pipe.draw(
        spec.prompt,
        aspect=spec.aspect,
        drawings=spec.drawings,
        seed=spec.seed,
        style=spec.style,
        negative_prompt=spec.negative_prompt,
        steps=spec.offer.steps,
    ):
        pace_ms = (time.perf_counter() - started) * 1000 / step.index
        left_ms = round(pace_ms * (step.total - step.index) + spec.encoding_ms)
        on_progress(Progress(step.index, step.total, pipe.preview(step), left_ms))
        raise_if_stopped(stop_requested)
    drawings = np.asarray(pipe.decode(step))
    if len(drawings) != spec.drawings:
        raise RenderFailed("The model drew too few pictures for this length. Try another.")
    return drawings


def unless_stopped(
    drawings: np.ndarray, stop_requested: Callable[[], str | None]
) -> Iterator[np.ndarray]:
    for drawing in drawings:
        raise_if_stopped(stop_requested)
        yield drawing


def raise_if_stopped(stop_requested: Callable[[], str | None]) -> None:
    reason = stop_requested()
    if reason is not None:
        raise Stopped(f"The clip was stopped: {reason}.", reason=reason)
