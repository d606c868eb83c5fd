"""One clip: read prompt and sources → draw, step by step → write the film beside it."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from errors import NotFound, RenderFailed, Stopped
from sora_core.catalog import MODELS
from sora_core.filming import filming
from sora_core.mark.embedding import WEAK_Z
from sora_core.mark.fingerprint import fingerprint
from sora_core.provenance import SILENT, Provenance
from sora_core.sources import never, read_sources
from sora_core.spec import ClipSpec
from sora_core.stopwatch import Stopwatch
from sora_core.video import Format, encode, save_poster

log = logging.getLogger("greenroom.clips")

STOP_PATIENCE_S = 0.1


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
    """A finished clip on disk. Sizes in pixels; `native_*` is what the model itself drew.

    stages_s  seconds spent on reading `sources`, `drawing`, and `filming`, as far as drawing had to
              wait for it
    mark_z    how far the invisible mark stands out, None where there is none; below `WEAK_Z` it is
              weak
    """

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
    stages_s: dict[str, float]
    mark_z: float | None = None
    fingerprint: str | None = None


@lru_cache(maxsize=1)
def pipeline(model: str) -> Any:
    """The model's pipeline, loaded once a process. Raises WeightsCorrupt, each time."""
    return MODELS[model].load()


def nothing_kept(key: str) -> Path:
    raise NotFound


def render(
    spec: ClipSpec,
    path: Path,
    *,
    on_progress: Callable[[Progress], None],
    open_source: Callable[[str], Path] = nothing_kept,
    stop_requested: Callable[[], str | None] = never,
    provenance: Provenance = SILENT,
) -> Film:
    """Make the film that `spec` asks for at `path`, its still beside it as .jpg.

    on_progress     called after each denoising step
    open_source     one of the spec's sources → the file to read
    stop_requested  asked between steps, and while films are read and written; a reason stops the
                    work
    provenance      what it says of where it comes from; nothing by default
    What is finished of the clip is encoded while the rest is being drawn. Leaves no file when it
    fails.
    Raises BadSpec for sources that do not fit, Stopped, WeightsCorrupt, StoreFailed, RenderFailed.
    """
    raise_if_stopped(stop_requested)
    pipe = pipeline(spec.model)
    started, watch = time.perf_counter(), Stopwatch()
    size, native_fps = spec.offer.native_sizes[spec.aspect], spec.offer.drawings_per_s
    sources = read_sources(spec, open_source, size, lambda: raise_if_stopped(stop_requested))
    watch.lap("sources")
    poster = path.with_suffix(".jpg")
    drawings: list[np.ndarray] = []
    drawn, wanted = Format(*size, native_fps), Format(spec.width, spec.height, spec.fps)
    try:
        with filming(path, drawn, wanted, spec.frame_count, provenance.mark) as film:
            for more in draw(pipe, spec, sources, on_progress, stop_requested):
                watch.lap("drawing")
                film.take(more)
                drawings.extend(more)
                watch.lap("filming")
            watch.lap("drawing")
            film.close()
            save_poster(drawings[len(drawings) // 2], poster, spec.width, spec.height)
            raise_if_stopped(stop_requested)
            while not film.is_written(STOP_PATIENCE_S):
                raise_if_stopped(stop_requested)
        raise_if_stopped(stop_requested)
        mark_z = check_mark(path, drawings, drawn, wanted, spec.frame_count, provenance)
        provenance.sign(path, spec, [open_source(source) for source in spec.sources if source])
    except BaseException:
        path.unlink(missing_ok=True)
        poster.unlink(missing_ok=True)
        raise
    watch.lap("filming")
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
        native_width=drawn.width,
        native_height=drawn.height,
        native_fps=native_fps,
        reading=read(pipe, spec),
        gpu_ms=round((time.perf_counter() - started) * 1000),
        stages_s=watch.spent_s,
        mark_z=mark_z,
        fingerprint=fingerprint(drawings),
    )


def check_mark(
    path: Path,
    drawings: Sequence[np.ndarray],
    drawn: Format,
    wanted: Format,
    frame_count: int,
    provenance: Provenance,
) -> float | None:
    """How far the mark stands out in the encoded film, which is written anew, once, where it is
    weak: with a stronger one.
    """
    z = provenance.mark_in(path)
    if z is None or z >= WEAK_Z:
        return z
    encode(drawings, path, drawn, wanted, frame_count, provenance.stronger_mark)
    z = provenance.mark_in(path)
    if z is not None and z < WEAK_Z:
        log.warning("the mark in %s is weak: z %.1f", path.name, z)
    return z


def read(pipe: Any, spec: ClipSpec) -> dict[str, Any]:
    """What the model understood: of a storyboard, of its first prompt, and of each in `spans`."""
    readings = [pipe.read(prompt) for prompt in spec.prompts]
    spans = [
        {"understood": dict(reading.understood), "unknown": list(reading.unknown)}
        for reading in readings
    ]
    unknown = list(dict.fromkeys(word for reading in readings for word in reading.unknown))
    first = {"understood": spans[0]["understood"], "unknown": unknown}
    return first | ({"spans": spans} if spec.storyboard else {})


def draw(
    pipe: Any,
    spec: ClipSpec,
    sources: Sequence[np.ndarray | None],
    on_progress: Callable[[Progress], None],
    stop_requested: Callable[[], str | None],
) -> Iterator[np.ndarray]:
    """Carry noise to pictures, telling and asking at each step.

    Yields the clip's drawings in order, (k, h, w, 3) uint8 at a time, once no later step changes
    them.
    """
    started, done, latest = time.perf_counter(), 0, spec.drawings
    for step in pipe.draw(
        spec.prompts,
        aspect=spec.aspect,
        drawings=spec.drawings,
        seed=spec.seed,
        style=spec.style,
        negative_prompt=spec.negative_prompt,
        operation=spec.operation,
        sources=sources,
        strength=spec.strength if spec.operation == "remix" else None,
        variant=spec.variant,
        steps=spec.way.steps,
    ):
        pace_ms = (time.perf_counter() - started) * 1000 / step.index
        # Most is encoded beside the drawing: what is drawn last remains.
        encoding_ms = spec.encoding_ms * latest / spec.drawings
        left_ms = round(pace_ms * (step.total - step.index) + encoding_ms)
        on_progress(Progress(step.index, step.total, pipe.preview(step), left_ms))
        raise_if_stopped(stop_requested)
        settled = pipe.settled(step, done)
        if len(settled):
            done, latest = done + len(settled), len(settled)
            yield settled
    if done != spec.drawings:
        raise RenderFailed("The model drew too few pictures for this length. Try another.")


def raise_if_stopped(stop_requested: Callable[[], str | None]) -> None:
    reason = stop_requested()
    if reason is not None:
        raise Stopped(f"The clip was stopped: {reason}.", reason=reason)
