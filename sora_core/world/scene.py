"""A scene: what is to be seen, and the seed that settles everything left open."""

from __future__ import annotations

import random
import zlib
from dataclasses import asdict, dataclass

from sora_core.world.vocabulary import ATTRIBUTES

# Calm scenes are the common ones; the plain value of each attribute is what people mean
# when they say nothing about it.
_WEIGHTS: dict[str, tuple[float, ...]] = {
    "weather": (0.6, 0.2, 0.2),
    "camera": (0.72, 0.07, 0.07, 0.07, 0.07),
    "style": (0.52, 0.12, 0.12, 0.12, 0.12),
}
#: One in this many (subject, place, colour) combinations is never trained on.
HELD_OUT_ONE_IN = 16


@dataclass(frozen=True, slots=True)
class Scene:
    """The attributes of one clip; `seed` settles layout, phases and tints."""

    subject: str
    colour: str
    size: str
    motion: str
    place: str
    weather: str
    camera: str
    style: str
    seed: int = 0

    def attributes(self) -> dict[str, str]:
        """The eight attributes by name, without the seed."""
        return {name: value for name, value in asdict(self).items() if name != "seed"}

    def indices(self) -> list[int]:
        """Each attribute's place in its vocabulary, in the order of `ATTRIBUTES`."""
        return [values.index(getattr(self, name)) for name, values in ATTRIBUTES.items()]


def held_out(scene: Scene) -> bool:
    """Whether this (subject, place, colour) combination is kept out of training."""
    key = f"{scene.subject}|{scene.place}|{scene.colour}".encode()
    return zlib.crc32(key) % HELD_OUT_ONE_IN == 0


def draw_scene(rng: random.Random, *, split: str = "train") -> Scene:
    """Draw a random scene of the split ("train", "held-out", or "any")."""
    while True:
        values = {
            name: rng.choices(options, _WEIGHTS.get(name))[0]
            for name, options in ATTRIBUTES.items()
        }
        scene = Scene(**values, seed=rng.getrandbits(31))
        if split == "any" or held_out(scene) == (split == "held-out"):
            return scene
