"""Files from strangers become drawings of the model's size and rate, or a sentence."""

import subprocess
import zlib
from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from errors import BadSpec, NotFound
from sora_core import sources as reading
from sora_core.sources import read_film, read_picture, read_sources
from sora_core.spec import ClipSpec
from sora_core.video import Format, encode

SIZE = (112, 64)


def parse(**form: object) -> ClipSpec:
    return ClipSpec.parse({"prompt": "a ball", "size": "448x256", **form})


def refused(read: Callable[[], object]) -> str:
    with pytest.raises(BadSpec) as caught:
        read()
    assert caught.value.field in ("sources", "seconds")
    assert str(caught.value).endswith(".")
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


def gradual(count: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(count, h, w, 3) uint8, each drawing a little brighter than the one before."""
    width, height = size
    greys = (40 + 4 * np.arange(count)).astype(np.uint8)
    return np.broadcast_to(greys[:, None, None, None], (count, height, width, 3))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two seconds as Greenroom writes them."""
    path = tmp_path / "film.mp4"
    encode(gradual(24), path, Format(*SIZE, 12), Format(448, 256, 24), 48)
    return path


def foreign(path: Path, codec: str, rate: int, size: tuple[int, int], frames: int) -> Path:
    """A film that another program could have written."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(rate))
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for picture in gradual(frames, size):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_read_film_gives_back_what_was_drawn(film: Path) -> None:
    drawings = read_film(film, SIZE, 12, "film")
    assert (drawings.shape, drawings.dtype) == ((24, 64, 112, 3), np.uint8)
    assert np.abs(drawings.astype(int) - gradual(24)).max() <= 4


@pytest.mark.parametrize(
    ("name", "codec", "rate", "size"),
    [("a.webm", "libvpx-vp9", 30, (160, 90)), ("a.mov", "mpeg4", 25, (90, 160)),
     ("a.mkv", "libx264", 60, (100, 100)), ("no-suffix.txt", "libx264", 8, (64, 64))],
)  # fmt: skip
def test_read_film_takes_other_formats_rates_and_shapes(
    tmp_path: Path, name: str, codec: str, rate: int, size: tuple[int, int]
) -> None:
    """What it is, its first bytes say. Two seconds are 24 drawings, give or take one."""
    written = foreign(
        tmp_path / (name if name != "no-suffix.txt" else "a.mp4"), codec, rate, size, 2 * rate
    )
    path = written.rename(tmp_path / name)
    drawings = read_film(path, SIZE, 12, "film")
    assert abs(len(drawings) - 24) <= 1
    assert drawings.shape[1:] == (64, 112, 3)


def test_read_film_takes_ten_seconds_at_most(tmp_path: Path) -> None:
    path = foreign(tmp_path / "long.mp4", "mpeg4", 12, (64, 64), 150)
    assert len(read_film(path, SIZE, 12, "film")) == 120


def test_read_picture_is_cut_and_not_squeezed(tmp_path: Path) -> None:
    """A circle stays a circle in every shape."""
    rows, columns = np.mgrid[:300, :200]
    disc = (np.hypot(rows - 150, columns - 100) < 60).astype(np.uint8) * 255
    Image.fromarray(disc).save(tmp_path / "disc.png")
    for size in ((112, 64), (64, 112), (80, 80)):
        (drawing,) = read_picture(tmp_path / "disc.png", size, 12, "picture")
        lit = drawing[..., 0] > 127
        across, down = lit.any(0).sum(), lit.any(1).sum()
        assert drawing.shape == (size[1], size[0], 3)
        assert abs(int(across) - int(down)) <= 2 or down == size[1]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
def test_read_picture_takes_each_kind(tmp_path: Path, kind: str, mode: str) -> None:
    if (kind, mode) in (("JPEG", "P"), ("JPEG", "RGBA")):
        pytest.skip("JPEG has no such mode")
    path = tmp_path / "picture"
    Image.new("RGB", (90, 50), (204, 51, 102)).convert(mode).save(path, kind)
    (drawing,) = read_picture(path, SIZE, 12, "picture")
    wanted = (103, 103, 103) if mode == "L" else (204, 51, 102)
    assert np.abs(drawing.astype(int) - wanted).max() <= 12


def test_read_picture_stands_upright_and_lies_on_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    clear.save(tmp_path / "clear.png")
    assert read_picture(tmp_path / "clear.png", SIZE, 12, "p").min() == 255
    lying = Image.new("RGB", (60, 40), "black")
    lying.paste("white", (0, 0, 30, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter to the right: left becomes top
    lying.save(tmp_path / "lying.jpg", exif=exif)
    (drawing,) = read_picture(tmp_path / "lying.jpg", (80, 80), 12, "p")
    assert drawing[5].mean() > 200 > 50 > drawing[-5].mean()


def test_read_picture_takes_the_first_moment_of_a_film(film: Path) -> None:
    assert read_picture(film, SIZE, 12, "picture").shape == (1, 64, 112, 3)


PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n"
CONCAT = b"ffconcat version 1.0\nfile /etc/hostname\n"


def png_that_says(width: int, height: int) -> bytes:
    """A PNG of a few bytes that promises far more."""
    content = BytesIO()
    Image.new("L", (1, 1)).save(content, "PNG")
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    head = content.getvalue()
    chunk = b"IHDR" + header + head[24:29]
    return head[:12] + chunk + zlib.crc32(chunk).to_bytes(4, "big") + head[33:]


@pytest.mark.parametrize(
    "content",
    [b"", b"x", PLAYLIST, CONCAT, b"\0\0\0\x18ftypmp42" + PLAYLIST, b"\x1aE\xdf\xa3" + CONCAT,
     b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"\xff\xd8\xff\xe0" + b"\xff" * 500, b"GIF89a" + b"\0" * 90,
     b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
     png_that_says(2**31 - 1, 2**31 - 1), png_that_says(30_000, 30_000), b"RIFF\0\0\0\0WEBPVP8 "],
)  # fmt: skip
def test_hostile_files_get_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.mp4"
    path.write_bytes(content)
    refused(lambda: read_film(path, SIZE, 12, "source"))
    refused(lambda: read_picture(path, SIZE, 12, "source"))


def test_read_film_gives_what_is_there_of_a_film_cut_short(film: Path) -> None:
    whole = film.read_bytes()
    film.write_bytes(whole[: int(len(whole) * 0.9)])
    drawings = read_film(film, SIZE, 12, "source")
    assert 0 < len(drawings) <= 24
    assert drawings.shape[1:] == (64, 112, 3)


def test_read_film_refuses_a_film_without_its_index(film: Path) -> None:
    film.write_bytes(film.read_bytes()[:400])
    refused(lambda: read_film(film, SIZE, 12, "source"))


def test_reading_is_bounded_in_bytes_pixels_and_time(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.truncate(reading.MAX_BYTES + 1)
    assert "MB" in refused(lambda: read_film(large, SIZE, 12, "source"))
    monkeypatch.setattr(reading, "FILM_MAX_PIXELS", 448 * 256 - 1)
    refused(lambda: read_film(film, SIZE, 12, "source"))
    monkeypatch.setattr(reading, "DECODING_MAX_S", 0.001)
    assert "too long" in refused(lambda: read_film(film, SIZE, 12, "source"))


def test_read_film_ends_when_what_it_asks_raises(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ASK_EVERY_S", 0.001)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_film(film, SIZE, 12, "source", stop)


def test_decoder_opens_no_other_file_and_no_address(film: Path) -> None:
    """The same options refuse an address, and a playlist taken for what it is."""
    command = reading.decoding_command(film, "mov", SIZE, 12)
    for target in ("http://127.0.0.1:9/a.mp4", f"concat:{film.resolve()}"):
        words = [target if word.startswith("file:") else word for word in command]
        ended = subprocess.run(words, capture_output=True)
        assert ended.returncode != 0
        assert b"whitelist" in ended.stderr
    playlist = film.with_name("list.m3u8")
    playlist.write_bytes(PLAYLIST)
    words = [w.replace(str(film.resolve()), str(playlist)) for w in command]
    assert subprocess.run(words, capture_output=True).stdout == b""


def test_read_sources_keeps_places_and_passes_what_opening_raises(film: Path) -> None:
    spec = parse(operation="image", sources=["", "b"])
    first, last = read_sources(spec, lambda key: {"b": film}[key], SIZE)
    assert first is None
    assert last is not None
    assert last.shape == (1, 64, 112, 3)

    def missing(key: str) -> Path:
        raise NotFound

    with pytest.raises(NotFound):
        read_sources(spec, missing, SIZE)


@pytest.mark.parametrize(
    ("operation", "seconds", "fits"),
    [("extend", 3, True), ("extend", 2, False), ("extend_back", 2, False), ("remix", 2, True),
     ("remix", 3, False), ("loop", 2, True)],
)  # fmt: skip
def test_read_sources_compares_lengths(
    film: Path, operation: str, seconds: int, fits: bool
) -> None:
    spec = parse(operation=operation, sources=["a"], seconds=seconds)
    if fits:
        assert len(read_sources(spec, lambda _: film, SIZE)) == 1
    else:
        assert "2 seconds" in refused(lambda: read_sources(spec, lambda _: film, SIZE))
