"""Train the autoencoder on footage: PCA first, then L1 + L2 + gradient loss."""

from __future__ import annotations

import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from sora_core.sprout.autoencoder import CELL, CHUNK, SproutAutoencoder, to_cells
from sora_core.train.footage import shard_path

LEARNING_RATE = 1.2e-3
CLIPS, CHUNKS = 8, 2  # a batch: clips of one shard, and chunks in a row of each
LATENT_NOISE = 0.03  # in units of each channel's spread
SUBJECT_WEIGHT = 1.5
WARMUP = 100


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


def _batch(shard: dict, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    frames, cover = shard["frames"], shard["cover"]
    clips = torch.randperm(len(frames), generator=rng)[:CLIPS]
    first = int(torch.randint(0, cover.shape[1] - CHUNKS + 1, (), generator=rng))
    span = slice(first * CHUNK, (first + CHUNKS) * CHUNK)
    mask = cover[clips, first : first + CHUNKS].float() / 255
    weight = 1 + SUBJECT_WEIGHT * (mask > 0.02).float()
    weight = weight / weight.mean()
    for axis, times in ((1, CHUNK), (2, CELL), (3, CELL)):
        weight = weight.repeat_interleave(times, axis)
    return as_signal(frames[clips, span]), weight.unsqueeze(-1)


def rate(step: int, steps: int) -> float:
    """Learning rate factor: linear warmup, then a cosine to zero."""
    if step < WARMUP:
        return (step + 1) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / max(1, steps - WARMUP)))


def train_autoencoder(
    footage: Path, checkpoint: Path, shards: int, steps: int, *, decoder_only: bool = False
) -> None:
    """Train for `steps` steps in all, going on from `checkpoint` if it exists.

    Reads whichever of the first `shards` shards exist; writes `checkpoint` every 250 steps.
    With `decoder_only` the encoder stays as it is, so latents made earlier keep their meaning.
    """
    model = SproutAutoencoder().to(memory_format=torch.channels_last)
    optimizers = [torch.optim.AdamW(model.parameters(), LEARNING_RATE, (0.9, 0.98), weight_decay=0)]
    rng, step = torch.Generator().manual_seed(0), 0
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        step = saved["step"]
        rng.manual_seed(step)
    else:
        some = torch.load(shard_path(footage, 0), mmap=True)["frames"][:, 6:12]
        start_from_components(model, as_signal(some))
    begun = time.monotonic()
    while step < steps:
        present = [n for n in range(shards) if shard_path(footage, n).exists()]
        number = present[int(torch.randint(0, len(present), (), generator=rng))]
        shard = torch.load(shard_path(footage, number), mmap=True)
        for _ in range(8):
            truth, weight = _batch(shard, rng)
            for optimizer in optimizers:
                optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate(step, steps)
                optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16):
                with torch.set_grad_enabled(not decoder_only):
                    z = model.encode(truth)
                spread = z.detach().float().std((0, 1, 3, 4), keepdim=True)
                guess = model.decode(z + LATENT_NOISE * spread * torch.randn_like(z))
            loss = reconstruction_loss(guess.float(), truth, weight)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for optimizer in optimizers:
                optimizer.step()
            step += 1
            if step % 50 == 0:
                seconds = time.monotonic() - begun
                quality = psnr_db(guess.detach().float(), truth)
                print(f"autoencoder {step}/{steps} {quality:.2f} dB {seconds:.0f} s", flush=True)
            if step % 250 == 0 or step == steps:
                state = {
                    "model": model.state_dict(),
                    "optimizers": [optimizer.state_dict() for optimizer in optimizers],
                }
                torch.save(state | {"step": step}, checkpoint)
