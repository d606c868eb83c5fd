"""The visible mark: a small sign in a film's corner that says a model made it."""

import subprocess
from functools import lru_cache
from pathlib import Path
from subprocess import DEVNULL, PIPE

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageDraw, ImageFont

from sora_core.video import BT709, encoding_failed, preset

WORDS = "Made with AI"
#: Of the film's shorter side: the sign's height, and how far it stands from the edge.
HEIGHT, MARGIN = 0.07, 0.03
LEAST_PX = 18
PAPER, INK = (12, 12, 14, 178), (255, 255, 255, 255)


@lru_cache(maxsize=16)
def sign(width: int, height: int) -> Image.Image:
    """RGBA. White on a dark ground of its own, so that it is read on white, black and anything."""
    tall = max(LEAST_PX, round(HEIGHT * min(width, height)))
    font = ImageFont.load_default(tall * 0.58)
    left, top, right, bottom = font.getbbox(WORDS)
    picture = Image.new("RGBA", (round(right - left + tall), tall))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, picture.width - 1, tall - 1), tall // 2, PAPER)
    draw.text((tall / 2 - left, (tall - (bottom - top)) / 2 - top), WORDS, INK, font)
    return picture


def place(width: int, height: int) -> tuple[int, int]:
    """Where the sign's upper left corner goes in a film of this size: at the lower right."""
    picture, margin = sign(width, height), round(MARGIN * min(width, height))
    return width - picture.width - margin, height - picture.height - margin


def mark_film(film: Path, marked: Path) -> None:
    """Write `film`, an MP4 of ours, at `marked` with the sign in every frame; its index in front.

    Credentials do not pass: sign it afterwards. The invisible mark does. Leaves no file when it
    fails. Raises StoreFailed when the disk is full, RenderFailed when ffmpeg fails otherwise.
    """
    width, height = size_of(film)
    left, top = place(width, height)
    picture = sign(width, height)
    # fmt: off
    command = [
        get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
        "-protocol_whitelist", "file,pipe", "-f", "mov", "-i", f"file:{film.resolve()}",
        "-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", f"{picture.width}x{picture.height}",
        "-i", "pipe:0",
        "-filter_complex", f"[0:v][1:v]overlay={left}:{top}:eof_action=repeat,{BT709}",
        "-map_metadata", "0", "-c:v", "libx264", "-preset", preset(width, height), "-crf", "18",
        "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", str(marked),
    ]
    # fmt: on
    done = subprocess.run(
        command, input=np.asarray(picture).tobytes(), stdout=DEVNULL, stderr=PIPE, check=False
    )
    if done.returncode != 0:
        marked.unlink(missing_ok=True)
        raise encoding_failed(done.returncode, done.stderr.decode(errors="replace"))


def mark_still(still: Path, marked: Path) -> None:
    """Write the JPEG `still` at `marked` with the sign in it."""
    with Image.open(still) as picture:
        page = picture.convert("RGB")
    small = sign(*page.size)
    page.paste(small, place(*page.size), small)
    page.save(marked, "JPEG", quality=88, optimize=True)


def size_of(film: Path) -> tuple[int, int]:
    """Width and height in pixels, as ffmpeg's own first frame has them."""
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-f", "mov", "-i", f"file:{film.resolve()}",
               "-frames:v", "1", "-f", "image2pipe", "-c:v", "pgm", "pipe:1"]  # fmt: skip
    head = subprocess.run(command, stdin=DEVNULL, capture_output=True, check=False).stdout[:32]
    lines = head.split(b"\n")
    if lines[0] != b"P5":
        raise encoding_failed(1, "")
    width, height = map(int, lines[1].split())
    return width, height
