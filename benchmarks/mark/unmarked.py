"""How often a film that does not have a mark gives a number."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.mark.changes import HARD, change
from sora_core.mark.film import even_out, windows
from sora_core.mark.issued import Issued
from sora_core.mark.pattern import Pattern, pattern_of
from sora_core.mark.placing import self_told, sized
from sora_core.mark.reading import fold, searched
from sora_core.mark.tracing import SEARCHED_LOOKS, judge, trace

COPIES = ("H.264 CRF 35", "camcorder")


def read_by_chance(
    film: Path, least: int, numbers: Sequence[int], pattern: Pattern
) -> dict[str, Any]:
    """A film without a mark, read with keys of chance, `least` times or more."""
    picture = even_out(windows(film)[0])
    places = [*sized(picture), *self_told(picture)]
    folded, issued = [fold(picture, place.basis) for place in places], Issued(numbers, pattern)
    tried, named, highest = 0, 0, 0.0
    while tried < least:
        seed = tried.to_bytes(4, "big") * 8
        for waves in folded:
            for reading in searched(waves, pattern_of(seed)):
                found = judge(reading, issued, None, SEARCHED_LOOKS)
                tried, named = tried + 1, named + (found.number is not None)
                highest = max(highest, found.like_z)
    return {"tried": tried, "named": named, "highest": round(highest, 1)}


def trace_equals(
    film: Path, stored: Path, number: int, numbers: Sequence[int], pattern: Pattern
) -> dict[str, Any]:
    """A film of the same drawings without the mark, and copies of it, beside the stored film.

    So would another job's film of the same prompt and seed be, or what was drawn elsewhere.
    """
    copies = {"as it is": film} | {
        name: change(film, HARD[name], name).rename(film.with_name(f"{at}.mp4"))
        for at, name in enumerate(COPIES)
    }
    found = [trace(copy, pattern, numbers, {number: stored}) for copy in copies.values()]
    return {
        "tried": len(found),
        "named": sum(one.number is not None for one in found),
        "highest": round(max(one.like_z for one in found), 1),
    }
