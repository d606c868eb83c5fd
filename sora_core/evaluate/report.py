"""The figures of a run over hundreds of prompts, as JSON, as tables and as lines to read."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

import torch

from sora_core.evaluate.held_out import Readings
from sora_core.evaluate.measure import ONE, Measure
from sora_core.evaluate.prompts import Prompt
from sora_core.evaluate.real import Take, fidelity, read_all, rebuild, shoot
from sora_core.evaluate.tally import Count, confusion, confusion_lines, markdown
from sora_core.sprout.autoencoder import SproutAutoencoder

REAL, REBUILT = "real renders", "through the autoencoder"


def processor() -> str:
    """The name of the processor, as Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), "—")


def figures(
    prompts: Sequence[Prompt], readings: dict[str, Readings], autoencoder: SproutAutoencoder,
    workers: int, measure: Measure = ONE,
) -> dict:  # fmt: skip
    """All figures of a run: raw counts beside those of real renders of the same scenes."""
    named = [prompt.named for prompt in prompts]
    clips = shoot([Take(prompt.scene, prompt.aspect) for prompt in prompts])
    again = rebuild(autoencoder, clips)
    ruler = measure.ruler.load()
    seen = {variant: kept.seen for variant, kept in readings.items()}
    seen |= {REAL: read_all(ruler, clips), REBUILT: read_all(ruler, again)}
    close = fidelity(clips, again)
    return {
        "prompts": len(prompts),
        "counts": {kind: measure.counts(named, found) for kind, found in seen.items()},
        **{
            f"{attribute} confusion": {k: confusion(attribute, named, s) for k, s in seen.items()}
            for attribute in measure.confused
        },
        "autoencoder": {
            "mean of clips (dB)": round(close.mean_db, 2),
            "pooled (dB)": round(close.pooled_db, 2),
            "clips": close.clips,
        },
        "seconds a clip": {v: round(statistics.mean(k.seconds), 2) for v, k in readings.items()},
        "machine": {
            "processor": processor(), "cores": os.cpu_count(), "workers": workers,
            "threads a worker": 1, "torch": torch.__version__,
        },
    }  # fmt: skip


def page(found: dict, measure: Measure = ONE) -> str:
    """The figures as a Markdown page."""
    counts = {k: {a: Count(*c) for a, c in row.items()} for k, row in found["counts"].items()}
    decibels, machine, pace = found["autoencoder"], found["machine"], found["seconds a clip"]
    speeds = ", ".join(f"{variant} {seconds} s" for variant, seconds in pace.items())
    return (
        f"{found['prompts']} prompts, one clip of 2 s each; {measure.said} The last two columns "
        f"are the {measure.ruler.__name__.lower()}'s own score on the same scenes, rendered, and "
        "passed through the autoencoder.\n\n"
        f"{markdown(counts)}\n"
        f"Autoencoder on these {decibels['clips']} unseen clips: "
        f"{decibels['mean of clips (dB)']} dB (mean of clips), {decibels['pooled (dB)']} dB "
        "(all pixels pooled).\n\n"
        f"A clip took {speeds} on one thread of {machine['processor']}, "
        f"{machine['workers']} processes at once on {machine['cores']} cores.\n"
    )


def print_confusion(found: dict, kinds: Sequence[str], measure: Measure) -> None:
    """Say what was seen where each value was asked for."""
    for attribute in measure.confused:
        for kind in kinds:
            print(f"{kind}:")
            for line in confusion_lines(found[f"{attribute} confusion"][kind]):
                print(f"  {line}")


def write(found: dict, folder: Path, name: str, measure: Measure = ONE) -> None:
    """Write `name`.json and `name`.md."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    title = name.replace("-", " ").capitalize()
    (folder / f"{name}.md").write_text(f"# {title}\n\n{page(found, measure)}")
