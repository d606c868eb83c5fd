"""The films and pictures a clip begins with, brought to drawings of the model's size and rate.

They come from strangers. What a file is, its first bytes decide, not its name; the decoder is told
which format to expect, opens this one file and no other, and works within bounds of bytes, pixels,
pictures and time.
"""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import DEVNULL, PIPE

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageOps

from errors import BadSpec
from sora_core.spec import SECONDS_MAX, ClipSpec

MAX_BYTES = 64 * 2**20
PICTURE_MAX_PIXELS = 40_000_000
FILM_MAX_PIXELS = 4096 * 2304
FILM_MIN_DRAWINGS = 3
DECODING_MAX_S = 30
ASK_EVERY_S = 0.2
DECODING_MAX_ALLOCATION = 2**28  # bytes, a single one
CODECS = "h264,hevc,libdav1d,av1,vp8,vp9,mpeg4"

Size = tuple[int, int]


def never() -> None:
    return None


def read_sources(
    spec: ClipSpec,
    open_source: Callable[[str], Path],
    size: Size,
    ask: Callable[[], None] = never,
) -> list[np.ndarray | None]:
    """What `spec` begins with: (F, h, w, 3) uint8 each; F = 1 of a picture, None where it is free.

    open_source  key → a file to read
    size         (width, height) in pixels; a source is scaled to cover it and the rest cut
                 evenly, never squeezed. Of a film at most `SECONDS_MAX` are read
    ask          called now and then while a film is read; what it raises ends the reading
    Raises BadSpec, naming the field, where a source cannot be read or does not fit what is asked;
    what `open_source` raises passes through.
    """
    names = ("first source", "second source") if len(spec.sources) > 1 else ("source",)
    read = read_picture if spec.operation == "image" else read_film
    rate = spec.offer.drawings_per_s
    given = [
        read(open_source(key), size, rate, name, ask) if key else None
        for key, name in zip(spec.sources, names, strict=False)
    ]
    require_length(spec, [len(drawings) for drawings in given if drawings is not None])
    return given


def require_length(spec: ClipSpec, lengths: list[int]) -> None:
    """Raises BadSpec unless a clip of `spec` can be made from sources of so many drawings."""
    if spec.operation == "image" or not lengths:
        return
    if min(lengths) < FILM_MIN_DRAWINGS:
        raise BadSpec("A source is too short: choose a longer film.", field="sources")
    seconds = f"{lengths[0] / spec.offer.drawings_per_s:.1f}".removesuffix(".0")
    if spec.operation in ("extend", "extend_back") and spec.drawings <= lengths[0]:
        raise BadSpec(
            f"The film you extend lasts {seconds} seconds: make the clip longer than that.",
            field="seconds",
        )
    if spec.operation == "remix" and spec.drawings > lengths[0]:
        raise BadSpec(
            f"The film you remix lasts {seconds} seconds: make the clip no longer than that.",
            field="seconds",
        )


def read_picture(
    path: Path, size: Size, rate: int, name: str, ask: Callable[[], None] = never
) -> np.ndarray:
    """One drawing, (1, h, w, 3) uint8, of a picture or of the first moment of a film."""
    if film_format(path, name) is not None:
        return read_film(path, size, rate, name, ask)[:1]
    width, height = size
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as picture:
            if picture.width * picture.height > PICTURE_MAX_PIXELS:
                raise too_large(name)
            picture.draft("RGB", (4 * width, 4 * height))  # a JPEG need not be decoded in full
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
            paper = Image.new("RGBA", upright.size, "white")
            flat = Image.alpha_composite(paper, upright).convert("RGB")
            return np.asarray(ImageOps.fit(flat, size, Image.Resampling.LANCZOS))[None]
    except BadSpec:
        raise
    except Image.DecompressionBombError as error:
        raise too_large(name) from error
    except Exception as error:  # a hostile file may break any part of a decoder
        raise unreadable(name) from error


def read_film(
    path: Path, size: Size, rate: int, name: str, ask: Callable[[], None] = never
) -> np.ndarray:
    """A film's drawings, (F, h, w, 3) uint8, `rate` a second, F at most `SECONDS_MAX` × `rate`."""
    demuxer = film_format(path, name)
    if demuxer is None:
        raise unreadable(name)
    width, height = size
    drawn = decode(decoding_command(path, demuxer, size, rate), name, ask)
    count = len(drawn) // (width * height * 3)
    if count == 0:
        raise unreadable(name)
    frames = np.frombuffer(drawn, np.uint8, count * width * height * 3)
    return frames.reshape(count, height, width, 3)


def decode(command: list[str], name: str, ask: Callable[[], None]) -> bytes:
    """What ffmpeg writes. Kills it where it takes too long, or `ask` raises."""
    give_up_at = time.monotonic() + DECODING_MAX_S
    with subprocess.Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL) as ffmpeg:
        try:
            while True:
                try:
                    return ffmpeg.communicate(timeout=min(ASK_EVERY_S, DECODING_MAX_S))[0]
                except subprocess.TimeoutExpired:
                    ask()
                if time.monotonic() > give_up_at:
                    sentence = f"The {name} takes too long to read: choose a smaller film."
                    raise BadSpec(sentence, field="sources")
        except BaseException:
            ffmpeg.kill()
            raise


def film_format(path: Path, name: str) -> str | None:
    """The name of the demuxer that a file's first bytes ask for; None where it is no film."""
    if path.stat().st_size > MAX_BYTES:
        raise BadSpec(
            f"The {name} has more than {MAX_BYTES // 2**20} MB: choose a smaller file.",
            field="sources",
        )
    with path.open("rb") as file:
        head = file.read(8)
    if head[4:8] == b"ftyp":
        return "mov"
    return "matroska" if head[:4] == b"\x1aE\xdf\xa3" else None


def decoding_command(path: Path, demuxer: str, size: Size, rate: int) -> list[str]:
    # fmt: off
    return [
        *opening(path, demuxer, SECONDS_MAX),
        "-vf", covering(size, rate), "-frames:v", str(SECONDS_MAX * rate),
        "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1",
    ]
    # fmt: on


def opening(path: Path, demuxer: str, seconds: int) -> list[str]:
    """ffmpeg reading the pictures of the first `seconds` of a film, and nothing else of it."""
    # Playlists and references inside a file could name any file or address: only the format that
    # was found is tried, and only `file` may be opened.
    # fmt: off
    return [
        get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin",
        "-max_alloc", str(DECODING_MAX_ALLOCATION),
        "-protocol_whitelist", "file", "-format_whitelist", demuxer, "-f", demuxer,
        "-codec_whitelist", CODECS, "-max_pixels", str(FILM_MAX_PIXELS), "-threads", "2",
        "-t", str(seconds), "-i", f"file:{path.resolve()}",
        "-map", "0:v:0", "-an", "-sn", "-dn",
    ]
    # fmt: on


def covering(size: Size, rate: int) -> str:
    """The filters that bring a film to `rate` pictures a second, `size` covered and never more."""
    cover = "{}:{}".format(*size)
    return (
        f"fps={rate},scale={cover}:force_original_aspect_ratio=increase"
        f":flags=area+accurate_rnd+full_chroma_int,crop={cover},setsar=1"
    )


def unreadable(name: str) -> BadSpec:
    return BadSpec(
        f"The {name} could not be read: choose a picture (PNG, JPEG, WebP) or a film (MP4, WebM).",
        field="sources",
    )


def too_large(name: str) -> BadSpec:
    return BadSpec(
        f"The {name} has more than {PICTURE_MAX_PIXELS // 10**6} million pixels: "
        "choose a smaller picture.",
        field="sources",
    )
