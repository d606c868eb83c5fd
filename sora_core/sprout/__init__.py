"""Sprout: the embedded text → video model, small enough to lie in the repository.

Nothing heavy is imported before a name is asked for.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sora_core.sprout.words import EMPTY
from sora_core.world.vocabulary import STYLES as _STYLES

if TYPE_CHECKING:
    from sora_core.sprout.pipeline import SproutPipeline, Step
    from sora_core.sprout.reading import Reading

WEIGHTS = Path(__file__).parent / "weights"
STYLES: tuple[str, ...] = tuple(_STYLES)
FRAMES_PER_S = 12
#: Aspect → (width, height) in pixels, before any enlargement.
NATIVE_SIZES: dict[str, tuple[int, int]] = {"16:9": (112, 64), "9:16": (64, 112), "1:1": (80, 80)}

__all__ = [
    "FRAMES_PER_S", "NATIVE_SIZES", "STYLES", "WEIGHTS", "Reading", "SproutPipeline", "Step",
    "known_words", "load",
]  # fmt: skip


def load(folder: Path = WEIGHTS) -> SproutPipeline:
    """Load the pipeline onto the CPU, float32.

    Raises WeightsCorrupt when a file is missing, truncated, or not what its config says.
    """
    from sora_core.sprout.pipeline import SproutPipeline

    return SproutPipeline.from_pretrained(folder)


@cache
def known_words(folder: Path = WEIGHTS) -> frozenset[str]:
    """The words that the weights in `folder` learned, and those that say nothing anyway.

    Read from their configuration, once, without a framework.
    """
    config = json.loads((folder / "text_encoder" / "config.json").read_text())
    return EMPTY.union(config["vocabulary"])


def __getattr__(name: str) -> Any:
    if name in ("SproutPipeline", "Step"):
        from sora_core.sprout import pipeline

        return getattr(pipeline, name)
    if name == "Reading":
        from sora_core.sprout.reading import Reading

        return Reading
    raise AttributeError(name)
