"""Muon: momentum whose matrices are brought close to orthogonal before each step.

Jordan et al. 2024, kellerjordan.github.io/posts/muon; the step's size is matched to AdamW's as in
Liu et al. 2025, arXiv:2502.16982. Convolutions count as matrices of (out, rest).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
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
    """Steps of a size comparable to AdamW's at the same learning rate, for weights of 2+ axes."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step with Nesterov momentum; parameters without a gradient stay."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                speed = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                flat = (weight.grad + group["momentum"] * speed).flatten(1)
                size = 0.2 * max(flat.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["decay"])
                weight.add_(orthogonalise(flat).view_as(weight), alpha=-group["lr"] * size)


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
