"""Train the autoencoder on footage: PCA first, then L1 + L2 + gradient loss."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_core.sprout.autoencoder import CELL, CHUNK, SproutAutoencoder, to_cells
from sora_core.train.checkpoint import read, write
from sora_core.train.footage import shard_path

LEARNING_RATE = 1.2e-3
CHUNKS = 2  # in a row, of each clip of a batch
LATENT_NOISE = 0.03  # in units of each channel's spread
SUBJECT_WEIGHT = 1.5
WARMUP = 100
IN_A_ROW = 8  # batches from one shard before the next is opened
TELL_EVERY_S = 20.0
SAVE_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Course:
    """How the autoencoder is trained.

    steps         in all, of all sessions
    clips         of a batch, all of one shard
    until_s       by `time.monotonic`; the moment to stop at, wherever that is
    decoder_only  leaves the encoder as it is, so that latents made earlier keep their meaning
    """

    steps: int
    clips: int = 8
    device: str = "cpu"
    until_s: float = math.inf
    decoder_only: bool = False


def as_signal(frames: Tensor) -> Tensor:
    """uint8 drawings → float32 in [-1, 1]."""
    return frames.float() / 127.5 - 1


def principal_components(cells: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Mean (D,) and the `count` leading directions (count, D) of cells (N, D)."""
    mean = cells.mean(0)
    centred = cells - mean
    _, vectors = torch.linalg.eigh(centred.T @ centred / len(cells))
    return mean, vectors.flip(1)[:, :count].T.contiguous()


def start_from_components(model: SproutAutoencoder, frames: Tensor) -> None:
    """Set the linear path to the principal components of `frames` (B, 3n, H, W, 3), in place.

    Each latent channel starts with a spread of 1, so that the small nets see even inputs.
    """
    cells = F.pixel_unshuffle(to_cells(frames), CELL).permute(0, 2, 3, 1).flatten(0, 2)
    mean, directions = principal_components(cells, model.config.latent_channels)
    spread = ((cells - mean) @ directions.T).std(0).unsqueeze(1)
    with torch.no_grad():
        model.linear_in.weight.copy_((directions / spread)[:, :, None, None])
        model.linear_in.bias.copy_(-(directions / spread) @ mean)
        model.linear_out.weight.copy_((directions * spread).T[:, :, None, None])
        model.linear_out.bias.copy_(mean)


def reconstruction_loss(guess: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """L1 + 10 L2 + half the L1 of image gradients, per pixel weights (B, F, H, W, 1)."""
    error = guess - truth
    across = (error[:, :, :, 1:] - error[:, :, :, :-1]).abs() * weight[:, :, :, 1:]
    down = (error[:, :, 1:] - error[:, :, :-1]).abs() * weight[:, :, 1:]
    plain = (error.abs() + 10 * error.square()) * weight
    return plain.mean() + 0.5 * (across.mean() + down.mean())


def psnr_db(guess: Tensor, truth: Tensor) -> float:
    """Peak signal to noise of signals in [-1, 1], decibels."""
    return -10 * math.log10(float((guess.clamp(-1, 1) - truth).square().mean()) / 4)


def _batch(shard: dict, count: int, rng: torch.Generator, device: str) -> tuple[Tensor, Tensor]:
    frames, cover = shard["frames"], shard["cover"]
    clips = torch.randperm(len(frames), generator=rng)[:count]
    first = int(torch.randint(0, cover.shape[1] - CHUNKS + 1, (), generator=rng))
    span = slice(first * CHUNK, (first + CHUNKS) * CHUNK)
    mask = cover[clips, first : first + CHUNKS].to(device).float() / 255
    weight = 1 + SUBJECT_WEIGHT * (mask > 0.02).float()
    weight = weight / weight.mean()
    for axis, times in ((1, CHUNK), (2, CELL), (3, CELL)):
        weight = weight.repeat_interleave(times, axis)
    return as_signal(frames[clips, span].to(device)), weight.unsqueeze(-1)


def rate(step: int, steps: int) -> float:
    """Learning rate factor: linear warmup, then a cosine to zero."""
    if step < WARMUP:
        return (step + 1) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / max(1, steps - WARMUP)))


class Learning:
    """The autoencoder, its optimizer, and how far it is."""

    def __init__(self, course: Course) -> None:
        self.course, self.step = course, 0
        model = SproutAutoencoder().to(course.device)
        self.model = model.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), LEARNING_RATE, (0.9, 0.98), weight_decay=0
        )

    def load(self, path: Path) -> None:
        """Go on from a saved state; a carried one has no optimizer."""
        saved = read(path)
        self.model.load_state_dict(saved["model"])
        if "optimizer" in saved:
            self.optimizer.load_state_dict(saved["optimizer"])
        self.step = saved["step"]

    def save(self, path: Path) -> None:
        """Write the whole state; atomic."""
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        write(state | {"step": self.step}, path)

    def take_step(self, truth: Tensor, weight: Tensor) -> Tensor:
        """Learn from one batch; returns what was rebuilt, without gradient."""
        course = self.course
        self.optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate(self.step, course.steps)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(truth.device.type, torch.bfloat16):
            with torch.set_grad_enabled(not course.decoder_only):
                z = self.model.encode(truth)
            spread = z.detach().float().std((0, 1, 3, 4), keepdim=True)
            guess = self.model.decode(z + LATENT_NOISE * spread * torch.randn_like(z))
        reconstruction_loss(guess.float(), truth, weight).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return guess.detach().float()


def train_autoencoder(footage: Path, checkpoint: Path, shards: int, course: Course) -> None:
    """Train as the course says, going on from `checkpoint` if it exists.

    Reads whichever of the first `shards` shards exist; writes `checkpoint` once a minute.
    """
    run = Learning(course)
    if checkpoint.exists():
        run.load(checkpoint)
    elif course.steps:
        some = torch.load(shard_path(footage, 0), mmap=True)["frames"][:, 6:12]
        start_from_components(run.model, as_signal(some.to(course.device)))
    rng = torch.Generator().manual_seed(run.step)
    begun = told = saved = time.monotonic()
    while run.step < course.steps and time.monotonic() < course.until_s:
        present = [n for n in range(shards) if shard_path(footage, n).exists()]
        number = present[int(torch.randint(0, len(present), (), generator=rng))]
        shard = torch.load(shard_path(footage, number), mmap=True)
        for _ in range(min(IN_A_ROW, course.steps - run.step)):
            truth, weight = _batch(shard, course.clips, rng, course.device)
            guess = run.take_step(truth, weight)
        now = time.monotonic()
        if now - told >= TELL_EVERY_S:
            quality, told = psnr_db(guess, truth), now
            print(f"autoencoder {run.step}/{course.steps} {quality:.2f} dB {now - begun:.0f} s",
                  flush=True)  # fmt: skip
        if now - saved >= SAVE_EVERY_S:
            run.save(checkpoint)
            saved = now
    run.save(checkpoint)
