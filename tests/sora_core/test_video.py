"""A film on disk is exactly as long, as large and as fast as asked; another decoder says so."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path, PosixPath

import av
import numpy as np
import pytest
from PIL import Image

from errors import StoreFailed
from sora_core import sprout
from sora_core.spec import ASPECTS, SECONDS_MAX
from sora_core.video import Format, encode, save_poster


def drawings(count: int, size: tuple[int, int]) -> np.ndarray:
    """(count, h, w, 3) uint8: each picture one flat grey, brighter from one to the next."""
    width, height = size
    greys = np.linspace(16, 235, count).astype(np.uint8)
    return np.broadcast_to(greys[:, None, None, None], (count, height, width, 3))


class FullDevice(PosixPath):
    """A device that takes no byte, and that no test may remove."""

    def unlink(self, missing_ok: bool = False) -> None:
        assert missing_ok


def write(path: Path, size: tuple[int, int], seconds: int, source: object = None) -> None:
    native = sprout.NATIVE_SIZES[ASPECTS[size]]
    encode(
        drawings(seconds * 12, native) if source is None else source,
        path,
        Format(*native, 12),
        Format(*size, 24),
        seconds * 24,
    )


SMALLEST = min(ASPECTS)
LENGTHS = [(SMALLEST, seconds) for seconds in range(2, SECONDS_MAX)]


@pytest.mark.parametrize(
    ("size", "seconds"), [*LENGTHS, *((size, end) for size in ASPECTS for end in (1, SECONDS_MAX))]
)
def test_encode_writes_exact_size_rate_and_count(
    tmp_path: Path, size: tuple[int, int], seconds: int
) -> None:
    write(tmp_path / "clip.mp4", size, seconds)
    with av.open(str(tmp_path / "clip.mp4")) as film:
        stream = film.streams.video[0]
        context = stream.codec_context
        times = [frame.pts * frame.time_base for frame in film.decode(video=0)]
        assert (context.width, context.height, stream.average_rate) == (*size, 24)
        assert times == [Fraction(n, 24) for n in range(seconds * 24)]
        assert stream.duration * stream.time_base == seconds
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")


def greys(path: Path) -> np.ndarray:
    with av.open(str(path)) as film:
        return np.array([f.to_ndarray(format="gray").mean() for f in film.decode(video=0)])


def test_encode_puts_a_drawing_halfway_between_two(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", (448, 256), 1)
    steps = np.diff(greys(tmp_path / "clip.mp4"))
    wanted = np.diff(drawings(12, (2, 2))[:, 0, 0, 0].astype(float)).mean()
    assert np.abs(steps[:-1] - wanted / 2).max() <= 2.5
    assert abs(steps[-1]) <= 1


def test_encode_keeps_hard_blocks_and_holds_each_drawing_for_two_frames(tmp_path: Path) -> None:
    """Squares of 2 × 2 pixels stay squares, as pixel art wants them, and do not blend."""
    width, height = sprout.NATIVE_SIZES["1:1"]
    rng = np.random.default_rng(0)
    squares = rng.choice([40, 200], (12, height // 2, width // 2)).astype(np.uint8)
    blocks = squares.repeat(2, 1).repeat(2, 2)[..., None].repeat(3, -1)
    write(tmp_path / "clip.mp4", (480, 480), 1, blocks)
    with av.open(str(tmp_path / "clip.mp4")) as film:
        assert film.metadata["comment"].endswith("scaled in blocks and held")
        frames = [f.to_ndarray(format="rgb24")[..., 1].astype(int) for f in film.decode(video=0)]
    seen = np.stack(frames)
    assert np.abs(seen[0::2] - seen[1::2]).mean() < 4
    middles = seen[::2, 6::12, 6::12]
    assert ((middles > 120) == (squares > 120)).all()
    assert (np.abs(seen - 120) > 40).mean() > 0.95


def test_encode_keeps_colours(tmp_path: Path) -> None:
    red = np.broadcast_to(np.array([200, 30, 60], np.uint8), (12, 80, 80, 3))
    write(tmp_path / "clip.mp4", (256, 256), 1, red)
    with av.open(str(tmp_path / "clip.mp4")) as film:
        context = film.streams.video[0].codec_context
        tags = context.color_primaries, context.color_trc, context.colorspace, context.color_range
        assert tags == (1, 1, 1, 1)  # bt709, bt709, bt709, limited
        frame = next(film.decode(video=0)).to_ndarray(format="rgb24", src_colorspace="ITU709")
    assert np.abs(frame.astype(int).mean((0, 1)) - [200, 30, 60]).max() <= 4


def test_encode_puts_the_index_in_front_and_says_how_it_was_drawn(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write(path, (832, 480), 1)
    head = path.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")
    with av.open(str(path)) as film:
        assert film.metadata["comment"] == "drawn at 112x64, 12 frames/s; scaled and interpolated"


def test_encode_takes_drawings_one_at_a_time_and_leaves_nothing_when_they_fail(
    tmp_path: Path,
) -> None:
    def failing() -> Iterator[np.ndarray]:
        yield from drawings(5, (112, 64))
        raise KeyError

    with pytest.raises(KeyError):
        write(tmp_path / "clip.mp4", (832, 480), 1, failing())
    assert list(tmp_path.iterdir()) == []


def test_encode_says_so_when_the_disk_is_full() -> None:
    with pytest.raises(StoreFailed, match="disk is full"):
        write(FullDevice("/dev/full"), (448, 256), 1)


def test_save_poster_has_the_size_of_the_film(tmp_path: Path) -> None:
    save_poster(drawings(1, (112, 64))[0], tmp_path / "still.jpg", 832, 480)
    with Image.open(tmp_path / "still.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (832, 480))
