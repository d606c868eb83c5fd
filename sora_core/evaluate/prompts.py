"""The prompts that a person looks at, with what an eye should find in each clip.

Their (subject, place, colour) combinations are not all held out: `held_out_prompts` draws those.
"""

from __future__ import annotations

import random

from sora_core.world.captions import caption
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


def held_out_prompts(count: int, seed: int = 0) -> list[tuple[Scene, str]]:
    """Scenes whose (subject, place, colour) training never saw, each with a full caption."""
    rng = random.Random(seed)  # noqa: S311 - scenes, not secrets
    drawn = []
    for _ in range(count):
        scene = draw_scene(rng, split="held-out")
        named = {k: v for k, v in scene.attributes().items() if k != "camera" or v != "static"}
        if scene.style == "noir":
            del named["colour"]
        drawn.append((scene, caption(named, rng)))
    return drawn
