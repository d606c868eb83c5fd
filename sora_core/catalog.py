"""The models on offer.

A row says what may be asked of a model and what a clip costs. Reading it loads nothing heavy:
the web process parses prompts with it and never imports torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sora_core import sprout


@dataclass(frozen=True)
class Model:
    """One model: its bounds, its price, its licence, and how to load it.

    styles             names a spec may ask for
    drawings_per_s     how many pictures the model itself draws for a second of film
    steps              denoising steps a clip takes
    start_ms           cost of one clip before its first drawing
    drawing_step_ms    cost of one drawing in one denoising step
    megapixel_ms       cost of scaling and encoding a million pixels of the finished film
    load               returns the pipeline; imports its framework, reads the weights
    """

    name: str
    title: str
    licence: str
    styles: tuple[str, ...]
    drawings_per_s: int
    steps: int
    start_ms: int
    drawing_step_ms: float
    megapixel_ms: float
    load: Callable[[], Any]


MODELS: Mapping[str, Model] = {
    "sprout": Model(
        name="sprout",
        title="Sprout",
        licence="Apache-2.0",
        styles=sprout.STYLES,
        drawings_per_s=sprout.FRAMES_PER_S,
        steps=24,
        start_ms=300,
        drawing_step_ms=8,
        megapixel_ms=25,
        load=sprout.load,
    ),
}
