"""Workers that share each step: whoever is free takes the next part of the batch.

On a machine that does other work too, equal shares would make every step as slow as the slowest
core. Here a step is cut into parts, and a counter in a shared store says who takes which.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor


class Crew:
    """One worker's view of the crew; `workers` may be 1."""

    def __init__(self, rank: int = 0, workers: int = 1, store: dist.Store | None = None) -> None:
        self.rank, self.workers, self._store = rank, workers, store

    @classmethod
    def meet(cls, rank: int, workers: int, port: int) -> Crew:
        """Wait for the others on this machine, at `port` of the loopback address."""
        if workers == 1:
            return cls()
        store = dist.TCPStore("127.0.0.1", port, workers, rank == 0, timedelta(hours=4))
        dist.init_process_group("gloo", store=store, rank=rank, world_size=workers)
        return cls(rank, workers, dist.PrefixStore("parts", store))

    def parts(self, step: int, count: int) -> Iterator[int]:
        """The parts of `step`, of `count` in all, that fall to this worker as it asks for them."""
        if self._store is None:
            yield from range(count)
            return
        while (part := self._store.add(str(step), 1) - 1) < count:
            yield part

    def add_up(self, parameters: list[Tensor], extra: Tensor) -> Tensor:
        """Sum gradients over the crew, in place, and return the sum of `extra` (k,)."""
        if self.workers == 1:
            return extra
        for p in parameters:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None] + [extra])
        dist.all_reduce(flat)
        *grads, total = flat.split([*(p.numel() for p in parameters), len(extra)])
        for p, grad in zip(parameters, grads, strict=True):
            p.grad = grad.view_as(p)
        return total

    def leave(self) -> None:
        """Wait for the others and take the crew apart; a worker that just ends may abort."""
        if self._store is not None:
            dist.barrier()
            dist.destroy_process_group()
