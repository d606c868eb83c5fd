"""Pictures from strangers: written anew within bounds, or refused with a sentence."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from errors import BadSpec
from sora_core.pictures import LONGEST_SIDE, UPLOAD_MAX_BYTES, clean_picture


def written(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png_bomb(width: int, height: int) -> bytes:
    """A few KB that decode to `width` × `height` black pixels."""
    pixels = zlib.compressobj(9)
    row = b"\0" * (1 + width // 8)
    packed = b"".join(pixels.compress(row) for _ in range(height)) + pixels.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_picture_of_each_format_becomes_a_jpeg_of_the_same_look(kind: str) -> None:
    """A red half and a blue half stay where they are."""
    picture = Image.new("RGB", (64, 32), "red")
    picture.paste("blue", (32, 0, 64, 32))
    clean = clean_picture(written(picture, kind))
    seen = Image.open(BytesIO(clean.jpeg))
    assert (seen.format, seen.size, (clean.width, clean.height)) == ("JPEG", (64, 32), (64, 32))
    difference = np.abs(np.asarray(seen, int) - np.asarray(picture, int))
    assert difference.mean() < 6


def test_metadata_is_gone_and_the_picture_upright() -> None:
    """Place, camera, author, comment and colour profile do not survive; the rotation is applied."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x013B] = 6, "SecretCamera", "SecretAuthor"
    exif.get_ifd(0x8825)[1] = "N"
    content = written(
        Image.new("RGB", (60, 20), "green"),
        "JPEG",
        exif=exif,
        comment=b"SecretComment",
        icc_profile=b"SecretProfile" * 20,
    )
    assert b"Secret" in content
    clean = clean_picture(content)
    seen = Image.open(BytesIO(clean.jpeg))
    assert seen.size == (20, 60)
    assert dict(seen.getexif()) == {}
    assert set(seen.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"Secret" not in clean.jpeg
    assert b"Exif" not in clean.jpeg


def test_large_picture_is_made_smaller_and_a_small_one_stays() -> None:
    large = clean_picture(written(Image.new("RGB", (5000, 1000)), "JPEG"))
    assert (large.width, large.height) == (LONGEST_SIDE, LONGEST_SIDE // 5)
    small = clean_picture(written(Image.new("L", (1, 1)), "PNG"))
    assert (small.width, small.height) == (1, 1)


def test_transparent_parts_become_white() -> None:
    clean = clean_picture(written(Image.new("RGBA", (8, 8), (255, 0, 0, 0)), "PNG"))
    assert np.asarray(Image.open(BytesIO(clean.jpeg))).min() > 250


@pytest.mark.parametrize("size", [(10_000, 10_000), (60_000, 60_000)])
def test_bomb_of_pixels_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    """100 and 3,600 megapixels in a few KB: the header is read, the pixels never are."""
    content = (
        png_bomb(*size)
        if size[0] == 10_000
        else png_bomb(8, 8).replace(struct.pack(">II", 8, 8), struct.pack(">II", *size))
    )
    with pytest.raises(BadSpec) as refusal:
        clean_picture(content)
    assert refusal.value.field == "picture"


JPEG = written(Image.effect_noise((200, 200), 50), "JPEG")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://192.0.2.1/x"/></svg>'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GET / HTTP/1.1",
        SVG,
        b'<?xml version="1.0"?>' + SVG,
        written(Image.new("P", (8, 8)), "GIF"),
        written(Image.new("RGB", (8, 8)), "BMP"),
        written(Image.new("RGB", (8, 8)), "TIFF"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n",
        JPEG[: len(JPEG) // 2],
        JPEG[:20],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"\0" * (UPLOAD_MAX_BYTES + 1),
    ],
)
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    with pytest.raises(BadSpec) as refusal:
        clean_picture(content)
    assert refusal.value.field == "picture"
    assert "picture" in str(refusal.value)


def test_animation_gives_its_first_picture() -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("lime", "red", "blue")]
    content = written(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    red, green, blue = np.asarray(Image.open(BytesIO(clean_picture(content).jpeg)))[8, 8]
    assert (red, blue) < (40, 40)
    assert green > 200
