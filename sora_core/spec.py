"""What may be asked for: one clip, exactly.

A ClipSpec is checked once, at the door. Nothing in it was rounded, cut or guessed.
"""

import math
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from errors import BadSpec
from sora_core.catalog import MODELS, Model, Variant
from sora_core.form import choice, key, line, several, share, whole

FPS = 24
PROMPT_MAX_CHARS = 2000
SECONDS_MAX = 10
SEED_MAX = 2**32 - 1
STORYBOARD_MAX = 5

SIZES: Mapping[str, tuple[tuple[int, int], ...]] = {
    "16:9": ((448, 256), (832, 480), (1280, 720), (1920, 1080)),
    "9:16": ((256, 448), (480, 832), (720, 1280), (1080, 1920)),
    "1:1": ((256, 256), (480, 480), (720, 720), (1080, 1080)),
}
ASPECTS = {size: aspect for aspect, sizes in SIZES.items() for size in sizes}
#: What can be done, and how many films or pictures it begins with: at least, at most.
OPERATIONS: Mapping[str, tuple[int, int]] = {
    "text": (0, 0),
    "image": (1, 2),
    "extend": (1, 1),
    "extend_back": (1, 1),
    "loop": (0, 1),
    "blend": (2, 2),
    "remix": (1, 1),
}
FIELDS = (
    "prompt",
    "negative_prompt",
    "size",
    "width",
    "height",
    "seconds",
    "seed",
    "style",
    "model",
    "variant",
    "storyboard",
    "operation",
    "sources",
    "strength",
)
DEFAULT_SIZE = (832, 480)
DEFAULT_SECONDS = 4
DEFAULT_STRENGTH = 0.6


def random_seed() -> int:
    return secrets.randbelow(SEED_MAX + 1)


@dataclass(frozen=True)
class ClipSpec:
    """One clip: what it shows, how large (pixels), how long (whole seconds), from which seed.

    storyboard  prompts for as many equal spans of the clip, or () where `prompt` holds throughout
    operation   a key of `OPERATIONS`
    sources     names of the films or pictures it begins with, opaque here. Of an image clip:
                the first picture, or the first and the last, "" for the one that is free
    strength    of a remix, in (0, 1]: how far it may leave its source
    """

    prompt: str
    negative_prompt: str
    width: int
    height: int
    seconds: int
    seed: int
    style: str | None
    model: str = "sprout"
    variant: str = "quality"
    storyboard: tuple[str, ...] = ()
    operation: str = "text"
    sources: tuple[str, ...] = ()
    strength: float = DEFAULT_STRENGTH

    @classmethod
    def parse(
        cls, form: Mapping[str, object], random_seed: Callable[[], int] = random_seed
    ) -> "ClipSpec":
        """The spec that `form` asks for.

        form  values as they come from JSON or an HTML form: `prompt`, or a `storyboard` whose
              first prompt then stands for all; optional `negative_prompt`, `size` ("832x480") or
              `width` and `height`, `seconds`, `seed`, `style`, `model`, `variant`, `operation`,
              `sources`, `strength`. Absent, None and "" take the default; the default seed is
              `random_seed()`.
        Raises BadSpec naming the first field that is wrong, the unknown ones included.
        """
        for name in form:
            if name not in FIELDS:
                sentence = f"There is no such setting. Choose among {', '.join(FIELDS)}."
                raise BadSpec(sentence, field=ascii(name)[1:-1][:40])
        given = {name: value for name, value in form.items() if value is not None and value != ""}
        model = MODELS[choice(given, "model", tuple(MODELS)) or "sprout"]
        storyboard = spans(given)
        prompt = given.get("prompt", storyboard[0] if storyboard else "")
        width, height = size(given)
        seconds = whole(given, "seconds", 1, SECONDS_MAX, DEFAULT_SECONDS)
        if len(storyboard) > seconds:
            raise BadSpec(
                f"{len(storyboard)} prompts need {len(storyboard)} seconds or more: "
                "make the clip longer, or the storyboard shorter.",
                field="storyboard",
            )
        operation = choice(given, "operation", model.operations) or "text"
        return cls(
            prompt=line(prompt, "prompt", PROMPT_MAX_CHARS, required=True),
            negative_prompt=line(
                given.get("negative_prompt", ""), "negative_prompt", PROMPT_MAX_CHARS
            ),
            width=width,
            height=height,
            seconds=seconds,
            seed=whole(given, "seed", 0, SEED_MAX) if "seed" in given else random_seed(),
            style=choice(given, "style", model.styles),
            model=model.name,
            variant=choice(given, "variant", tuple(model.variants)) or "quality",
            storyboard=storyboard,
            operation=operation,
            sources=sources(given, operation),
            strength=share(given, "strength", DEFAULT_STRENGTH),
        )

    @property
    def fps(self) -> int:
        return FPS

    @property
    def frame_count(self) -> int:
        return self.seconds * FPS

    @property
    def drawings(self) -> int:
        """How many pictures the finished film has before any are put between them."""
        return self.seconds * self.offer.drawings_per_s

    @property
    def prompts(self) -> tuple[str, ...]:
        """What the clip follows, from its beginning to its end."""
        return self.storyboard or (self.prompt,)

    @property
    def aspect(self) -> str:
        return ASPECTS[self.width, self.height]

    @property
    def offer(self) -> Model:
        return MODELS[self.model]

    @property
    def way(self) -> Variant:
        return self.offer.variants[self.variant]

    @property
    def gpu_ms(self) -> int:
        """The price: milliseconds of drawing that admission holds until the job is settled.

        start + drawings × steps × passes × price of a drawing's pass
              + sources × price of reading one + frames × pixels × price of a million pixels

        A remix takes `strength` of the steps. What an extended film begins with is held as if it
        were drawn, as nobody has looked at it yet; what was really spent is charged.
        """
        offer, way = self.offer, self.way
        steps = way.steps * (self.strength if self.operation == "remix" else 1)
        drawing_ms = self.drawings * steps * way.passes * offer.drawing_pass_ms
        reading_ms = len(self.sources) * offer.source_ms
        return math.ceil(offer.start_ms + drawing_ms + reading_ms + self.encoding_ms)

    @property
    def encoding_ms(self) -> float:
        """The part of the price that enlarging and writing the finished film takes."""
        return self.frame_count * self.width * self.height / 1e6 * self.offer.megapixel_ms

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"storyboard": [*self.storyboard], "sources": [*self.sources]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ClipSpec":
        """The spec that `to_json` wrote, checked again: a row in a database is input too."""
        return cls.parse(document)


