"""A film that somebody brings, written anew: at the model's size and rate, whole seconds of it.

It comes from a stranger, so it is read in a process of its own, within the bounds of
sora_core/sources.py. Of the file it came in nothing is kept, neither sound nor place nor history.
"""

import subprocess
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

from errors import BadSpec, StoreFailed
from sora_core.apart import FIELD, answer_apart, ask_apart
from sora_core.catalog import MODELS, Model
from sora_core.sources import DECODING_MAX_S, Size, covering, decode, film_format, never, opening
from sora_core.spec import ASPECTS, SECONDS_MAX, SIZES

LIMIT_S = 90.0
#: Pixels need not be square: they are made so before anything is measured.
SQUARE = "scale=w='iw*clip(sar,1/4,4)':h=ih,setsar=1"


@dataclass(frozen=True)
class Reel:
    """What became of a film.

    width, height  pixels: the size on offer that is nearest to its own, and no larger if it can be
    seconds        whole ones, 1 to SECONDS_MAX
    """

    width: int
    height: int
    seconds: int


async def wind_apart(film: Path, onto: Path, model: str) -> Reel:
    """`wind`, elsewhere. Raises BadSpec where it is no film that fits, or takes too long."""
    asked = {"film": str(film.resolve()), "onto": str(onto.resolve()), "model": model}
    try:
        return Reel(**await ask_apart("sora_core.reels", asked, LIMIT_S))
    except BaseException:
        onto.unlink(missing_ok=True)
        raise


def wind(film: Path, onto: Path, offer: Model) -> Reel:
    """Write `film` to `onto` as an MP4 without loss, as the model `offer` draws.

    It covers the native size and the rest is cut evenly. What is more than whole seconds is left
    out at its end; where one drawing is missing to a second, the last one stays for it.
    Raises BadSpec, StoreFailed.
    """
    demuxer = film_format(film, FIELD)
    if demuxer is None:
        raise unreadable()
    width, height = nearest(size_of(film, demuxer))
    size, rate = offer.native_sizes[ASPECTS[width, height]], offer.drawings_per_s
    drawings = drawings_of(film, demuxer, size, rate)
    if len(drawings) > SECONDS_MAX * rate + 1:
        raise BadSpec(
            f"The film is longer than {SECONDS_MAX} seconds: send a shorter part of it.",
            field=FIELD,
        )
    seconds = min((len(drawings) + 1) // rate, SECONDS_MAX)
    if seconds < 1:
        raise BadSpec("The film is shorter than a second: send a longer one.", field=FIELD)
    whole = np.minimum(np.arange(seconds * rate), len(drawings) - 1)
    write(drawings[whole], onto, size, rate)
    return Reel(width, height, seconds)


def size_of(film: Path, demuxer: str) -> Size:
    """Width and height in square pixels, upright, of its first picture. Raises BadSpec."""
    first = ["-vf", SQUARE, "-frames:v", "1", "-f", "image2pipe", "-c:v", "ppm", "pipe:1"]
    head = decode([*opening(film, demuxer, 1), *first], FIELD, never)[:64].split(maxsplit=3)
    if len(head) < 4 or head[0] != b"P6":
        raise unreadable()
    return int(head[1]), int(head[2])


def nearest(size: Size) -> Size:
    """The size on offer for a film of `size`: of the nearest shape, the largest it fills."""
    shape = log(size[0] / size[1])
    offered = min(SIZES.values(), key=lambda sizes: abs(log(sizes[0][0] / sizes[0][1]) - shape))
    filled = [pair for pair in offered if pair[0] * pair[1] <= size[0] * size[1]]
    return max(filled) if filled else min(offered)


def drawings_of(film: Path, demuxer: str, size: Size, rate: int) -> np.ndarray:
    """(F, h, w, 3) uint8, `rate` a second, of at most a second more than a clip may have."""
    width, height = size
    chain = f"{SQUARE},{covering(size, rate)}"
    command = [
        *opening(film, demuxer, SECONDS_MAX + 1),
        *("-vf", chain, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"),
    ]
    drawn = decode(command, FIELD, never)
    count = len(drawn) // (width * height * 3)
    if count == 0:
        raise unreadable()
    frames = np.frombuffer(drawn, np.uint8, count * width * height * 3)
    return frames.reshape(count, height, width, 3)


def write(drawings: np.ndarray, onto: Path, size: Size, rate: int) -> None:
    """Without loss: what the worker reads is what was decoded here."""
    # fmt: off
    command = [
        get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", "{}x{}".format(*size),
        "-framerate", str(rate), "-i", "pipe:0",
        "-c:v", "libx264rgb", "-qp", "0", "-preset", "veryfast", "-threads", "2",
        "-f", "mp4", str(onto),
    ]
    # fmt: on
    try:
        subprocess.run(
            command,
            input=drawings.tobytes(),
            stdout=DEVNULL,
            stderr=DEVNULL,
            timeout=DECODING_MAX_S,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise StoreFailed("The film could not be kept. Try again later.") from error


def unreadable() -> BadSpec:
    return BadSpec(
        "The film could not be read: send a whole MP4, MOV or WebM with pictures in it, of at "
        "most 4096 × 2304 pixels.",
        field=FIELD,
    )


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    return asdict(wind(Path(asked["film"]), Path(asked["onto"]), MODELS[asked["model"]]))


if __name__ == "__main__":
    answer_apart(answer)
