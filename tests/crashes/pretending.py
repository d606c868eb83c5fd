"""A worker's process that pretends to draw: all of it is real but the pictures.

So it is kills that take the time, and not a model. Each step still looks at the job's row and
writes it down, each film is a file that is kept.
"""

import hashlib
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import jobs.__main__ as process
import jobs.worker as carrying
from sora_core.render import Film, Progress, raise_if_stopped
from sora_core.spec import ClipSpec

STEPS, STEP_S = 8, 0.05


def pretend(
    spec: ClipSpec,
    path: Path,
    *,
    on_progress: Callable[[Progress], None],
    stop_requested: Callable[[], str | None],
    **_: Any,
) -> Film:
    """What `render` promises, of noise: the same calls at each step, two files, a price.

    Takes STEPS for each second of the clip.
    """
    preview = np.zeros((36, 64, 3), np.uint8)
    steps = STEPS * spec.seconds
    for step in range(1, steps + 1):
        raise_if_stopped(stop_requested)
        time.sleep(STEP_S)
        on_progress(Progress(step, steps, preview, None))
    film, poster = random.randbytes(4096), path.with_suffix(".jpg")
    path.write_bytes(film)
    poster.write_bytes(b"still")
    return Film(
        path=path,
        poster=poster,
        bytes=len(film),
        sha256=hashlib.sha256(film).hexdigest(),
        width=spec.width,
        height=spec.height,
        fps=spec.fps,
        frame_count=spec.frame_count,
        native_width=64,
        native_height=36,
        native_fps=12,
        reading={},
        gpu_ms=round(steps * STEP_S * 1000),
        stages_s={},
        mark_z=None,
        fingerprint="0" * 64,
    )


def main() -> None:
    carrying.render = pretend
    process.warm_up = lambda: None
    process.main()


if __name__ == "__main__":
    main()
