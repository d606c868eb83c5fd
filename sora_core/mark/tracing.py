"""Which number a film holds: as it is, then enlarged, turned and squeezed, whole and in parts."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sora_core.mark.code import encode
from sora_core.mark.film import even_out, windows
from sora_core.mark.lattice import find_lattices
from sora_core.mark.pattern import PERIODS, Pattern
from sora_core.mark.reading import Reading, fold, read, readings
from sora_core.spec import ASPECTS

#: A tile that stands out less is none. `benchmarks.mark` counts how often one by chance does.
FOUND_Z = 7.0
#: With a codeword that nothing but this one fits, the tile may be fainter.
FAINT_Z, LIKE_Z = 4.0, 7.0
#: At most how likely it is that any of the numbers compared fits one look by chance.
CHANCE = 1e-7
LATTICES = 8
SQUEEZED = 1.2  # how much narrower or lower a whole film may have become


@dataclass(frozen=True)
class Trace:
    """number, or None where no mark was found; how sure: `z`, in standard deviations.

    like_z  how far this number's signs fit better than another's would
    """

    number: int | None
    z: float
    like_z: float = 0.0


def trace(film: Path, pattern: Pattern, issued: Collection[int]) -> Trace:
    """The number in `film`, one of `issued`. Raises BadSpec where it is no film.

    Every number that was issued is compared, so a mark too worn to be read may still be known.
    """
    parts = windows(film)
    numbers, words = numbers_and_words(issued)
    best = Trace(None, 0.0)
    for picture in pictures(parts):
        for reading in looks(picture, pattern):
            here = judge(reading, numbers, words)
            if here.number is not None:
                return here
            best = max(best, here, key=lambda found: found.z)
    return best


def numbers_and_words(issued: Collection[int]) -> tuple[np.ndarray, np.ndarray]:
    """(N,) int64 and (N, 216) ±1, as `judge` takes them."""
    numbers = np.fromiter(issued, np.int64, len(issued))
    return numbers, encode([int(number) for number in numbers])


def pictures(parts: list[np.ndarray]) -> Iterator[np.ndarray]:
    """All of the film together; then each part, as films are cut together from several."""
    yield even_out(sum(parts[1:], parts[0]) / len(parts))
    if len(parts) > 1:
        yield from (even_out(part) for part in parts[:12])


def looks(picture: np.ndarray, pattern: Pattern) -> Iterator[Reading]:
    """Readings of a picture whose tiles lie as they were put, or as they do where the whole film
    was given another size, or as the picture itself says.
    """
    for basis in bases(picture):
        yield from readings(fold(picture, basis), pattern)


def bases(picture: np.ndarray) -> Iterator[np.ndarray]:
    for scale in (np.eye(2), *scales(picture)):
        yield from (scale * period for period in PERIODS)
    yield from find_lattices(picture, LATTICES)


def scales(picture: np.ndarray) -> Iterator[np.ndarray]:
    """(2, 2) float: what became of a film of each size made here, if all of it is in `picture`.

    Small films have too few tiles for the picture to tell.
    """
    height, width = picture.shape
    for made_width, made_height in ASPECTS:
        across, down = width / made_width, height / made_height
        if (across, down) != (1, 1) and 1 / SQUEEZED < across / down < SQUEEZED:
            yield np.diag([across, down])


def judge(reading: Reading, numbers: np.ndarray, words: np.ndarray) -> Trace:
    """The number that a reading is sure enough of."""
    if reading.z < FAINT_Z or len(numbers) == 0:
        return Trace(None, reading.z)
    fits = words @ reading.soft / (np.linalg.norm(reading.soft) + 1e-12)
    likest = int(fits.argmax())
    like_z = float(fits[likest])
    read_right = reading.number == numbers[likest] and reading.z >= FOUND_Z
    if read_right or chance(like_z, len(numbers)) <= CHANCE:
        return Trace(int(numbers[likest]), reading.z, like_z)
    return Trace(None, reading.z, like_z)


def chance(like_z: float, compared: int) -> float:
    """At most how likely one of `compared` wrong numbers fits so well, 0 to 1.

    Each of its 216 signs is right by chance: a sum of that many steps (Hoeffding 1963).
    """
    return min(1.0, compared * math.exp(-(max(like_z, 0.0) ** 2) / 2))


def strength_in(film: Path, number: int, pattern: Pattern, seconds: int = 2) -> float:
    """z of the tile of `number` in a film that nobody has changed since it was written."""
    picture = even_out(windows(film, seconds)[0])
    reading = read(fold(picture, np.eye(2) * pattern.period(number)), pattern)
    fits = float(encode([number])[0] @ reading.soft / (np.linalg.norm(reading.soft) + 1e-12))
    return reading.z if fits >= LIKE_Z else 0.0
