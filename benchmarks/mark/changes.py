"""What is done to copies, by name."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe


def x264(crf: int) -> tuple[str, ...]:
    return ("-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf))


def x265(preset: str) -> tuple[str, ...]:
    quiet = ("-x265-params", "log-level=none")
    return ("-c:v", "libx265", "-preset", preset, "-crf", "30", *quiet)


def filtered(graph: str, crf: int = 23) -> tuple[str, ...]:
    return ("-vf", graph, *x264(crf))


#: Those of `HARD` need not all be survived.
USUAL: dict[str, tuple[str, ...]] = {
    "H.264 CRF 23": x264(23),
    "H.264 CRF 28": x264(28),
    "H.265 CRF 30": x265("medium"),
    "VP9 CRF 38": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-crf", "38",
                   "-b:v", "0"),
    "scaled to 50 %": filtered("scale=iw/2:-2"),
    "scaled to 75 %": filtered("scale=iw*0.75:-2"),
    "scaled to 150 %": filtered("scale=iw*1.5:-2"),
    "cropped by 10 %": filtered("crop=iw*0.9:ih*0.9"),
    "cropped by 25 %": filtered("crop=iw*0.75:ih*0.75:13:7"),
    "9:16 out of the middle": filtered("crop=ih*9/16:ih"),
    "15 frames/s": filtered("fps=15"),
    "trimmed by half a second": ("-ss", "0.5", *x264(23)),
    "mirrored": filtered("hflip"),
    "turned by 2°": filtered("rotate=2*PI/180:ow=iw:oh=ih"),
    "letterbox": filtered("pad=iw:ih*1.25:0:ih*0.125"),
    "brightness, contrast, gamma": filtered("eq=brightness=0.06:contrast=1.15:gamma=1.1"),
}  # fmt: skip
HARD: dict[str, tuple[str, ...]] = {
    "H.265 CRF 30, ultrafast": x265("ultrafast"),
    "H.264 CRF 35": x264(35),
    "50 % and CRF 28": filtered("scale=iw/2:-2", 28),
    "cropped, 480p, CRF 30": filtered("crop=iw*0.9:ih*0.9,scale=-2:480", 30),
    "camcorder": filtered(
        "rotate=1.2*PI/180,scale=trunc(iw*0.415)*2:-2,noise=alls=6:allf=t,gblur=0.6", 26
    ),
}


def change(film: Path, options: Sequence[str], name: str) -> Path:
    """A changed copy of `film`, beside it."""
    copy = film.with_name(f"copy{'.webm' if 'VP9' in name else '.mp4'}")
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-y", "-i", film, *options, copy]
    subprocess.run(command, check=True)
    return copy
