"""Contact sheets: a few drawings of each clip side by side, clips below each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

GAP = 2


def strip(clip: np.ndarray, looks: int) -> np.ndarray:
    """`looks` drawings of (F, H, W, 3) uint8, evenly spread in time, side by side."""
    picks = np.linspace(0, len(clip) - 1, looks).round().astype(int)
    return np.concatenate(list(clip[picks]), axis=1)


def sheet(clips: Sequence[np.ndarray], columns: int, looks: int) -> np.ndarray:
    """Lay clips of one size out in `columns`, each as a strip; white gaps between them."""
    strips = [strip(clip, looks) for clip in clips]
    height, width, _ = strips[0].shape
    rows = -(-len(strips) // columns)
    page = np.full((rows * (height + GAP), columns * (width + GAP), 3), 255, np.uint8)
    for i, picture in enumerate(strips):
        top, left = i // columns * (height + GAP), i % columns * (width + GAP)
        page[top : top + height, left : left + width] = picture
    return page[:-GAP, :-GAP]


def save(page: np.ndarray, path: Path) -> None:
    """Write a sheet as a PNG, with its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(page).save(path, optimize=True)
