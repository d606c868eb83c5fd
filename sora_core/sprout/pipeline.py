"""The pipeline: a prompt becomes drawings, one denoising step at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from torch import Tensor

from sora_core.sprout import NATIVE_SIZES
from sora_core.sprout.autoencoder import CELL, CHUNK, SproutAutoencoder
from sora_core.sprout.flow import FARTHEST, GUIDED, VARIANTS, Guided, Schedule, denoise, precision
from sora_core.sprout.joins import finish
from sora_core.sprout.operations import Sources, require
from sora_core.sprout.plan import Plan, plan_clip
from sora_core.sprout.reading import Reading, read_prompt
from sora_core.sprout.step import SproutOutput, Step
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.sprout.turbo import SproutTurbo, with_low_rank
from sora_core.sprout.weights import load_parts, write_manifest
from sora_core.sprout.words import Words


class SproutPipeline(DiffusionPipeline):
    """Text → video: a rectified flow over the latents of a small autoencoder.

    Its nets may lie on any device (`to`); what is drawn waits between them on the CPU. Holds no
    state between clips.
    """

    _optional_components = ("turbo",)

    def __init__(
        self,
        transformer: SproutTransformer,
        autoencoder: SproutAutoencoder,
        text_encoder: SproutTextEncoder,
        scheduler: FlowMatchEulerDiscreteScheduler,
        turbo: SproutTurbo | None = None,
    ) -> None:
        super().__init__()
        self.register_modules(
            transformer=transformer,
            autoencoder=autoencoder,
            text_encoder=text_encoder,
            scheduler=scheduler,
            turbo=turbo,
        )
        student = with_low_rank(transformer, turbo.state_dict()) if turbo else transformer
        self.denoisers = {"quality": transformer, "turbo": student}
        self.words = Words(tuple(text_encoder.config.vocabulary))

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike, **_: object) -> SproutPipeline:
        """Load from a folder that `save_pretrained` wrote. Raises WeightsCorrupt."""
        return cls(**load_parts(Path(folder)))

    def save_pretrained(self, save_directory: str | os.PathLike, **kwargs: object) -> None:
        """Write every part, `model_index.json` and the manifest of checksums."""
        super().save_pretrained(save_directory, safe_serialization=True)
        write_manifest(Path(save_directory))

    def to(self, *args: Any, **kwargs: Any) -> SproutPipeline:
        """Move every net, turbo's merged one too, as `DiffusionPipeline.to` does."""
        super().to(*args, **kwargs)
        self.denoisers["turbo"].to(self.device)
        return self

    def read(self, prompt: str) -> Reading:
        """What of `prompt` is understood, and which of its words are not known."""
        return read_prompt(self.text_encoder, self.words, prompt)

    @torch.no_grad()
    def encode_prompt(self, prompt: str, style: str | None = None) -> Tensor:
        """Slots (1, attributes, width). A picked style outranks one named in the prompt.

        Raises ValueError for a style that the model does not know.
        """
        slots = self._slots(prompt)
        if style is None:
            return slots
        classes = self.text_encoder.classes
        require(style in classes["style"], f"no style is called {style!r}")
        row = list(classes).index("style")
        slots[:, row] = self._slots(style)[:, row]
        return slots

    def _slots(self, text: str) -> Tensor:
        return self.text_encoder(self.words.encode([text]).to(self.device))

    def draw(
        self,
        prompt: str | Sequence[str],
        *,
        aspect: str,
        drawings: int,
        seed: int,
        style: str | None = None,
        negative_prompt: str = "",
        operation: str = "text",
        sources: Sources = (),
        strength: float | None = None,
        variant: str = "quality",
        steps: int | None = None,
        guidance: float | None = None,
        guidance_interval: tuple[float, float] = GUIDED,
    ) -> Iterator[Step]:
        """Denoise a clip, yielding after each step; the last step's clip is finished.

        prompt     one for the clip, or a storyboard: one for each of as many equal spans
        aspect     a key of `NATIVE_SIZES`
        drawings   1 to 120 of the finished clip, sources included; 12 a second
        seed       the same seed gives the same clip on one machine
        operation  "text", "image", "extend", "extend_back", "loop", "blend" or "remix"
        sources    clips (F, H, W, 3) uint8 at the native size and rate; see `plan_clip`
        strength   in (0, 1]: how far a remix or a blend may leave its sources, see `plan_clip`;
                   drawing begins at the nearest noise level of the schedule
        variant    "quality", or "turbo": few steps and, unless `guidance` is given, no guidance,
                   so `negative_prompt` has no effect
        steps      per window of 2 s; 24 for quality, 8 for turbo
        guidance   4 for quality, 1 for turbo; 1 follows the model as it is, larger holds closer to
                   the prompt, and away from `negative_prompt`
        guidance_interval  noise levels in which guidance is applied; see `Guided`
        Holds nothing outside the iterator: closing it early leaves nothing behind.
        Raises ValueError for arguments that do not fit, before the first step.
        """
        require(aspect in NATIVE_SIZES, f"no aspect is called {aspect!r}")
        require(variant in VARIANTS, f"no variant is called {variant!r}")
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        plan = plan_clip(
            operation, drawings, NATIVE_SIZES[aspect], sources,
            strength=strength, prompts=len(prompts),
        )  # fmt: skip
        usual = VARIANTS[variant]
        steps = usual.steps if steps is None else steps
        guidance = usual.guidance if guidance is None else guidance
        require(steps >= 1, "a clip takes at least one step")
        low, high = guidance_interval
        require(0 <= low <= high <= 1, "the guidance interval lies between 0 and 1")
        told = [self.encode_prompt(text, style) for text in prompts]
        guide = partial(
            Guided, self.denoisers[variant],
            torch.cat([self.encode_prompt(negative_prompt), *told]),
            guidance=guidance, interval=guidance_interval, plain=self.transformer,
        )  # fmt: skip
        schedule = Schedule(self.scheduler.config, steps, plan.strength)
        return self._windows(plan, aspect, guide, schedule, seed)

    def _windows(
        self, plan: Plan, aspect: str, guide: Callable[..., Guided], schedule: Schedule, seed: int
    ) -> Iterator[Step]:
        windows, levels = plan.windows(), schedule.start()[1]
        clip, ready = self._encode_sources(plan, aspect), torch.tensor(plan.known)
        shares = torch.from_numpy(plan.shares)
        noise = torch.Generator().manual_seed(seed)
        index, total = 0, len(windows) * len(levels)
        for window in windows:
            frames, drawn = torch.tensor(window.frames), torch.tensor(window.drawn)
            new = frames[drawn]
            ready[new] = True
            newest = int(ready[: int(new[len(new) // 2])].sum())
            start = clip[frames]
            dust = torch.randn(clip[new].shape, generator=noise)
            start[drawn] = (1 - levels[0]) * start[drawn] + levels[0] * dust
            velocity = guide(shares=shares[frames])
            for estimate in denoise(velocity, start, drawn, schedule):
                clip[new] = estimate
                index += 1
                yield Step(index, total, clip[ready], newest, plan)

    @torch.no_grad()
    def _encode_sources(self, plan: Plan, aspect: str) -> Tensor:
        """Normalised latents (n, C, h, w) of what is given, zeros elsewhere."""
        width, height = NATIVE_SIZES[aspect]
        channels = self.autoencoder.config.latent_channels
        clip = torch.zeros(len(plan.known), channels, height // CELL, width // CELL)
        given = torch.tensor(plan.known) | (plan.strength < 1)
        if plan.source is None or not given.any():
            return clip
        chunks = torch.from_numpy(plan.source).unflatten(0, (-1, CHUNK))[given].flatten(0, 1)
        latents = self.autoencoder.encode(chunks[None].to(self.device) / 127.5 - 1)
        clip[given] = self.autoencoder.normalise(latents)[0].clamp(-FARTHEST, FARTHEST).cpu()
        return clip

    @torch.no_grad()
    def _pixels(self, latents: Tensor) -> np.ndarray:
        with precision(self.device):
            restored = self.autoencoder.restore(latents[None].to(self.device))
            frames = self.autoencoder.decode(restored)[0].cpu()
        return ((frames.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy()

    def preview(self, step: Step) -> np.ndarray:
        """A look (H, W, 3) uint8 at the middle of what is being drawn, as estimated so far."""
        return self._pixels(step.latents[step.newest, None])[CHUNK // 2]

    def settled(self, step: Step, since: int) -> np.ndarray:
        """Drawings (k, H, W, 3) uint8 from number `since` on that no later step changes.

        Without sources, those of each window when it is done; else all of them at the last step.
        Called with how many it gave before, it gives the clip of `decode`, piece by piece.
        """
        plan = step.plan
        if plan.source is None and not plan.loops:
            if step.index % (step.total // len(plan.windows())) == 0:
                first = max(0, since // CHUNK - 1)  # a decoded chunk sees the one before it
                pixels = self._pixels(step.latents[first:])
                return pixels[since - first * CHUNK : plan.drawings - first * CHUNK]
        elif step.index == step.total:
            return self.decode(step)[since:]
        _, _, height, width = step.latents.shape
        return np.empty((0, height * CELL, width * CELL, 3), np.uint8)

    def decode(self, step: Step) -> np.ndarray:
        """The clip (drawings, H, W, 3) uint8; finished when `step` is the last.

        Drawings that were given stay exactly as they were. Of an earlier step, what is there so
        far, in whole latent frames.
        """
        if len(step.latents) < len(step.plan.known):
            return self._pixels(step.latents)
        # A decoded chunk sees the one before it: in a loop, the first sees the last.
        before = step.latents[-1:] if step.plan.loops else step.latents[:0]
        pixels = self._pixels(torch.cat([before, step.latents]))
        return finish(step.plan, pixels[len(before) * CHUNK :])

    def __call__(
        self,
        prompt: str | Sequence[str],
        aspect: str = "16:9",
        drawings: int = 24,
        seed: int = 0,
        style: str | None = None,
        negative_prompt: str = "",
        operation: str = "text",
        sources: Sources = (),
        strength: float | None = None,
        variant: str = "quality",
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        output_type: str = "np",
        callback_on_step_end: Callable[[SproutPipeline, int, Step], None] | None = None,
    ) -> SproutOutput:
        """Draw a whole clip, see `draw`; `output_type` "np" is float32 in [0, 1], "uint8" bytes."""
        step = None
        for step in self.draw(
            prompt, aspect=aspect, drawings=drawings, seed=seed, style=style,
            negative_prompt=negative_prompt, operation=operation, sources=sources,
            strength=strength, variant=variant, steps=num_inference_steps, guidance=guidance_scale,
        ):  # fmt: skip
            if callback_on_step_end is not None:
                callback_on_step_end(self, step.index, step)
        assert step is not None
        frames = self.decode(step)[None]
        return SproutOutput(frames if output_type == "uint8" else frames.astype(np.float32) / 255)
