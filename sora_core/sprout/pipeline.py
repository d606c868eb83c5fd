"""The pipeline: a prompt becomes drawings, one denoising step at a time."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler
from diffusers.utils import BaseOutput
from torch import Tensor

from sora_core.sprout import NATIVE_SIZES
from sora_core.sprout.autoencoder import CELL, CHUNK, SproutAutoencoder
from sora_core.sprout.reading import Reading, read_prompt
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.sprout.weights import load_parts, write_manifest
from sora_core.sprout.windows import Window, plan_windows
from sora_core.sprout.words import Words

LONGEST_DRAWINGS = 120
FARTHEST = 5.0  # normalised latents beyond this many spreads are cut off


@dataclass(frozen=True, slots=True)
class Step:
    """A finished denoising step, `index` of `total` (counted from 1).

    latents   (m, C, h, w) the estimate of the clean clip so far, normalised
    drawings  of the finished clip
    """

    index: int
    total: int
    latents: Tensor
    drawings: int


@dataclass
class SproutOutput(BaseOutput):
    """frames (1, F, H, W, 3) float32 in [0, 1], or uint8 if asked for."""

    frames: np.ndarray


class SproutPipeline(DiffusionPipeline):
    """Text → video: a rectified flow over the latents of a small autoencoder."""

    def __init__(
        self,
        transformer: SproutTransformer,
        autoencoder: SproutAutoencoder,
        text_encoder: SproutTextEncoder,
        scheduler: FlowMatchEulerDiscreteScheduler,
    ) -> None:
        super().__init__()
        self.register_modules(
            transformer=transformer,
            autoencoder=autoencoder,
            text_encoder=text_encoder,
            scheduler=scheduler,
        )
        self.words = Words(tuple(text_encoder.config.vocabulary))

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike, **_: object) -> SproutPipeline:
        """Load from a folder that `save_pretrained` wrote. Raises WeightsCorrupt."""
        return cls(**load_parts(Path(folder)))

    def save_pretrained(self, save_directory: str | os.PathLike, **kwargs: object) -> None:
        """Write every part, `model_index.json` and the manifest of checksums."""
        super().save_pretrained(save_directory, safe_serialization=True)
        write_manifest(Path(save_directory))

    def read(self, prompt: str) -> Reading:
        """What of `prompt` is understood, and which of its words are not known."""
        return read_prompt(self.text_encoder, self.words, prompt)

    @torch.no_grad()
    def encode_prompt(self, prompt: str, style: str | None = None) -> Tensor:
        """Slots (1, attributes, width). A picked style outranks one named in the prompt."""
        slots = self.text_encoder(self.words.encode([prompt]))
        if style is not None:
            row = list(self.text_encoder.classes).index("style")
            slots = slots.clone()
            slots[:, row] = self.text_encoder(self.words.encode([style]))[:, row]
        return slots

    def draw(
        self,
        prompt: str,
        *,
        aspect: str,
        drawings: int,
        seed: int,
        style: str | None = None,
        negative_prompt: str = "",
        steps: int = 24,
        guidance: float = 4.0,
    ) -> Iterator[Step]:
        """Denoise a clip, yielding after each step; the last step's clip is finished.

        aspect     a key of `NATIVE_SIZES`
        drawings   1 to 120, 12 a second
        seed       the same seed gives the same clip on one machine
        steps      per window of 2 s
        guidance   1 follows the model as it is; larger holds closer to the prompt, and away from
                   `negative_prompt`. Ho & Salimans 2022, arXiv:2207.12598.
        Holds nothing outside the iterator: closing it early leaves nothing behind.
        Raises ValueError for arguments out of range, before the first step.
        """
        if aspect not in NATIVE_SIZES or not 1 <= drawings <= LONGEST_DRAWINGS or steps < 1:
            raise ValueError(f"cannot draw {drawings} drawings at {aspect} in {steps} steps")
        width, height = NATIVE_SIZES[aspect]
        slots = torch.cat([self.encode_prompt(negative_prompt), self.encode_prompt(prompt, style)])
        windows = plan_windows(math.ceil(drawings / CHUNK))
        noise = torch.Generator().manual_seed(seed)
        shape = (self.autoencoder.config.latent_channels, height // CELL, width // CELL)
        return self._windows(windows, shape, slots, noise, steps, guidance, drawings)

    def _windows(
        self, windows: list[Window], shape: tuple[int, ...], slots: Tensor,
        noise: torch.Generator, steps: int, guidance: float, drawings: int,
    ) -> Iterator[Step]:  # fmt: skip
        clip = torch.zeros(0, *shape)
        total, index = steps * len(windows), 0
        for window in windows:
            given = clip[window.first :]
            start = torch.randn(window.length - window.context, *shape, generator=noise)
            latest = start
            for latest in self._denoise(given, start, slots, steps, guidance):
                index += 1
                yield Step(index, total, torch.cat([clip, latest]), drawings)
            clip = torch.cat([clip, latest])

    @torch.no_grad()
    def _velocity(self, x: Tensor, sigma: Tensor, slots: Tensor, guidance: float) -> Tensor:
        """Guided velocity (n, C, h, w) at one window's noise levels (n,)."""
        if guidance == 1.0:
            return self.transformer(x[None], sigma[None], slots[1:])[0]
        both = self.transformer(x.expand(2, *x.shape), sigma.expand(2, -1), slots)
        return both[0] + guidance * (both[1] - both[0])

    def _denoise(
        self, given: Tensor, noise: Tensor, slots: Tensor, steps: int, guidance: float
    ) -> Iterator[Tensor]:
        """Euler steps on dx/dσ = v(x, σ); yields each step's estimate of the clean frames.

        given (k, C, h, w) clean leading frames;  noise (m, C, h, w)
        Flow matching: Lipman et al. 2023, arXiv:2210.02747.
        """
        scheduler = FlowMatchEulerDiscreteScheduler.from_config(self.scheduler.config)
        scheduler.set_timesteps(sigmas=np.linspace(1.0, 1.0 / steps, steps))
        x, k = noise, len(given)
        for time, sigma in zip(scheduler.timesteps, scheduler.sigmas, strict=False):
            levels = torch.cat([torch.zeros(k), sigma.expand(len(x))])
            v = self._velocity(torch.cat([given, x]), levels, slots, guidance)[k:]
            estimate = x - sigma * v
            x = scheduler.step(v, time, x, return_dict=False)[0]
            yield estimate.clamp(-FARTHEST, FARTHEST)

    @torch.no_grad()
    def _pixels(self, latents: Tensor) -> np.ndarray:
        frames = self.autoencoder.decode(self.autoencoder.restore(latents[None]))[0]
        return ((frames.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).numpy()

    def preview(self, step: Step) -> np.ndarray:
        """A look (H, W, 3) uint8 at the newest drawing of the clean clip as estimated so far."""
        return self._pixels(step.latents[-1:])[CHUNK // 2]

    def decode(self, step: Step) -> np.ndarray:
        """The clip (drawings, H, W, 3) uint8; finished when `step` is the last."""
        return self._pixels(step.latents)[: step.drawings]

    def __call__(
        self,
        prompt: str,
        aspect: str = "16:9",
        drawings: int = 24,
        seed: int = 0,
        style: str | None = None,
        negative_prompt: str = "",
        num_inference_steps: int = 24,
        guidance_scale: float = 4.0,
        output_type: str = "np",
        callback_on_step_end: Callable[[SproutPipeline, int, Step], None] | None = None,
    ) -> SproutOutput:
        """Draw a whole clip; `output_type` "np" gives float32 in [0, 1], "uint8" bytes."""
        step = None
        for step in self.draw(
            prompt, aspect=aspect, drawings=drawings, seed=seed, style=style,
            negative_prompt=negative_prompt, steps=num_inference_steps, guidance=guidance_scale,
        ):  # fmt: skip
            if callback_on_step_end is not None:
                callback_on_step_end(self, step.index, step)
        assert step is not None
        frames = self.decode(step)[None]
        return SproutOutput(frames if output_type == "uint8" else frames.astype(np.float32) / 255)
