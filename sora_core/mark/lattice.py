"""Where the tiles of an enlarged, turned or squeezed copy lie: how the picture is like itself."""

from collections.abc import Iterator

import numpy as np
from scipy import fft, ndimage

NEAR, FAR = 36, 420  # pixels between two tiles, at least and at most
PEAKS = 24
TOLERANCE = 3.0


def find_lattices(picture: np.ndarray, most: int) -> list[np.ndarray]:
    """Up to `most` bases, (2, 2) float each as `fold` takes them, the likeliest first.

    picture  (h, w) float32, as for `fold`
    """
    likeness, origin = self_likeness(picture)
    peaks = find_peaks(likeness, origin)
    high = ndimage.maximum_filter(likeness, 3)
    scored = [(score(high, origin, pair), pair) for pair in pairs(peaks)]
    scored.sort(key=lambda row: -row[0])
    found: list[np.ndarray] = []
    for _, pair in scored:
        better = refine(likeness, origin, pair)
        if not any(np.abs(better - other).max() < 0.5 for other in found):
            found.append(better)
        if len(found) == most:
            break
    return found


def self_likeness(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(2·FAR' + 1, …) float: how alike picture and shifted picture are, in local deviations.

    Returns it and the place of the shift by nothing, (y, x).
    """
    height, width = picture.shape
    size = [fft.next_fast_len(side + min(FAR, side), real=True) for side in picture.shape]
    power = np.abs(fft.rfft2(picture - picture.mean(), size))
    power[0, 0] = 0
    raw = fft.irfft2(power**1.5, size)
    reach = np.array([min(FAR, height * 3 // 4), min(FAR, width * 3 // 4)])
    rows, columns = (np.arange(-most, most + 1) for most in reach)
    near = raw[np.ix_(rows, columns)]
    overlap = (height - np.abs(rows))[:, None] * (width - np.abs(columns)) / (height * width)
    flat = near / np.sqrt(overlap)
    flat = flat - ndimage.uniform_filter(flat, 9, mode="nearest")
    spread = np.sqrt(ndimage.uniform_filter(np.minimum(flat**2, np.percentile(flat**2, 99)), 41))
    return flat / (spread + 1e-12), reach


def find_peaks(likeness: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """(≤ PEAKS, 2) float: shifts (x, y) of the highest peaks of the upper half."""
    summit = (likeness == ndimage.maximum_filter(likeness, 7)) & (likeness > 3)
    y, x = np.nonzero(summit)
    dy, dx = y - origin[0], x - origin[1]
    far = np.hypot(dx, dy)
    kept = (far >= NEAR) & ((dy > 0) | ((dy == 0) & (dx > 0)))
    heights = likeness[y[kept], x[kept]]
    best = np.argsort(-heights)[:PEAKS]
    return np.stack([dx[kept][best], dy[kept][best]], 1).astype(float)


def pairs(peaks: np.ndarray) -> Iterator[np.ndarray]:
    """Bases of nearly right angle and nearly equal sides; also of one peak and its quarter turn."""
    for at, one in enumerate(peaks):
        yield np.stack([one, [-one[1], one[0]]], 1)
        for other in peaks[at + 1 :]:
            lengths = np.hypot(*one), np.hypot(*other)
            upright = abs(one @ other) < 0.08 * lengths[0] * lengths[1]
            if upright and 0.6 < lengths[0] / lengths[1] < 1.7:
                yield np.stack([one, other], 1)


def nodes(origin: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lattice's shifts within reach: whole coordinates (K, 2) and places (K, 2), (x, y)."""
    steps = np.stack(np.meshgrid(np.arange(-6, 7), np.arange(0, 7)), -1).reshape(-1, 2)
    steps = steps[(steps[:, 1] > 0) | (steps[:, 0] > 0)]
    places = steps @ basis.T
    inside = (np.abs(places[:, 0]) <= origin[1] - 2) & (np.abs(places[:, 1]) <= origin[0] - 2)
    return steps[inside], places[inside]


def score(high: np.ndarray, origin: np.ndarray, basis: np.ndarray) -> float:
    """How far the lattice's places stand out together; more for the finest that explains them.

    high  the likeness, each place as high as its highest neighbour
    """
    _, places = nodes(origin, basis)
    if len(places) < 2:
        return 0.0
    x, y = np.rint(places).astype(int).T
    heights = np.clip(high[y + origin[0], x + origin[1]], -4, 12)
    return float(heights.sum() / np.sqrt(len(heights)))


def refine(likeness: np.ndarray, origin: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The basis that fits the peaks near its places best: far ones tell a tenth of a pixel."""
    for _ in range(3):
        steps, places = nodes(origin, basis)
        found, weights = [], []
        for place in places:
            peak, height = peak_near(likeness, origin, place)
            found.append(peak)
            weights.append(max(height - 2.5, 0.0))
        weight = np.sqrt(np.array(weights))[:, None]
        if np.count_nonzero(weight) < 2 or np.linalg.matrix_rank(steps * weight) < 2:
            return basis
        fitted, *_ = np.linalg.lstsq(steps * weight, np.array(found) * weight, rcond=None)
        basis = fitted.T
    return basis


def peak_near(
    likeness: np.ndarray, origin: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, float]:
    """The highest place within a few pixels, between pixels by a parabola; and how high."""
    x, y = np.rint(place).astype(int)
    reach = int(TOLERANCE)
    top, left = y + origin[0] - reach, x + origin[1] - reach
    window = likeness[max(top, 0) : top + 2 * reach + 1, max(left, 0) : left + 2 * reach + 1]
    row, column = map(int, np.unravel_index(window.argmax(), window.shape))
    height = float(window[row, column])
    fine = [between(window[:, column], row), between(window[row], column)]
    peak_y, peak_x = max(top, 0) + row + fine[0], max(left, 0) + column + fine[1]
    return np.array([peak_x - origin[1], peak_y - origin[0]]), height


def between(line: np.ndarray, at: int) -> float:
    if not 0 < at < len(line) - 1:
        return 0.0
    before, here, after = line[at - 1 : at + 2]
    bend = before - 2 * here + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0
