"""A film from elsewhere becomes drawings of the model's size and rate, and nothing else."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from errors import BadSpec
from sora_core import reels
from sora_core.catalog import MODELS
from sora_core.sources import read_film

SPROUT = MODELS["sprout"]


def film(path: Path, source: str, *more: str) -> Path:
    command = [get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi"]
    subprocess.run([*command, "-i", source, *more, path], check=True)
    return path


def drawings(path: Path, aspect: str) -> np.ndarray:
    return read_film(path, SPROUT.native_sizes[aspect], SPROUT.drawings_per_s, "film")


@pytest.mark.parametrize(
    ("size", "offered"),
    [
        ((640, 360), (448, 256)),
        ((1280, 720), (1280, 720)),
        ((4096, 2304), (1920, 1080)),
        ((64, 36), (448, 256)),
        ((720, 1280), (720, 1280)),
        ((500, 480), (480, 480)),
    ],
)
def test_nearest_is_the_shape_of_the_film_and_no_larger_if_it_can_be(
    size: tuple[int, int], offered: tuple[int, int]
) -> None:
    assert reels.nearest(size) == offered


def test_wind_keeps_every_drawing_of_whole_seconds_and_nothing_that_was_said(
    tmp_path: Path,
) -> None:
    """2.4 s of it are two seconds; the words in the file are not in what is written."""
    given = film(
        tmp_path / "a.mp4",
        "testsrc2=size=448x256:rate=24:duration=2.4,format=yuv420p",
        *("-metadata", "title=taken at home"),
    )
    assert reels.wind(given, tmp_path / "b.mp4", SPROUT) == reels.Reel(448, 256, 2)
    count = 2 * SPROUT.drawings_per_s
    assert np.array_equal(drawings(tmp_path / "b.mp4", "16:9"), drawings(given, "16:9")[:count])
    assert b"taken at home" in given.read_bytes()
    assert b"taken at home" not in (tmp_path / "b.mp4").read_bytes()


def test_wind_holds_the_last_drawing_where_one_is_missing_to_a_second(tmp_path: Path) -> None:
    rate = SPROUT.drawings_per_s
    source = f"testsrc2=size=256x256:rate={rate}:duration={(rate - 1) / rate},format=yuv420p"
    given = film(tmp_path / "a.mp4", source)
    assert reels.wind(given, tmp_path / "b.mp4", SPROUT).seconds == 1
    drawn = drawings(tmp_path / "b.mp4", "1:1")
    assert len(drawn) == rate
    assert np.array_equal(drawn[-1], drawn[-2])


def test_wind_frames_a_film_whose_pixels_are_not_square(tmp_path: Path) -> None:
    """256 × 256 shown twice as wide is a wide film: its left and right edges are as it shows them.

    Seen by a white square in the middle of what is shown, which stays one.
    """
    shown = "color=black:size=512x256:rate=24:duration=1,drawbox=192:64:128:128:white:fill"
    given = film(tmp_path / "a.mp4", f"{shown},scale=256:256,setsar=2,format=yuv420p")
    assert reels.wind(given, tmp_path / "b.mp4", SPROUT) == reels.Reel(448, 256, 1)
    light = drawings(tmp_path / "b.mp4", "16:9")[0].mean(2) > 128
    assert abs(int(light.any(0).sum()) - int(light.any(1).sum())) <= 2


def test_wind_leaves_nothing_of_a_film_that_does_not_fit(tmp_path: Path) -> None:
    given = film(tmp_path / "a.mp4", "testsrc2=size=64x64:rate=24:duration=10.5")
    with pytest.raises(BadSpec, match="longer than 10 seconds"):
        reels.wind(given, tmp_path / "b.mp4", SPROUT)
    assert not (tmp_path / "b.mp4").exists()
