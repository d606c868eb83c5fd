"""Prompts to draw: a list that a person looks at, and drawn ones that the checker scores.

The (subject, place, colour) combinations of `LOOKED_AT` are not all held out; those of
`draw_prompts(split="held-out")` are, every one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from sora_core.world.captions import PLAIN, caption, held_out_caption, visible
from sora_core.world.scene import Scene, draw_scene

LOOKED_AT: tuple[str, ...] = (
    "a red ball bouncing in a snowy forest",
    "a small yellow boat bounces on the ocean in the rain, pixel art",
    "a large green car moving right in the desert",
    "a pink cat in a meadow",
    "a blue fish moving left underwater",
    "a white rocket rises in outer space",
    "a purple hot air balloon floating over the mountains",
    "an orange bird in the city",
    "a large yellow star spinning in the forest",
    "a red heart pulsing in the city in the rain",
    "a green robot in the desert",
    "a purple ufo circling in space",
    "a white cat in the mountains while it snows",
    "a blue car in the city, film noir",
    "a pink fish on the ocean, sketch",
    "an orange robot swaying in a meadow, sketch",
    "a green ufo in the city, neon",
    "a large red rocket over green hills",
    "a yellow bird hovering at sea, camera pans right",
    "a large blue boat rocking underwater",
)
#: Of ten prompts, this many are wide, tall and square: the shares of the training footage.
ASPECTS = ("16:9",) * 4 + ("9:16",) + ("16:9",) * 4 + ("1:1",)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A sentence to draw from.

    scene   what it describes
    named   the attributes that the sentence names, and so the ones that are scored
    aspect  a key of `NATIVE_SIZES`
    seed    of the clip
    """

    text: str
    scene: Scene
    named: dict[str, str]
    aspect: str
    seed: int


def draw_prompts(
    count: int, *, split: str = "held-out", seed: int = 0, new_phrasings: bool = False,
    pairs: float = 0.0,
) -> list[Prompt]:  # fmt: skip
    """Scenes, each with a sentence that names all an eye can tell.

    split          "held-out" for combinations that training never saw, or "train"
    new_phrasings  use forms of sentence that no training caption has
    pairs          share of the scenes with two subjects

    A camera that holds still goes unsaid, and so unscored.
    """
    rng = random.Random(f"{split}-prompts-{seed}")  # noqa: S311 - scenes, not secrets
    phrase = held_out_caption if new_phrasings else caption
    prompts = []
    for i in range(count):
        scene = draw_scene(rng, split=split, pairs=pairs)
        named = visible(scene)
        if named["camera"] == PLAIN["camera"]:
            del named["camera"]
        aspect = ASPECTS[i % len(ASPECTS)]
        prompts.append(Prompt(phrase(named, rng), scene, named, aspect, seed + i))
    return prompts
