"""Contact sheets: one of the world, and one of everything that the pipeline does."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sora_core.evaluate.prompts import LOOKED_AT, draw_prompts
from sora_core.evaluate.real import Take, shoot
from sora_core.evaluate.sheet import save, sheet
from sora_core.sprout.pipeline import SproutPipeline
from sora_core.world.captions import caption, visible
from sora_core.world.scene import draw_scene
from sora_core.world.vocabulary import ATTRIBUTES

CLIP = 24  # drawings: 2 s
LONG = 120  # drawings: 10 s
STORIES: tuple[tuple[str, ...], ...] = (
    ("a red car moving right in the desert", "a red car moving right in the city",
     "a red car moving right in the snowy mountains"),
    ("a yellow boat floating on the ocean", "a yellow boat floating on the ocean in the rain",
     "a yellow boat floating on the ocean, black and white"),
    ("a white rocket in a meadow", "a white rocket rises over the mountains",
     "a white rocket rises in outer space"),
)  # fmt: skip
BLENDS: tuple[tuple[str, str], ...] = (
    ("a blue fish moving right underwater", "an orange fish moving right on the ocean"),
    ("a purple hot air balloon floating over the mountains", "a purple ufo floating in space"),
    ("a green car moving right in the city", "a green car moving right in the forest"),
)


def _draw(pipeline: SproutPipeline, prompt: str | tuple[str, ...], **asked: Any) -> np.ndarray:
    asked.setdefault("drawings", CLIP)
    return pipeline(prompt, output_type="uint8", **asked).frames[0]


def _world(pipeline: SproutPipeline) -> np.ndarray:
    """Rendered, not drawn: goes through subjects, places and colours."""
    rng = random.Random(0)  # noqa: S311 - scenes, not secrets
    subjects, places, colours = (ATTRIBUTES[k] for k in ("subject", "place", "colour"))
    takes = [
        Take(
            replace(
                draw_scene(rng, split="any"),
                subject=subjects[i % len(subjects)],
                place=places[(i // 6 + i) % len(places)],
                colour=colours[(i * 5 + i // 12) % len(colours)],
            ),
            "16:9",
        )
        for i in range(24)
    ]
    return sheet(shoot(takes), columns=3, looks=4)


def _clips(pipeline: SproutPipeline, variant: str) -> np.ndarray:
    clips = [_draw(pipeline, p, seed=i, variant=variant) for i, p in enumerate(LOOKED_AT)]
    return sheet(clips, columns=2, looks=4)


def _aspect(pipeline: SproutPipeline, aspect: str) -> np.ndarray:
    clips = [_draw(pipeline, p, seed=i, aspect=aspect) for i, p in enumerate(LOOKED_AT[:6])]
    return sheet(clips, columns=3, looks=4)


def _held_out(pipeline: SproutPipeline) -> np.ndarray:
    wide = [p for p in draw_prompts(25) if p.aspect == "16:9"][:20]
    clips = [_draw(pipeline, p.text, seed=p.seed) for p in wide]
    return sheet(clips, columns=2, looks=4)


def _image(pipeline: SproutPipeline) -> np.ndarray:
    """The rendered picture that was given, then five looks of the clip drawn from it."""
    rng = random.Random(1)  # noqa: S311 - scenes, not secrets
    clips = []
    for i in range(8):
        scene = draw_scene(rng, split="held-out")
        picture = shoot([Take(scene, "16:9")])[0][:1]
        text = caption(visible(scene), rng)
        clip = _draw(pipeline, text, seed=i, operation="image", sources=[picture])
        looks = np.linspace(0, CLIP - 1, 5).round().astype(int)
        clips.append(np.concatenate([picture, clip[looks]]))
    return sheet(clips, columns=1, looks=6)


def _extend(pipeline: SproutPipeline) -> np.ndarray:
    """A clip of 2 s, extended to 10 s."""
    clips = []
    for i, prompt in enumerate(LOOKED_AT[:6]):
        source = _draw(pipeline, prompt, seed=i)
        asked = {"operation": "extend", "sources": [source], "drawings": LONG}
        clips.append(_draw(pipeline, prompt, seed=i, **asked))
    return sheet(clips, columns=1, looks=11)


def _loop(pipeline: SproutPipeline) -> np.ndarray:
    """Six looks of a loop, then its first drawing again, as a player would show it."""
    clips = []
    for i, prompt in enumerate(LOOKED_AT[:8]):
        clip = _draw(pipeline, prompt, seed=i, operation="loop")
        looks = np.linspace(0, CLIP - 1, 6).round().astype(int)
        clips.append(np.concatenate([clip[looks], clip[:1]]))
    return sheet(clips, columns=1, looks=7)


def _blend(pipeline: SproutPipeline) -> np.ndarray:
    """Two clips of 2 s and one more second that leads from one to the other."""
    clips = []
    for i, (one, other) in enumerate(BLENDS):
        sources = [_draw(pipeline, one, seed=i), _draw(pipeline, other, seed=i + 1)]
        asked = {"operation": "blend", "sources": sources, "drawings": 2 * CLIP + 12}
        clips.append(_draw(pipeline, other, seed=i, **asked))
    return sheet(clips, columns=1, looks=11)


def _storyboard(pipeline: SproutPipeline) -> np.ndarray:
    clips = [_draw(pipeline, s, seed=i, drawings=3 * CLIP) for i, s in enumerate(STORIES)]
    return sheet(clips, columns=1, looks=10)


def _remix(pipeline: SproutPipeline) -> np.ndarray:
    """A clip above, and below it the same clip begun again from noise 0.7 with other words."""
    clips = []
    for i, (one, other) in enumerate(BLENDS):
        source = _draw(pipeline, one, seed=i)
        asked = {"operation": "remix", "sources": [source], "strength": 0.7}
        clips += [source, _draw(pipeline, other, seed=i, **asked)]
    return sheet(clips, columns=1, looks=6)


#: Name of the file → what is on it.
SHEETS: dict[str, Callable[[SproutPipeline], np.ndarray]] = {
    "world": _world,
    "quality": partial(_clips, variant="quality"),
    "turbo": partial(_clips, variant="turbo"),
    "held-out": _held_out,
    "tall": partial(_aspect, aspect="9:16"),
    "square": partial(_aspect, aspect="1:1"),
    "image": _image,
    "extend": _extend,
    "loop": _loop,
    "blend": _blend,
    "storyboard": _storyboard,
    "remix": _remix,
}


def make(name: str, pipeline: SproutPipeline, folder: Path) -> None:
    """Draw one sheet, write it to `folder` as a PNG, and say how long that took."""
    begun = time.perf_counter()
    save(SHEETS[name](pipeline), folder / f"{name}.png")
    print(f"{name}.png in {time.perf_counter() - begun:.1f} s", flush=True)
