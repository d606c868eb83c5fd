"""The models on offer.

A row says what may be asked of a model and what a clip costs. Reading it loads nothing heavy:
the web process parses prompts with it and never imports torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sora_core import sprout


@dataclass(frozen=True)
class Variant:
    """A way to draw: denoising steps a drawing takes, and passes of the net in each (guidance
    takes two).
    """

    steps: int
    passes: int


@dataclass(frozen=True)
class Model:
    """One model: its bounds, its price, its licence, and how to load it.

    styles, operations  names a spec may ask for
    variants            ways to draw, by name
    native_sizes        aspect → width and height in pixels of what the model itself draws
    drawings_per_s      how many pictures it draws for a second of film
    start_ms            cost of one clip before its first drawing
    drawing_pass_ms     cost of one drawing in one pass of the net
    source_ms           cost of reading one film or picture that a clip begins with
    megapixel_ms        cost of enlarging and encoding a million pixels of the finished film
    load                returns the pipeline; imports its framework, reads the weights
    known_words         returns the words it knows, in `sora_core.sprout.words`' spelling; None for
                        a model that takes any word
    """

    name: str
    title: str
    licence: str
    styles: tuple[str, ...]
    operations: tuple[str, ...]
    variants: Mapping[str, Variant]
    native_sizes: Mapping[str, tuple[int, int]]
    drawings_per_s: int
    start_ms: int
    drawing_pass_ms: float
    source_ms: int
    megapixel_ms: float
    load: Callable[[], Any]
    known_words: Callable[[], frozenset[str]] | None


MODELS: Mapping[str, Model] = {
    "sprout": Model(
        name="sprout",
        title="Sprout",
        licence="Apache-2.0",
        styles=sprout.STYLES,
        operations=("text", "image", "extend", "extend_back", "loop", "blend", "remix"),
        variants={"quality": Variant(steps=24, passes=2), "turbo": Variant(steps=8, passes=1)},
        native_sizes=sprout.NATIVE_SIZES,
        drawings_per_s=sprout.FRAMES_PER_S,
        start_ms=300,
        drawing_pass_ms=4,
        source_ms=1000,
        megapixel_ms=25,
        load=sprout.load,
        known_words=sprout.known_words,
    ),
}
