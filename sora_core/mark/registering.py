"""Where a copy's pixels lie in the film it may come from: cut, turned or of another size.

First coarsely, over sizes, turns and shifts; then by Gauss's and Newton's method on four numbers
(size, turn, two shifts), on ever larger pictures (Lucas and Kanade 1981), both evened out in light
as in Evangelidis and Psarakis 2008, doi:10.1109/TPAMI.2008.113.

Places are told from a picture's middle, in widths of it: (0.5, 0) is the middle of the right edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from PIL import Image
from scipy import ndimage

COARSE, FINE = 48, (48, 128, 320, 640)  # widths of the pictures that are laid over each other
SIZES = (1.3, 1.15, 1.0, 0.9, 0.8, 0.7)  # of what the copy shows, beside the film's width
TURNS = (-0.04, 0.0, 0.04)  # radians
SHIFTS = (-0.1, -0.05, 0.0, 0.05, 0.1)
STARTS, STEPS = 4, 15
OUTLIER = 2.5  # deviations: what moved meanwhile, bars, a logo
LEAST_SHARED = 0.3  # of the copy's pixels


@dataclass(frozen=True)
class Laid:
    """across  (2, 3) float: from places (x, y, 1) of a copy to those of a film
    alike   correlation of what both show there, −1 to 1
    """

    across: np.ndarray
    alike: float

    def pixels(self, copy: tuple[int, ...], film: tuple[int, ...]) -> np.ndarray:
        """(2, 3) float: from pixels (x, y, 1) to pixels, of pictures of these (heights, widths)."""
        from_pixels, to_pixels = frame_of(copy), np.linalg.inv(frame_of(film))
        return (to_pixels @ np.vstack([self.across, [0, 0, 1]]) @ from_pixels)[:2]


def register(copy: np.ndarray, film: Sequence[np.ndarray]) -> Laid:
    """Lay `copy`, (h, w) uint8, over the one of the film's pictures that it is most like."""
    small = shrink(copy, COARSE)
    pictures = [shrink(picture, COARSE) for picture in film]
    start = lay(small, pictures[len(pictures) // 2])
    for _ in range(2):
        at = int(np.argmax([alike(small, picture, start.across) for picture in pictures]))
        start = lay(small, pictures[at])
    return fit(copy, film[at], start)


def fit(copy: np.ndarray, film: np.ndarray, start: Laid) -> Laid:
    """Closer and closer, as far as the pictures' pixels reach."""
    laid = start
    for width in FINE:
        if width <= max(COARSE, min(copy.shape[1], film.shape[1])):
            laid = approach(shrink(copy, width), shrink(film, width), laid.across)
    return laid


def lay(copy: np.ndarray, film: np.ndarray) -> Laid:
    """The best of all SIZES, TURNS and SHIFTS, by steps from those that begin best."""
    begun = [
        np.array([[size * np.cos(turn), -size * np.sin(turn), right],
                  [size * np.sin(turn), size * np.cos(turn), down]])
        for size, turn, right, down in product(SIZES, TURNS, SHIFTS, SHIFTS)
    ]  # fmt: skip
    begun.sort(key=lambda across: -alike(copy, film, across))
    laid = [approach(copy, film, across) for across in begun[:STARTS]]
    return max(laid, key=lambda one: one.alike)


def approach(copy: np.ndarray, film: np.ndarray, across: np.ndarray) -> Laid:
    """STEPS steps towards where both are most alike."""
    places = places_of(copy)
    down, right = np.gradient(film)
    slopes = np.stack([right, down]) * film.shape[1]
    best = Laid(across, alike(copy, film, across))
    for _ in range(STEPS):
        seen, inside = look_up(film, places, across)
        if inside.mean() < LEAST_SHARED:
            break
        spread = seen[inside].std() + 1e-6
        missing = even(copy, inside) - even(seen, inside)
        kept = inside & (np.abs(missing) < OUTLIER * (missing[inside].std() + 1e-6))
        slope = np.stack([look_up(one, places, across)[0][kept] for one in slopes], 1) / spread
        x, y, _ = places[:, kept]
        right, down = slope.T
        each = np.stack([right * x + down * y, down * x - right * y, right, down], 1)
        step, *_ = np.linalg.lstsq(each.T @ each, each.T @ missing[kept], rcond=None)
        larger, more, *shift = step
        across = across + np.array([[larger, -more, shift[0]], [more, larger, shift[1]]])
        here = alike(copy, film, across)
        if here > best.alike:
            best = Laid(across, here)
    return best


def alike(copy: np.ndarray, film: np.ndarray, across: np.ndarray) -> float:
    seen, inside = look_up(film, places_of(copy), across)
    if inside.mean() < LEAST_SHARED:
        return -1.0
    return float((even(copy, inside) * even(seen, inside))[inside].mean())


def even(picture: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Flattened, with mean 0 and deviation 1 of what is inside."""
    flat = picture.ravel()
    return (flat - flat[inside].mean()) / (flat[inside].std() + 1e-6)


def look_up(
    film: np.ndarray, places: np.ndarray, across: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What `film` shows at each place of the copy, (N,) float, and whether it shows any, (N,)."""
    height, width = film.shape
    x, y = across @ places * width + np.array([[width], [height]]) / 2 - 0.5
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    return ndimage.map_coordinates(film, [y, x], order=1, mode="nearest"), inside


def places_of(picture: np.ndarray) -> np.ndarray:
    """(3, N) float: (x, y, 1) of each pixel."""
    height, width = picture.shape
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    return frame_of((height, width)) @ pixels


def frame_of(shape: tuple[int, ...]) -> np.ndarray:
    """(3, 3) float: from pixels (x, y, 1) of a picture (height, width) to places."""
    height, width = shape
    middle = np.array([(0.5 - width / 2) / width, (0.5 - height / 2) / width])
    return np.array([[1 / width, 0, middle[0]], [0, 1 / width, middle[1]], [0, 0, 1]])


def shrink(picture: np.ndarray, width: int) -> np.ndarray:
    """(≈ h · width / w, width) float32; as it is where it is no larger."""
    if width >= picture.shape[1]:
        return picture.astype(np.float32)
    size = (width, max(8, round(picture.shape[0] * width / picture.shape[1])))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX), np.float32)
