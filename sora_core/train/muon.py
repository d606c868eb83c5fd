"""Muon: momentum whose matrices are brought close to orthogonal before each step.

Jordan et al. 2024, kellerjordan.github.io/posts/muon; the step's size is matched to AdamW's as in
Liu et al. 2025, arXiv:2502.16982. Convolutions count as matrices of (out, rest).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn

_QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrix: Tensor, rounds: int = 5) -> Tensor:
    """The matrix (A, B) with its singular values brought near 1, by Newton-Schulz in bfloat16."""
    a, b, c = _QUINTIC
    x = matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Steps of a size comparable to AdamW's at the same learning rate, for weights of 2+ axes.

    Where several workers hold the same gradients, each one prepares the steps of every
    `workers`-th weight, and they exchange them: all must call `step` together.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "decay": decay})

    def _steer(self, weight: Tensor, momentum: float) -> Tensor:
        """The step of one weight at learning rate 1, by Nesterov momentum."""
        assert weight.grad is not None
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        speed = state["momentum"].mul_(momentum).add_(weight.grad)
        flat = (weight.grad + momentum * speed).flatten(1)
        return 0.2 * max(flat.shape) ** 0.5 * orthogonalise(flat).flatten()

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step for every parameter that has a gradient."""
        shared = dist.is_initialized()
        rank, workers = (dist.get_rank(), dist.get_world_size()) if shared else (0, 1)
        for group in self.param_groups:
            weights = [w for w in group["params"] if w.grad is not None]
            steps = torch.cat([
                self._steer(w, group["momentum"]) if i % workers == rank else w.new_zeros(w.numel())
                for i, w in enumerate(weights)
            ])  # fmt: skip
            if shared:
                dist.all_reduce(steps)
            parts = steps.split([w.numel() for w in weights])
            for weight, part in zip(weights, parts, strict=True):
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.add_(part.view_as(weight), alpha=-group["lr"])


def two_optimizers(
    model: nn.Module, lr: float, edges: tuple[str, ...], decay: float = 0.0
) -> list[torch.optim.Optimizer]:
    """Muon for the inner matrices, AdamW for the rest; the latter's names start with `edges`."""
    inner: list[Tensor] = []
    rest: list[Tensor] = []
    for name, weight in model.named_parameters():
        (rest if weight.ndim < 2 or name.startswith(edges) else inner).append(weight)
    return [
        Muon(inner, lr, decay=decay),
        torch.optim.AdamW(rest, lr, (0.9, 0.98), weight_decay=0.0),
    ]
