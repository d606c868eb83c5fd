"""Checkpoints: states on disk that a half-finished write cannot harm, readable on any machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def each_tensor(state: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """`state`, of dicts, lists and tuples, with every tensor changed."""
    if isinstance(state, Tensor):
        return change(state)
    if isinstance(state, dict):
        return {key: each_tensor(value, change) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(each_tensor(value, change) for value in state)
    return state


def write(state: dict[str, Any], path: Path) -> None:
    """Write `state`, its tensors on the CPU; atomic."""
    half_written = path.with_suffix(".part")
    torch.save(each_tensor(state, lambda x: x.detach().cpu()), half_written)
    half_written.rename(path)


def read(path: Path) -> dict[str, Any]:
    """What was written, on the CPU."""
    return torch.load(path, map_location="cpu")
