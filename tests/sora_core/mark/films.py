"""Films that carry a mark well."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from sora_core.mark.embedding import Mark
from sora_core.video import Format, encode

FRAMES = 24
NATIVE, WANTED = Format(112, 64, 24), Format(448, 256, 24)


def wall() -> Iterator[np.ndarray]:
    """A rough wall as it grows light: where a film is nothing but slopes, a mark may stay weak."""
    spots = np.random.default_rng(0).integers(40, 200, (16, 28, 3), dtype=np.uint8)
    drawn = np.asarray(Image.fromarray(spots).resize((112, 64), Image.Resampling.BILINEAR))
    for at in range(FRAMES):
        yield drawn + np.uint8(at)


def wall_film(path: Path, mark: Mark | None = None) -> Path:
    encode(wall(), path, NATIVE, WANTED, FRAMES, mark)
    return path
