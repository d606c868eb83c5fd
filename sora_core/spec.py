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
from sora_core.catalog import MODELS, Model

FPS = 24
PROMPT_MAX_CHARS = 2000
SECONDS_MAX = 10
SEED_MAX = 2**32 - 1

SIZES: Mapping[str, tuple[tuple[int, int], ...]] = {
    "16:9": ((448, 256), (832, 480), (1280, 720)),
    "9:16": ((256, 448), (480, 832), (720, 1280)),
    "1:1": ((256, 256), (480, 480), (720, 720)),
}
ASPECTS = {size: aspect for aspect, sizes in SIZES.items() for size in sizes}
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
)
DEFAULT_SIZE = (832, 480)
DEFAULT_SECONDS = 4

# Unicode's category Cc, less what `text` turns into spaces, and the surrogates.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def random_seed() -> int:
    return secrets.randbelow(SEED_MAX + 1)


@dataclass(frozen=True)
class ClipSpec:
    """One clip: what it shows, how large (pixels), how long (whole seconds), from which seed."""

    prompt: str
    negative_prompt: str
    width: int
    height: int
    seconds: int
    seed: int
    style: str | None
    model: str = "sprout"

    @classmethod
    def parse(
        cls, form: Mapping[str, object], random_seed: Callable[[], int] = random_seed
    ) -> "ClipSpec":
        """The spec that `form` asks for.

        form  values as they come from JSON or an HTML form: `prompt`; optional `negative_prompt`,
              `size` ("832x480") or `width` and `height`, `seconds`, `seed`, `style`, `model`.
              Absent, None and "" take the default; the default seed is `random_seed()`.
        Raises BadSpec naming the first field that is wrong, the unknown ones included.
        """
        for name in form:
            if name not in FIELDS:
                sentence = f"There is no such setting. Choose among {', '.join(FIELDS)}."
                raise BadSpec(sentence, field=ascii(name)[1:-1][:40])
        given = {name: value for name, value in form.items() if value is not None and value != ""}
        model = MODELS[choice(given, "model", tuple(MODELS)) or "sprout"]
        width, height = size(given)
        return cls(
            prompt=text(given, "prompt", required=True),
            negative_prompt=text(given, "negative_prompt", required=False),
            width=width,
            height=height,
            seconds=whole(given, "seconds", 1, SECONDS_MAX, DEFAULT_SECONDS),
            seed=whole(given, "seed", 0, SEED_MAX) if "seed" in given else random_seed(),
            style=choice(given, "style", model.styles),
            model=model.name,
        )

    @property
    def fps(self) -> int:
        return FPS

    @property
    def frame_count(self) -> int:
        return self.seconds * FPS

    @property
    def drawings(self) -> int:
        """How many pictures the model draws; each is held until the next is due."""
        return self.seconds * self.offer.drawings_per_s

    @property
    def aspect(self) -> str:
        return ASPECTS[self.width, self.height]

    @property
    def offer(self) -> Model:
        return MODELS[self.model]

    @property
    def gpu_ms(self) -> int:
        """The price: milliseconds of drawing that admission holds until the job is settled.

        start + drawings × steps × price of a drawing's step + frames × pixels × price of a pixel
        """
        offer = self.offer
        drawing_ms = self.drawings * offer.steps * offer.drawing_step_ms
        return math.ceil(offer.start_ms + drawing_ms + self.encoding_ms)

    @property
    def encoding_ms(self) -> float:
        """The part of the price that scaling and writing the finished film takes."""
        return self.frame_count * self.width * self.height / 1e6 * self.offer.megapixel_ms

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ClipSpec":
        """The spec that `to_json` wrote, checked again: a row in a database is input too."""
        return cls.parse(document)


def text(given: Mapping[str, object], field: str, *, required: bool) -> str:
    """A prompt on one line. Control characters and lone surrogates are refused, not dropped."""
    value = given.get(field, "")
    if not isinstance(value, str):
        raise BadSpec(f"The {spoken(field)} must be text.", field=field)
    line = re.sub(r"\r\n|[\n\r\t]", " ", value).strip()
    if len(line) > PROMPT_MAX_CHARS:
        raise BadSpec(
            f"The {spoken(field)} has {len(line):,} characters: "
            f"shorten it to {PROMPT_MAX_CHARS:,} or fewer.",
            field=field,
        )
    if CONTROL.search(line):
        raise BadSpec(
            f"The {spoken(field)} holds control characters: type it again as plain text.",
            field=field,
        )
    if required and not any(mark.isprintable() and not mark.isspace() for mark in line):
        raise BadSpec("The prompt is empty: say in a sentence what the clip shows.", field=field)
    return line


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


def whole(
    given: Mapping[str, object], field: str, least: int, most: int, default: int | None = None
) -> int:
    """A whole number from `least` to `most`. 5, 5.0 and "5" are 5; true, 5.5 and NaN are not."""
    value = given.get(field, default)
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,10}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadSpec(
            f"The {spoken(field)} must be a whole number from {least:,} to {most:,}.", field=field
        )
    return value


def choice(given: Mapping[str, object], field: str, offered: tuple[str, ...]) -> str | None:
    """One of `offered`, or None where nothing is chosen."""
    value = given.get(field)
    if value is not None and value not in offered:
        raise BadSpec(
            f"This {spoken(field)} is not on offer. Choose among {', '.join(offered)}.",
            field=field,
        )
    return value if isinstance(value, str) else None


def spoken(field: str) -> str:
    return {"seconds": "length in seconds"}.get(field, field.replace("_", " "))
