"""The credentials of a stranger's film, read in a process of its own."""

from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sora_core.apart import answer_apart, ask_apart
from sora_core.credentials.reading import Step, read_credentials

LIMIT_S = 30.0


async def read_apart(film: Path, roots: str) -> list[Step]:
    """`read_credentials`, elsewhere. Raises BadSpec where it is no MP4, or takes too long."""
    asked = {"film": str(film.resolve()), "roots": roots}
    told = await ask_apart("sora_core.credentials.apart", asked, LIMIT_S)
    return [step_told(row) for row in told["steps"]]


def step_told(row: dict[str, Any]) -> Step:
    when = row["when"]
    return Step(**{**row, "when": datetime.fromisoformat(when) if when else None})


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    itself, *rest = read_credentials(Path(asked["film"]), asked["roots"])
    # Where it lies here is nothing that it says.
    return {"steps": [facts(step) for step in (replace(itself, title="film"), *rest)]}


def facts(step: Step) -> dict[str, Any]:
    """As JSON holds it."""
    return asdict(step) | {"when": step.when.isoformat() if step.when else None}


if __name__ == "__main__":
    answer_apart(answer)
