"""Weights on disk: a folder in diffusers' layout beside a manifest of checksums."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from errors import WeightsCorrupt
from sora_core.sprout.autoencoder import SproutAutoencoder
from sora_core.sprout.text import SproutTextEncoder
from sora_core.sprout.transformer import SproutTransformer
from sora_core.sprout.turbo import SproutTurbo, with_low_rank

WEIGHTS = Path(__file__).parent / "weights"
MANIFEST = "SHA256SUMS"
_NEEDED = {
    "transformer": SproutTransformer,
    "autoencoder": SproutAutoencoder,
    "text_encoder": SproutTextEncoder,
}
_OPTIONAL = {"turbo": SproutTurbo}


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path) -> None:
    """Write `SHA256SUMS` over every other file in `folder`, in the format of sha256sum."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    lines = [f"{checksum(p)}  {p.relative_to(folder).as_posix()}\n" for p in files]
    (folder / MANIFEST).write_text("".join(lines))


def _corrupt(path: str, what: str) -> WeightsCorrupt:
    return WeightsCorrupt(
        f"The model file {path} {what}. Fetch the weights again: git checkout -- sora_core/sprout.",
        path=path,
    )


def verify(folder: Path) -> set[str]:
    """Compare every file with the manifest, and return their names.

    Raises WeightsCorrupt, naming the first file that is missing or differs.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise _corrupt(MANIFEST, "is missing")
    try:
        pairs = [line.split("  ", 1) for line in manifest.read_text("ascii").splitlines()]
        listed = {name: digest for digest, name in pairs}
    except (ValueError, OSError):
        raise _corrupt(MANIFEST, "cannot be read") from None
    for name in sorted({_tensors(part) for part in _NEEDED} - listed.keys()):
        raise _corrupt(name, "is not in the manifest")
    for name, digest in listed.items():
        if not (folder / name).is_file():
            raise _corrupt(name, "is missing")
        if checksum(folder / name) != digest:
            raise _corrupt(name, "is damaged")
    return set(listed)


def _tensors(part: str) -> str:
    return f"{part}/diffusion_pytorch_model.safetensors"


def load_parts(folder: Path) -> dict:
    """The pipeline's parts from a verified folder, float32 and in evaluation mode.

    `turbo` is None where the manifest lists none.
    Raises WeightsCorrupt if a file is not what its config says.
    """
    listed = verify(folder)
    parts: dict = dict.fromkeys(_OPTIONAL)
    present = {name: kind for name, kind in _OPTIONAL.items() if _tensors(name) in listed}
    for name, kind in (_NEEDED | present).items():
        try:
            model = kind.from_pretrained(
                folder / name, torch_dtype=torch.float32, low_cpu_mem_usage=False
            )
        except (OSError, ValueError, RuntimeError, KeyError, TypeError, json.JSONDecodeError):
            raise _corrupt(name, "is not what its config says") from None
        parts[name] = model.eval().requires_grad_(False)
    if parts["turbo"] is not None:
        try:
            with_low_rank(parts["transformer"], parts["turbo"].state_dict())
        except ValueError:
            raise _corrupt("turbo", "does not fit the transformer") from None
    parts["scheduler"] = FlowMatchEulerDiscreteScheduler.from_pretrained(folder / "scheduler")
    return parts
