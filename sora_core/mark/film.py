"""What is left of a film when its content is taken out: where the mark is, if there is one.

Films come from strangers: the decoder is bound as in sora_core/sources.py, in bytes, pixels,
pictures and time.
"""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from scipy import ndimage

from errors import BadSpec
from sora_core.sources import CODECS, DECODING_MAX_ALLOCATION, FILM_MAX_PIXELS

MAX_BYTES = 256 * 2**20
MAX_SECONDS = 120
LONG_SIDE = 1920
FRAMES_PER_S = 6
WINDOW_FRAMES = 12
DECODING_MAX_S = 45
SMOOTH, LOUDEST, AROUND = 13, 12.0, 31
SMOOTH_FINER, AROUND_FINER = 9, 15
DEMUXERS = {b"\x1aE\xdf\xa3": "matroska", b"RIFF": "avi"}


def residual(frame: np.ndarray) -> np.ndarray:
    """(h, w) float32: fine detail, loud edges cut down to size."""
    luma = frame.astype(np.float32)
    detail = luma - ndimage.uniform_filter(luma, SMOOTH)
    return np.clip(detail, -LOUDEST, LOUDEST, out=detail)


def even_out(picture: np.ndarray, around: int = AROUND) -> np.ndarray:
    """A residual, or several averaged, equally loud everywhere: no object speaks for the whole."""
    # Where nothing is, the filter's running sum may come out a trace below nothing.
    power = np.maximum(ndimage.uniform_filter(picture**2, around), 0)
    return picture / (np.sqrt(power) + 0.3)


def finer(picture: np.ndarray) -> np.ndarray:
    """`even_out` of a picture that is no larger than its film was: more of its content goes."""
    detail = picture - ndimage.uniform_filter(picture, SMOOTH_FINER)
    return even_out(detail, AROUND_FINER)


def windows(path: Path, seconds: int = MAX_SECONDS, rate: int = FRAMES_PER_S) -> list[np.ndarray]:
    """The sum of the residuals of each two seconds, (h, w) float32 each, in order.

    Raises BadSpec where it is no film, or too large, or takes too long.
    """
    sums: list[np.ndarray] = []
    for at, frame in enumerate(frames(path, seconds, rate)):
        if at % WINDOW_FRAMES == 0:
            sums.append(np.zeros(frame.shape, np.float32))
        sums[-1] += residual(frame)
    if not sums:
        raise unreadable()
    return sums


def frames(path: Path, seconds: int, rate: int) -> Iterator[np.ndarray]:
    """(h, w) uint8 each. Raises BadSpec."""
    command = decoding_command(path, demuxer_of(path), seconds, rate)
    give_up_at = time.monotonic() + DECODING_MAX_S
    with subprocess.Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL) as ffmpeg:
        assert ffmpeg.stdout is not None
        try:
            while ffmpeg.stdout.readline(8) == b"P5\n":  # the PGM format, one picture each
                width, height = map(int, ffmpeg.stdout.readline(32).split())
                ffmpeg.stdout.readline(8)
                content = ffmpeg.stdout.read(width * height)
                if len(content) < width * height:
                    return
                yield np.frombuffer(content, np.uint8).reshape(height, width)
                if time.monotonic() > give_up_at:
                    raise BadSpec(
                        "The film takes too long to read: try a shorter part of it.", field="film"
                    )
        finally:
            ffmpeg.kill()


def demuxer_of(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise BadSpec(
            f"The film has more than {MAX_BYTES // 2**20} MB: try a shorter part of it.",
            field="film",
        )
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"wide"):
        return "mov"
    if head[:4] not in DEMUXERS:
        raise unreadable()
    return DEMUXERS[head[:4]]


def decoding_command(path: Path, demuxer: str, seconds: int, rate: int) -> list[str]:
    fit = f"scale='min({LONG_SIDE},iw)':'min({LONG_SIDE},ih)':force_original_aspect_ratio=decrease"
    # fmt: off
    return [
        get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin",
        "-max_alloc", str(DECODING_MAX_ALLOCATION),
        "-protocol_whitelist", "file", "-format_whitelist", demuxer, "-f", demuxer,
        "-codec_whitelist", CODECS, "-max_pixels", str(FILM_MAX_PIXELS), "-threads", "1",
        "-t", str(seconds), "-i", f"file:{path.resolve()}",
        "-map", "0:v:0", "-an", "-sn", "-dn",
        "-vf", f"fps={rate},{fit},format=yuv420p,extractplanes=y",
        "-c:v", "pgm", "-f", "image2pipe", "pipe:1",
    ]
    # fmt: on


def unreadable() -> BadSpec:
    return BadSpec(
        "The film could not be read: give an MP4, MOV, WebM, MKV or AVI with pictures in it.",
        field="film",
    )
