"""`python -m benchmarks.clips`: our way to a film against a plain loop over the same weights.

The plain loop is what one writes with diffusers first: FlowMatchEulerDiscreteScheduler, guidance
as two calls of the transformer, float32, the text encoded for each clip, everything decoded at the
end, each drawing enlarged by Pillow and held for two frames, imageio's writer after that. Both
sides draw the same windows. They run in one process, in turns (ours, plain, plain, ours …); what
is told is the median of the rounds' ratios, plain over ours.

Expected before it was run, on two CPU cores that nothing else uses:

| what | ratio | why |
|---|---|---|
| 2 s native, quality | 1.5 to 2.5 | bfloat16, both guidance passes in one batch |
| 2 s native, turbo | 2 to 4 | start-up costs weigh more; the plain loop's turbo is unguided too |
| 10 s 1080p, quality | 2 to 3 | encoding beside drawing, scaling within ffmpeg, not in Pillow |
| 10 s 1080p, turbo | 3 to 5 | nearly all of the plain loop is enlarging and encoding |
| eight clips one after the other | as one clip | no batching across jobs, see decision 0007 |
| a prompt repeated | as one clip | the text encoder takes about a thousandth of a clip |
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the worker sets it

import imageio_ffmpeg
import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from PIL import Image, ImageOps

from sora_core.render import Progress, pipeline, render
from sora_core.spec import ClipSpec
from sora_core.sprout import NATIVE_SIZES
from sora_core.sprout.flow import GUIDED, VARIANTS
from sora_core.sprout.plan import plan_clip

PROMPTS = (
    "a red ball bouncing in a snowy forest",
    "a large green car moving right in the desert",
    "a purple hot air balloon floating over the mountains",
    "a red heart pulsing in the city in the rain",
    "a green ufo in the city, neon",
    "an orange robot swaying in a meadow, sketch",
    "a small yellow boat bounces on the ocean, pixel art",
    "a white rocket rises in outer space",
)


@dataclass(frozen=True)
class Case:
    """Clips of one kind, made one after the other."""

    name: str
    prompts: tuple[str, ...]
    size: str
    seconds: int
    variant: str

    def specs(self) -> list[ClipSpec]:
        form = {"size": self.size, "seconds": self.seconds, "variant": self.variant}
        return [
            ClipSpec.parse({**form, "prompt": prompt, "seed": seed})
            for seed, prompt in enumerate(self.prompts)
        ]


CASES = [Case(f"2 s native, {variant}", PROMPTS[:1], "448x256", 2, variant) for variant in VARIANTS]
CASES += [
    Case(f"10 s 1080p, {variant}", PROMPTS[:1], "1920x1080", 10, variant) for variant in VARIANTS
]
CASES += [
    Case("eight clips, 2 s native, turbo", PROMPTS, "448x256", 2, "turbo"),
    Case("one prompt eight times, 2 s native, turbo", PROMPTS[:1] * 8, "448x256", 2, "turbo"),
]


def ours(spec: ClipSpec, path: Path) -> None:
    def ignore(_: Progress) -> None:
        """Nobody watches."""

    render(spec, path, on_progress=ignore)


@torch.no_grad()
def plain(spec: ClipSpec, path: Path) -> None:
    """The same clip by a plain loop; see the top of this file."""
    pipe, usual = pipeline(spec.model), VARIANTS[spec.variant]
    width, height = NATIVE_SIZES[spec.aspect]
    away, towards = pipe.encode_prompt(""), pipe.encode_prompt(spec.prompt)
    plan = plan_clip("text", spec.drawings, (width, height))
    channels = pipe.autoencoder.config.latent_channels
    clip = torch.zeros(len(plan.known), channels, height // 8, width // 8)
    noise = torch.Generator().manual_seed(spec.seed)
    for window in plan.windows():
        frames, drawn = torch.tensor(window.frames), torch.tensor(window.drawn)
        x = clip[frames]
        x[drawn] = torch.randn(x[drawn].shape, generator=noise)
        scheduler = FlowMatchEulerDiscreteScheduler.from_config(pipe.scheduler.config)
        scheduler.set_timesteps(sigmas=np.linspace(1.0, 1.0 / usual.steps, usual.steps))
        for moment, sigma in zip(scheduler.timesteps, scheduler.sigmas, strict=False):
            levels = torch.where(drawn, sigma, 0.0)[None]
            told = sigma >= GUIDED[0]
            net = pipe.denoisers[spec.variant] if told else pipe.transformer
            v = net(x[None], levels, towards)[0]
            if usual.guidance != 1 and told:
                empty = net(x[None], levels, away)[0]
                v = empty + usual.guidance * (v - empty)
            x[drawn] = scheduler.step(v[drawn], moment, x[drawn], return_dict=False)[0]
        clip[frames] = x
    pixels = pipe.autoencoder.decode(pipe.autoencoder.restore(clip[None]))[0]
    drawings = ((pixels.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy()
    write_plainly(drawings[: spec.drawings], spec, path)


def write_plainly(drawings: np.ndarray, spec: ClipSpec, path: Path) -> None:
    size = (spec.width, spec.height)
    writer = imageio_ffmpeg.write_frames(str(path), size, fps=spec.fps, macro_block_size=2)
    writer.send(None)
    for drawing in drawings:
        large = ImageOps.fit(Image.fromarray(drawing), size, Image.Resampling.LANCZOS)
        for _ in range(spec.fps // spec.offer.drawings_per_s):
            writer.send(np.asarray(large))
    writer.close()


def timed(make: Callable[[ClipSpec, Path], None], specs: list[ClipSpec], folder: Path) -> float:
    started = time.perf_counter()
    for number, spec in enumerate(specs):
        make(spec, folder / f"{number}.mp4")
    return time.perf_counter() - started


def compare(case: Case, rounds: int, folder: Path) -> None:
    """Print one row: medians of both sides in seconds, and the median of the ratios."""
    specs, took = case.specs(), {ours: [], plain: []}
    for number in range(rounds):
        for make in (ours, plain) if number % 2 == 0 else (plain, ours):
            took[make].append(timed(make, specs, folder))
    ratios = [slow / fast for slow, fast in zip(took[plain], took[ours], strict=True)]
    print(
        f"| {case.name} | {statistics.median(took[ours]):.2f} s "
        f"| {statistics.median(took[plain]):.2f} s | {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}) |",
        flush=True,
    )


def again(case: Case, folder: Path) -> float:
    """Ours over ours: far from 1, the machine was not calm."""
    first, second = (timed(ours, case.specs(), folder) for _ in range(2))
    return first / second


def cold_start(folder: Path) -> float:
    """Seconds from starting the command to a film of 2 s in turbo on disk."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "sora_core", PROMPTS[0], "--turbo", "--seconds", "2"]
    subprocess.run([*command, "-o", str(folder / "cold.mp4")], check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clips")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    arguments = parser.parse_args()
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    print(
        f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, no GPU; load {load}; "
        f"torch {torch.__version__}"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warm = replace(CASES[1].specs()[0], seconds=1)
        for make in (ours, plain):
            make(warm, folder / "warm.mp4")
        print(f"ours over ours: {again(CASES[1], folder):.2f}")
        print("| case | ours | plain | plain ÷ ours |\n|---|---|---|---|")
        for case in CASES:
            if arguments.only in case.name:
                compare(case, arguments.rounds, folder)
        cold = statistics.median(cold_start(folder) for _ in range(min(3, arguments.rounds)))
        print(f"cold start to the first film, 2 s turbo: {cold:.1f} s")


if __name__ == "__main__":
    main()
