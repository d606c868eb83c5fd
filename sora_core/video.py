"""Drawings → MP4, through the ffmpeg program that imageio-ffmpeg brings along."""

import subprocess
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from subprocess import DEVNULL, PIPE

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageOps

from errors import RenderFailed, StoreFailed
from sora_core.mark.embedding import Mark, filters, rows_for, with_map

# What ffmpeg says, or dies of, when the file cannot grow: ENOSPC, EFBIG, EDQUOT, SIGXFSZ.
NO_ROOM = ("No space left on device", "File too large", "Disk quota exceeded")
SIGXFSZ = 25
LARGE = 10**6  # pixels from which on half the time is worth a third more bytes
CRF = 20
LOOK = 12  # drawings that are looked at before the film begins
# Of rendered pixel art 0 is within squares, of what the model draws of it about a third of what is
# between them; of other styles 0.55 and more.
BLOCKS = 0.42
# Tags only: without them players guess, and guess differently by size.
BT709 = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


@dataclass(frozen=True)
class Format:
    """How large (pixels) and how fast (pictures a second)."""

    width: int
    height: int
    fps: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}, {self.fps} frames/s"


def encode(
    drawings: Iterable[np.ndarray],
    path: Path,
    drawn: Format,
    wanted: Format,
    frame_count: int,
    mark: Mark | None = None,
    crf: int = CRF,
) -> None:
    """Write `drawings` as a film that browsers play: H.264, yuv420p, its index in front.

    drawings     each (h, w, 3) uint8 RGB as `drawn` says, taken one at a time; together they
                 last as long as `frame_count` frames
    wanted       each is scaled to cover this size, the rest cut evenly. At twice the rate drawn,
                 others are put in between where they can be, see `doubled`
    frame_count  exactly how many frames the file has
    mark         goes into the film in the same pass, or None
    crf          x264's constant quality, 0 (lossless) to 51

    Pictures of hard square blocks keep them; others are scaled smoothly (Lanczos). Native size
    and rate, and what was done, stand in the file's comment. Leaves no file when it fails, also
    when `drawings` raises: that error passes through.
    Raises StoreFailed when the disk is full, RenderFailed when ffmpeg fails otherwise.
    """
    from sora_core.between import doubled  # torch, which reads its settings when imported

    coming = iter(drawings)
    first = list(islice(coming, LOOK))
    coming, blocks = chain(first, coming), bool(first) and in_blocks(np.stack(first))
    between = not blocks and wanted.fps == 2 * drawn.fps
    if between:
        coming = doubled(coming)
    plane = path.with_suffix(".mark") if mark else None
    command = ffmpeg_command(
        path, drawn, wanted, frame_count, plane, crf, blocks=blocks, between=between
    )
    try:
        if mark and plane:
            plane.write_bytes(mark.plane(wanted.width, wanted.height).tobytes())
            coming = (with_map(drawing, wanted.width / drawn.width) for drawing in coming)
        with subprocess.Popen(command, stdin=PIPE, stdout=DEVNULL, stderr=PIPE) as ffmpeg:
            said = feed(ffmpeg, coming)
        if ffmpeg.returncode != 0:
            raise encoding_failed(ffmpeg.returncode, said)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        if plane:
            plane.unlink(missing_ok=True)


def feed(ffmpeg: "subprocess.Popen[bytes]", drawings: Iterable[np.ndarray]) -> str:
    """Hand `drawings` over, one at a time, and wait; returns what ffmpeg complained of.

    Kills it where the next drawing does not come. Where it ends early, the rest is not drawn.
    """
    assert ffmpeg.stdin is not None
    assert ffmpeg.stderr is not None
    said: list[bytes] = []
    # Read beside the writing: a full pipe of complaints would stop both sides for ever.
    listener = threading.Thread(
        target=lambda stream: said.append(stream.read()), args=[ffmpeg.stderr]
    )
    listener.start()
    try:
        with suppress(BrokenPipeError):
            for drawing in drawings:
                ffmpeg.stdin.write(np.ascontiguousarray(drawing).data)
            ffmpeg.stdin.flush()
    except BaseException:
        ffmpeg.kill()
        raise
    finally:
        with suppress(BrokenPipeError):
            ffmpeg.stdin.close()
        listener.join()
    return said[0].decode(errors="replace")


def ffmpeg_command(
    path: Path,
    drawn: Format,
    wanted: Format,
    frame_count: int,
    plane: Path | None,
    crf: int,
    *,
    blocks: bool,
    between: bool,
) -> list[str]:
    size, rate = f"{wanted.width}:{wanted.height}", wanted.fps if between else drawn.fps
    flags = "neighbor" if blocks else "lanczos"
    scale = (
        f"scale={size}:force_original_aspect_ratio=increase"
        f":flags={flags}+accurate_rnd+full_chroma_inp:out_color_matrix=bt709:out_range=tv"
    )
    film = f"{scale},crop={size},fps={wanted.fps},format=yuv420p"
    height, tile = drawn.height, []
    if plane:
        apart, added = filters(drawn, wanted)
        film, height = f"{apart},{film},{added}", drawn.height + rows_for(drawn.height)
        tile = ["-f", "rawvideo", "-pix_fmt", "gray", "-video_size", size.replace(":", "x")]
        tile += ["-i", str(plane)]
    done = f"scaled{' in blocks' if blocks else ''} and {'interpolated' if between else 'held'}"
    # fmt: off
    return [
        get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{drawn.width}x{height}",
        "-framerate", str(rate), "-i", "pipe:0", *tile,
        "-filter_complex", f"{film},{BT709}",
        "-frames:v", str(frame_count),
        "-c:v", "libx264", "-preset", preset(wanted.width, wanted.height), "-crf", str(crf),
        "-metadata", f"comment=drawn at {drawn}; {done}",
        "-movflags", "+faststart", "-f", "mp4", str(path),
    ]
    # fmt: on


def preset(width: int, height: int) -> str:
    """x264's, for a film of this size."""
    return "superfast" if width * height > LARGE else "veryfast"


def in_blocks(drawings: np.ndarray) -> bool:
    """Whether (F, h, w, 3) uint8 consist of squares of 2 × 2 pixels, as pixel art does.

    Brightness then changes from square to square, hardly within one.
    """
    across = np.abs(np.diff(drawings.astype(np.int16), axis=2)).mean((0, 1, 3))
    down = np.abs(np.diff(drawings.astype(np.int16), axis=1)).mean((0, 2, 3))
    within = across[0::2].mean() + down[0::2].mean()
    return bool(within < BLOCKS * (across[1::2].mean() + down[1::2].mean()))


def encoding_failed(status: int, said: str) -> RenderFailed:
    if status == -SIGXFSZ or any(words in said for words in NO_ROOM):
        return StoreFailed("The disk is full: the clip could not be kept. Try again later.")
    return RenderFailed("The clip was drawn but could not be written as a film. Try again.")


def save_poster(drawing: np.ndarray, path: Path, width: int, height: int) -> None:
    """One drawing, (h, w, 3) uint8, as a JPEG of the film's size, cut as the film is cut."""
    picture = ImageOps.fit(Image.fromarray(drawing), (width, height), Image.Resampling.LANCZOS)
    try:
        picture.save(path, "JPEG", quality=85, optimize=True)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StoreFailed("The clip's still could not be kept: is the disk full?") from error
