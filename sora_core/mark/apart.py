"""A stranger's film, seen and traced in processes of their own."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sora_core.apart import answer_apart, ask_apart
from sora_core.mark.fingerprint import fingerprint_of
from sora_core.mark.pattern import pattern_of
from sora_core.mark.tracing import Trace, trace

LIMIT_S = 90.0
MODULE = "sora_core.mark.apart"


async def fingerprint_apart(film: Path, limit_s: float = LIMIT_S) -> str:
    """What it shows, 80 hex digits. Raises BadSpec where it is no film, or takes longer."""
    told = await ask_apart(MODULE, {"film": str(film.resolve())}, limit_s)
    return str(told["fingerprint"])


async def trace_apart(
    film: Path,
    key: bytes,
    numbers: Collection[int],
    alike: Mapping[int, Path | None],
    limit_s: float = LIMIT_S,
) -> Trace:
    """`trace`, elsewhere. Raises BadSpec where it is no film, or takes longer than `limit_s`."""
    asked = {
        "film": str(film.resolve()),
        "key": key.hex(),
        "numbers": list(numbers),
        "alike": [(number, kept and str(kept.resolve())) for number, kept in alike.items()],
    }
    return Trace(**await ask_apart(MODULE, asked, limit_s))


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    film = Path(asked["film"])
    if "key" not in asked:
        return {"fingerprint": fingerprint_of(film)}
    alike = {number: Path(kept) if kept else None for number, kept in asked["alike"]}
    return asdict(trace(film, pattern_of(bytes.fromhex(asked["key"])), asked["numbers"], alike))


if __name__ == "__main__":
    answer_apart(answer)
