"""Which number a film holds: as it is, then enlarged, turned and squeezed, whole and in parts."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import numpy as np

from sora_core.mark.beside import places_beside
from sora_core.mark.code import encode
from sora_core.mark.film import even_out, finer, windows
from sora_core.mark.issued import Issued, chance
from sora_core.mark.pattern import Pattern
from sora_core.mark.placing import Place, mirrored, self_told, sized
from sora_core.mark.reading import Reading, fold, placed, searched

#: At most how likely it is that a film gives a number by chance, all looks at it counted.
CHANCE = 1e-6
#: A reading by whose known waves no tile is to be seen is not compared.
FAINT_Z = 4.0
LIKE_Z = 7.0
PARTS = 12  # of a film, that are looked at one by one
REACH = 3  # steps by which a place beside a stored film may be wrong
#: At most so often one number is compared with a film: where the tiles of a whole film would lie;
#: everywhere else; and where they lie by the stored films. What may go wrong is shared evenly among
#: five: these three, and the first two once more for the numbers whose films look alike.
PLACED_LOOKS, SEARCHED_LOOKS, BESIDE_LOOKS, SHARES = 10, 3000, 6, 5

Folded = Iterable[tuple[Place, np.ndarray]]


@dataclass(frozen=True)
class Trace:
    """number, or None where no mark was found; how sure: `z`, in standard deviations.

    like_z  how far this number's signs fit better than another's would
    chance  at most how likely it is that any number compared fits as well anywhere in the film
    """

    number: int | None
    z: float
    like_z: float = 0.0
    chance: float = 1.0


def trace(
    film: Path,
    pattern: Pattern,
    numbers: Collection[int],
    alike: Mapping[int, Path | None] = MappingProxyType({}),
) -> Trace:
    """The number in `film`, one of `numbers`. Raises BadSpec where it is no film.

    alike  numbers whose films look like this one, and where these are stored, if they are

    Every number that was issued is compared, so a mark too worn to be read may still be known; of
    those alike still fainter ones, and where one is stored this film is laid over it. What decides
    is the mark alone: an equal film with another number is not taken for it.
    """
    parts = windows(film)
    issued = Issued(numbers, pattern, alike)
    stored = {one: kept for one, kept in alike.items() if kept and one in issued.numbers}
    whole = sum(parts[1:], parts[0]) / len(parts)
    best = Trace(None, 0.0)
    for stage in chain(
        look_at(whole, pattern, issued, PLACED_LOOKS),
        look_beside(film, whole, pattern, stored),
        # Films are cut together from several.
        *(look_at(part, pattern, issued, SEARCHED_LOOKS) for part in parts[:PARTS] if parts[1:]),
    ):
        seen = list(stage)
        sure = [one for one in seen if one.number is not None]
        if sure:
            return min(sure, key=lambda one: one.chance)
        best = max([best, *seen], key=lambda one: (one.like_z, one.z))
    return best


def look_at(
    picture: np.ndarray, pattern: Pattern, issued: Issued, looks: int
) -> Iterator[Iterator[Trace]]:
    """What each kind of look at a picture finds: where a whole film's tiles lie, then elsewhere.

    picture  (h, w) float32, residuals averaged
    looks    at most so often each number is compared by the first kind
    """
    even, fine = even_out(picture), finer(picture)
    folded = [
        (place, fold(even if place.enlarged else fine, place.basis)) for place in sized(picture)
    ]
    yield look_placed(folded, picture.shape[1], pattern, issued, looks)
    yield look_around(folded, pattern, issued)
    yield look_around(
        [(place, fold(even, place.basis)) for place in self_told(even)], pattern, issued
    )


def look_placed(
    folded: Folded, width: int, pattern: Pattern, issued: Issued, looks: int
) -> Iterator[Trace]:
    """As if the picture, so many pixels wide, were a whole film, or its mirror image."""
    for place, waves in folded:
        for way, corner in ((waves, place.corner), (waves[:, ::-1], mirrored(place, width))):
            yield judge(placed(way, corner, pattern), issued, place.period, looks)


def look_around(folded: Folded, pattern: Pattern, issued: Issued) -> Iterator[Trace]:
    """As if anything had been cut off the film."""
    for place, waves in folded:
        for reading in searched(waves, pattern):
            if reading.z < FAINT_Z:
                yield Trace(None, reading.z)
            else:
                yield judge(reading, issued, place.period, SEARCHED_LOOKS)


def look_beside(
    film: Path, picture: np.ndarray, pattern: Pattern, stored: Mapping[int, Path]
) -> Iterator[Iterator[Trace]]:
    """As the film lies over each of the `stored` ones, for the number of that one alone."""

    def over(number: int, kept: Path) -> Iterator[Trace]:
        only = Issued([number], pattern)
        for place in places_beside(film, picture.shape, kept, pattern.period(number)):
            waves = fold(even_out(picture) if place.enlarged else finer(picture), place.basis)
            for reach in (0, REACH):
                reading = placed(waves, place.corner, pattern, reach)
                yield judge(reading, only, place.period, BESIDE_LOOKS * len(stored))

    yield chain.from_iterable(over(number, kept) for number, kept in stored.items())


def judge(reading: Reading, issued: Issued, period: int | None, looks: int) -> Trace:
    """The number that a reading, one of `looks` such that it could be in, is sure enough of."""
    told = [Trace(None, reading.z)]
    for fit in issued.likest(reading.soft, period):
        odds = chance(fit.like_z, SHARES * looks * fit.compared)
        number = fit.number if odds <= CHANCE else None
        told.append(Trace(number, reading.z, fit.like_z, odds))
    return min(told, key=lambda one: (one.chance, -one.like_z))


def strength_in(film: Path, number: int, pattern: Pattern, seconds: int = 2) -> float:
    """z of the tile of `number` in a film that nobody has changed since it was written."""
    picture = finer(windows(film, seconds)[0])
    reading = placed(fold(picture, np.eye(2) * pattern.period(number)), np.zeros(2), pattern)
    fits = float(encode([number])[0] @ reading.soft / (np.linalg.norm(reading.soft) + 1e-12))
    return reading.z if fits >= LIKE_Z else 0.0