def spans(given: Mapping[str, object]) -> tuple[str, ...]:
    prompts = several(given, "storyboard", STORYBOARD_MAX)
    return tuple(line(p, "storyboard", PROMPT_MAX_CHARS, required=True) for p in prompts)


def sources(given: Mapping[str, object], operation: str) -> tuple[str, ...]:
    """As many names as `operation` begins with; only one of two pictures may be missing."""
    least, most = OPERATIONS[operation]
    keys = tuple(key(value, "sources") for value in several(given, "sources", 2))
    free = operation == "image" and len(keys) == 2 and any(keys)
    if not least <= len(keys) <= most or not (all(keys) or free):
        many = f"{least}" if least == most else f"{least} or {most}"
        raise BadSpec(
            f"{operation.replace('_', ' ').capitalize()} begins with {many} of your films or "
            f"pictures, not {len(list(filter(None, keys)))}: choose again.",
            field="sources",
        )
    return keys


def size(given: Mapping[str, object]) -> tuple[int, int]:
    """Width and height in pixels, one of the pairs on offer."""
    if "size" not in given and "width" not in given and "height" not in given:
        return DEFAULT_SIZE
    if "size" in given:
        if "width" in given or "height" in given:
            raise BadSpec("Give a size, or a width and a height, not both.", field="size")
        match = re.fullmatch(r"\s*([0-9]{1,5})\s*[x×]\s*([0-9]{1,5})\s*", str(given["size"]))
        pair = (int(match[1]), int(match[2])) if match else None
    else:
        largest = max(max(pair) for pair in ASPECTS)
        pair = (whole(given, "width", 1, largest), whole(given, "height", 1, largest))
    if pair not in ASPECTS:
        offered = ", ".join(f"{width}x{height}" for width, height in ASPECTS)
        field = "size" if "size" in given else "width"
        raise BadSpec(f"This size is not on offer. Choose among {offered}.", field=field)
    return pair
