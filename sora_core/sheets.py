"""A film's sprite sheet: ten moments of it in one picture, to be looked through without playing."""

import subprocess
from pathlib import Path
from subprocess import DEVNULL

from imageio_ffmpeg import get_ffmpeg_exe

from errors import StoreFailed

COLUMNS, ROWS = 5, 2
LONGER_SIDE = 320  # pixels of one moment
PATIENCE_S = 60


def write_sheet(film: Path, sheet: Path, width: int, height: int, frame_count: int) -> None:
    """Write a JPEG of `COLUMNS` × `ROWS` moments of `film` at `sheet`, evenly spaced, row by row.

    width, height, frame_count  the film's, in pixels and frames
    Leaves no file when it fails. Raises StoreFailed.
    """
    share = min(1.0, LONGER_SIDE / max(width, height))
    tile = f"{round(width * share / 2) * 2}:{round(height * share / 2) * 2}"
    moments = COLUMNS * ROWS
    # fmt: off
    command = [
        get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
        "-protocol_whitelist", "file", "-threads", "1", "-i", f"file:{film.resolve()}",
        "-vf", f"select='gte(n*{moments},selected_n*{frame_count})',scale={tile},"
               f"tile={COLUMNS}x{ROWS}",
        "-frames:v", "1", "-q:v", "4", "-f", "image2", f"file:{sheet.resolve()}",
    ]
    # fmt: on
    try:
        subprocess.run(command, check=True, timeout=PATIENCE_S, stdout=DEVNULL, stderr=DEVNULL)
    except (subprocess.SubprocessError, OSError) as error:
        sheet.unlink(missing_ok=True)
        raise StoreFailed("The sprite sheet could not be made. Try again later.") from error
