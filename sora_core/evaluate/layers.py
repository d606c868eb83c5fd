"""What the checker is put together from."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 3  # every third drawing is looked at closely
DRIFT_FROM = (0, 4, 8, 12, 16)  # drawings that are compared with a later one
DRIFT_AFTER = 6  # drawings
FARTHEST_DRIFT = 8  # pixels
LUMA = (0.299, 0.587, 0.114)


class Conv(nn.Sequential):
    """3 x 3 convolution (or `kernel`), batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class Dense(nn.Sequential):
    """A linear layer, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU())


class Step(nn.Sequential):
    """Convolution over three drawings in a row, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv1d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()
        )


class Residual(nn.Module):
    """x + two convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(Conv(width, width), Conv(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) → the same shape."""
        return x + self.body(x)


def places(like: Tensor) -> Tensor:
    """x and y of each cell's middle in units of the shorter side, (2, h, w), y downwards."""
    h, w = like.shape[-2:]
    x = (torch.arange(w, device=like.device) + 0.5 - w / 2) / min(w, h)
    y = (torch.arange(h, device=like.device) + 0.5 - h / 2) / min(w, h)
    return torch.stack(torch.broadcast_tensors(x.view(1, -1), y.view(-1, 1)))


def pool(features: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean over space: features (N, C, h, w), weight (N, 1, h, w) → (N, C)."""
    share = weight / (weight.sum((2, 3), keepdim=True) + 1e-3)
    return (features * share).sum((2, 3))


def background_drift(clips: Tensor, mask: Tensor) -> Tensor:
    """How well the background matches itself half a second later, moved sideways.

    clips (B, 24, 3, H, W), mask (B, 8, H/8, W/8) of the subject, which is left out
    Returns (B, 170): for five moments, the left and the right half, and moves from -8 to 8
    pixels, the mean difference in brightness over the least one of that half. A pan moves both
    halves alike, a zoom moves them apart.
    """
    bright = torch.einsum("bfchw,c->bfhw", clips, clips.new_tensor(LUMA)).float()
    first = list(DRIFT_FROM)
    last = [i + DRIFT_AFTER for i in first]
    one, other = bright[:, first], bright[:, last]
    seen = 1 - torch.maximum(
        mask[:, [i // STRIDE for i in first]], mask[:, [i // STRIDE for i in last]]
    )
    seen = F.interpolate(seen.float(), bright.shape[2:]) + 1e-2
    middle, edge = bright.shape[3] // 2, FARTHEST_DRIFT
    halves = (slice(edge, middle), slice(middle, -edge))
    costs = []
    for move in range(-edge, edge + 1):
        off = (one - other.roll(-move, 3)).abs() * seen
        costs += [off[..., h].sum((2, 3)) / seen[..., h].sum((2, 3)) for h in halves]
    table = torch.stack(costs, 2).unflatten(2, (-1, 2))
    table = table / (table.mean(2, keepdim=True) + 1e-2)
    return table.flatten(1).to(clips.dtype)
