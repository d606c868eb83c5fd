"""The number in a stranger's film, read in a process of its own."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sora_core.apart import answer_apart, ask_apart
from sora_core.mark.fingerprint import fingerprint_of
from sora_core.mark.pattern import pattern_of
from sora_core.mark.tracing import Trace, trace

LIMIT_S = 90.0


@dataclass(frozen=True)
class Seen:
    """Of one film: what it shows (80 hex digits), and the number in it."""

    fingerprint: str
    trace: Trace


def look(film: Path, key: bytes, numbers: Collection[int]) -> Seen:
    """Takes seconds, up to a minute. Raises BadSpec where it is no film."""
    return Seen(fingerprint_of(film), trace(film, pattern_of(key), numbers))


async def look_apart(
    film: Path, key: bytes, numbers: Collection[int], limit_s: float = LIMIT_S
) -> Seen:
    """`look`, elsewhere. Raises BadSpec where it is no film, or takes longer than `limit_s`."""
    asked = {"film": str(film.resolve()), "key": key.hex(), "numbers": list(numbers)}
    told = await ask_apart("sora_core.mark.apart", asked, limit_s)
    return Seen(told["fingerprint"], Trace(**told["trace"]))


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    return asdict(look(Path(asked["film"]), bytes.fromhex(asked["key"]), asked["numbers"]))


if __name__ == "__main__":
    answer_apart(answer)
