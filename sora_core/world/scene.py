"""A scene: what is to be seen, and the seed that settles everything left open."""

from __future__ import annotations

import random
import zlib
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sora_core.world.vocabulary import ATTRIBUTES, COLOURS, SLOTS, SUBJECTS

# Calm scenes are the common ones; the plain value of each attribute is what people mean
# when they say nothing about it.
_WEIGHTS: dict[str, tuple[float, ...]] = {
    "weather": (0.6, 0.2, 0.2),
    "camera": (0.72, 0.07, 0.07, 0.07, 0.07),
    "style": (0.52, 0.12, 0.12, 0.12, 0.12),
}
#: One in this many (subject, place, colour) combinations is never trained on.
HELD_OUT_ONE_IN = 16


class Actor(NamedTuple):
    """One subject of a scene; `side` is the half of the frame it keeps to, -1 or 1, 0 for all."""

    subject: str
    colour: str
    size: str
    motion: str
    side: int


@dataclass(frozen=True, slots=True)
class Scene:
    """The attributes of one clip; `seed` settles layout, phases and tints.

    A `second` subject stands still beside the first, in `second_colour`; "" for none.
    """

    subject: str
    colour: str
    size: str
    motion: str
    place: str
    weather: str
    camera: str
    style: str
    seed: int = 0
    second: str = ""
    second_colour: str = ""

    def attributes(self) -> dict[str, str]:
        """The attributes by name, without the seed; the second subject's only if there is one."""
        return {name: value for name, value in asdict(self).items() if value and name != "seed"}

    def indices(self) -> list[int]:
        """Each attribute's place in `SLOTS`, in order; past the end of its values for none."""
        said = self.attributes()
        return [
            values.index(said[name]) if name in said else len(values)
            for name, values in SLOTS.items()
        ]

    @classmethod
    def of(cls, indices: list[int]) -> Scene:
        """The scene, without its seed, from what `indices` gave; the second's may be left out."""
        pairs = zip(SLOTS.items(), indices, strict=False)
        said = {name: values[i] for (name, values), i in pairs if i < len(values)}
        return cls(**said)  # type: ignore[arg-type]  # every slot is text, the seed is none

    def actors(self) -> list[Actor]:
        """Who is on stage, from back to front."""
        if not self.second:
            return [Actor(self.subject, self.colour, self.size, self.motion, 0)]
        side = 1 if self.seed % 2 else -1
        travels = self.motion in ("left", "right", "rise")
        return [
            Actor(self.second, self.second_colour, "medium", "still", -side),
            Actor(self.subject, self.colour, self.size, self.motion, 0 if travels else side),
        ]


def held_out(scene: Scene) -> bool:
    """Whether a (subject, place, colour) combination in it is kept out of training."""
    keys = [f"{actor.subject}|{scene.place}|{actor.colour}" for actor in scene.actors()]
    return any(zlib.crc32(key.encode()) % HELD_OUT_ONE_IN == 0 for key in keys)


def draw_scene(rng: random.Random, *, split: str = "train", pairs: float = 0.0) -> Scene:
    """Draw a random scene of the split ("train", "held-out", or "any").

    pairs  share of the scenes with a second subject, of another kind and colour than the first
    """
    while True:
        values = {
            name: rng.choices(options, _WEIGHTS.get(name))[0]
            for name, options in ATTRIBUTES.items()
        }
        seed = rng.getrandbits(31)
        if pairs and rng.random() < pairs:
            others = [name for name in SUBJECTS if name != values["subject"]]
            tints = [name for name in COLOURS if name != values["colour"]]
            values |= {"second": rng.choice(others), "second_colour": rng.choice(tints)}
        scene = Scene(**values, seed=seed)
        if split == "any" or held_out(scene) == (split == "held-out"):
            return scene
