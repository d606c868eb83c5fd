"""Pictures that people bring, written anew: nothing of the file they came in is kept.

They come from strangers. What a file is, its first bytes decide; only three formats are tried, in
memory, within bounds of bytes and pixels. What leaves here is upright, opaque, one still, and holds
no place, camera, name or colour profile.
"""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from errors import BadSpec

FORMATS = ("PNG", "JPEG", "WEBP")
UPLOAD_MAX_BYTES = 16 * 2**20
UPLOAD_MAX_PIXELS = 40_000_000
LONGEST_SIDE = 1920  # pixels that are kept, as no clip is larger
QUALITY = 95


@dataclass(frozen=True)
class CleanPicture:
    """A JPEG of `width` × `height` pixels, without metadata."""

    jpeg: bytes
    width: int
    height: int


def clean_picture(content: bytes) -> CleanPicture:
    """Decode a PNG, JPEG or WebP and write it anew; of an animation its first picture.

    At most `LONGEST_SIDE` pixels a side, never enlarged; what is transparent becomes white.
    Raises BadSpec for anything else, anything broken or cut off, and anything too large.
    """
    if len(content) > UPLOAD_MAX_BYTES:
        raise refused(f"has more than {UPLOAD_MAX_BYTES // 2**20} MB: choose a smaller file")
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > UPLOAD_MAX_PIXELS:
                raise too_large()
            flat = flattened(picture)
    except BadSpec:
        raise
    except Image.DecompressionBombError as error:
        raise too_large() from error
    except Exception as error:  # a hostile file may break any part of a decoder
        raise refused("could not be read: choose a whole PNG, JPEG or WebP") from error
    jpeg = BytesIO()
    flat.save(jpeg, "JPEG", quality=QUALITY, subsampling=0)
    return CleanPicture(jpeg.getvalue(), *flat.size)


def flattened(picture: Image.Image) -> Image.Image:
    """RGB, upright, on white, small enough; a new picture that carries no metadata."""
    picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG need not be decoded in full
    turned = ImageOps.exif_transpose(picture)
    turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    clear = turned.convert("RGBA")
    flat = Image.new("RGB", clear.size, "white")
    flat.paste(clear, mask=clear)
    return flat


def refused(what: str) -> BadSpec:
    return BadSpec(f"The picture {what}.", field="picture")


def too_large() -> BadSpec:
    millions = UPLOAD_MAX_PIXELS // 10**6
    return refused(f"has more than {millions} million pixels: choose a smaller one")
