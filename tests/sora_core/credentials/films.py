"""A film small enough to be signed often."""

import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from imageio_ffmpeg import get_ffmpeg_exe


@cache
def content_of_a_film() -> bytes:
    with TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        noise = "nullsrc=size=64x64:rate=24:duration=1,geq=random(1)*255:128:128"
        command = [get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", noise]
        subprocess.run([*command, "-movflags", "+faststart", film], check=True)
        return film.read_bytes()


def plain_film(path: Path) -> Path:
    path.write_bytes(content_of_a_film())
    return path
