"""`python -m sora_core.evaluate`: contact sheets of the world and of the model, with timings."""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from sora_core.evaluate.prompts import LOOKED_AT, held_out_prompts
from sora_core.evaluate.sheet import save, sheet
from sora_core.sprout import NATIVE_SIZES, WEIGHTS, load
from sora_core.sprout.pipeline import SproutPipeline
from sora_core.world.render import render
from sora_core.world.scene import draw_scene
from sora_core.world.vocabulary import ATTRIBUTES

LOOKS = 4


def world_clips(count: int, seed: int = 0) -> list[np.ndarray]:
    """Rendered clips (24, 64, 112, 3) uint8 that go through subjects, places and colours."""
    rng = random.Random(seed)  # noqa: S311 - scenes, not secrets
    subjects, places, colours = (ATTRIBUTES[k] for k in ("subject", "place", "colour"))
    scenes = [
        replace(
            draw_scene(rng, split="any"),
            subject=subjects[i % len(subjects)],
            place=places[(i // 6 + i) % len(places)],
            colour=colours[(i * 5 + i // 12) % len(colours)],
        )
        for i in range(count)
    ]
    frames = render(scenes, *NATIVE_SIZES["16:9"], 24).frames
    return list((frames * 255).round().to(torch.uint8).numpy())


def draw_clips(
    pipeline: SproutPipeline, prompts: list[str], aspect: str, drawings: int, steps: int,
    guidance: float,
) -> list[np.ndarray]:  # fmt: skip
    """One clip a prompt, its place in the list as the seed; prints seconds per clip."""
    clips, begun = [], time.perf_counter()
    for seed, prompt in enumerate(prompts):
        out = pipeline(
            prompt, aspect=aspect, drawings=drawings, seed=seed, num_inference_steps=steps,
            guidance_scale=guidance, output_type="uint8",
        )  # fmt: skip
        clips.append(out.frames[0])
    seconds = (time.perf_counter() - begun) / len(prompts)
    print(f"{aspect}: {len(prompts)} clips of {drawings} drawings, {seconds:.2f} s a clip")
    return clips


def main(arguments: list[str] | None = None) -> None:
    """Write the sheets to a folder."""
    p = argparse.ArgumentParser(prog="python -m sora_core.evaluate", description=__doc__)
    p.add_argument("--weights", type=Path, default=WEIGHTS)
    p.add_argument("--out", type=Path, default=Path("docs/sprout"))
    p.add_argument("--steps", type=int, default=24)
    p.add_argument("--guidance", type=float, default=4.0)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--held-out", type=int, default=0, help="draw this many held-out prompts too")
    options = p.parse_args(arguments)
    torch.set_num_threads(options.threads)
    save(sheet(world_clips(24), 3, LOOKS), options.out / "world.png")
    pipeline = load(options.weights)
    ask = (options.steps, options.guidance)
    clips = draw_clips(pipeline, list(LOOKED_AT), "16:9", 24, *ask)
    save(sheet(clips, 2, LOOKS), options.out / "clips.png")
    for aspect, name in (("9:16", "tall"), ("1:1", "square")):
        clips = draw_clips(pipeline, list(LOOKED_AT[:6]), aspect, 24, *ask)
        save(sheet(clips, 3, LOOKS), options.out / f"{name}.png")
    clips = draw_clips(pipeline, list(LOOKED_AT[:4]), "16:9", 120, *ask)
    save(sheet(clips, 1, 10), options.out / "ten-seconds.png")
    if options.held_out:
        drawn = held_out_prompts(options.held_out)
        for i, (_, prompt) in enumerate(drawn):
            print(i, prompt)
        clips = draw_clips(pipeline, [prompt for _, prompt in drawn], "16:9", 24, *ask)
        save(sheet(clips, 2, LOOKS), options.out / "held-out.png")


if __name__ == "__main__":
    main()
