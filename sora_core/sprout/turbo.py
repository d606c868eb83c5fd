"""Turbo: the transformer plus a low-rank difference that has guidance in it already.

Each adapted Linear W (out, in) becomes W + up @ down, with down (r, in) and up (out, r). In
training the pair stands beside the frozen W, so only the pair has gradients; to draw, it is merged
into a copy, which then costs nothing more. Hu et al. 2021, arXiv:2106.09685.
"""

from __future__ import annotations

import copy
import math

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from sora_core.sprout.transformer import SproutTransformer

#: The Linears that are adapted, by the end of their names: of each block the large ones and those
#: through which the prompt comes in, and the prompt's own.
ADAPTED = (
    "qkv", "out", "wide", "narrow", "modulation", "query", "pair", "read",
    "prompt", "pooled.0", "pooled.2",
)  # fmt: skip
RANK = 6


class LowRankLinear(nn.Module):
    """A frozen Linear and its low-rank difference; equals the Linear at the start."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        down = torch.randn(rank, base.in_features) / math.sqrt(base.in_features)
        self.down = nn.Parameter(down.to(base.weight))
        self.up = nn.Parameter(base.weight.new_zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """x (..., in) → (..., out)."""
        return self.base(x) + (x @ self.down.T) @ self.up.T


class SproutTurbo(ModelMixin, ConfigMixin):
    """The low-rank difference on disk; its state is what `low_rank_state` returns.

    layers  (name, in, out) of each adapted Linear, e.g. ("blocks.0.qkv", 256, 768)
    """

    @register_to_config
    def __init__(self, layers: list[tuple[str, int, int]], rank: int = RANK) -> None:
        super().__init__()
        for name, width_in, width_out in layers:
            spot: nn.Module = self
            for part in name.split("."):
                if not hasattr(spot, part):
                    spot.add_module(part, nn.Module())
                spot = spot.get_submodule(part)
            spot.down = nn.Parameter(torch.zeros(rank, width_in))
            spot.up = nn.Parameter(torch.zeros(width_out, rank))

    @classmethod
    def from_state(cls, state: dict[str, Tensor]) -> SproutTurbo:
        """The difference that holds `state`, as float32."""
        names = [key.removesuffix(".down") for key in state if key.endswith(".down")]
        shapes = [(state[f"{n}.down"].shape[1], state[f"{n}.up"].shape[0]) for n in names]
        layers = [(n, *shape) for n, shape in zip(names, shapes, strict=True)]
        turbo = cls(layers=layers, rank=len(state[f"{names[0]}.down"]))
        turbo.load_state_dict({key: value.float() for key, value in state.items()})
        return turbo.eval().requires_grad_(False)


def add_low_rank(
    transformer: SproutTransformer, rank: int = RANK, adapted: tuple[str, ...] = ADAPTED
) -> list[nn.Parameter]:
    """Freeze `transformer` and put a pair of rank `rank` beside the `adapted` Linears, in place.

    Returns the new parameters, the only ones with gradients. The output does not change until
    they are trained. Draws from torch's global generator.
    """
    transformer.requires_grad_(False)
    ends = tuple(f".{name}" for name in adapted)
    named = [name for name, _ in transformer.named_modules() if f".{name}".endswith(ends)]
    for name in named:
        parent, _, leaf = name.rpartition(".")
        pair = LowRankLinear(transformer.get_submodule(name), rank)
        setattr(transformer.get_submodule(parent), leaf, pair)
    return [weight for weight in transformer.parameters() if weight.requires_grad]


def low_rank_state(transformer: SproutTransformer) -> dict[str, Tensor]:
    """The pairs that `add_low_rank` put in: "blocks.0.qkv.down" (r, in), "….up" (out, r), …

    Copies, contiguous, fit for safetensors and for `SproutTurbo.from_state`.
    """
    state = {}
    for name, layer in transformer.named_modules():
        if isinstance(layer, LowRankLinear):
            state[f"{name}.down"] = layer.down.detach().clone()
            state[f"{name}.up"] = layer.up.detach().clone()
    return state


@torch.no_grad()
def with_low_rank(transformer: SproutTransformer, state: dict[str, Tensor]) -> SproutTransformer:
    """A float32 copy of a plain `transformer` with every pair of `state` merged in.

    Raises ValueError if a pair does not fit the Linear it names.
    """
    twin = copy.deepcopy(transformer).float()
    for key in [key for key in state if key.endswith(".down")]:
        name = key.removesuffix(".down")
        difference = state[f"{name}.up"].float() @ state[key].float()
        try:
            weight = twin.get_submodule(name).weight
        except AttributeError:
            raise ValueError(f"no Linear {name} in the transformer") from None
        if weight.shape != difference.shape:
            raise ValueError(f"the pair {name} is {tuple(difference.shape)}: does not fit")
        weight.add_(difference)
    return twin.eval().requires_grad_(False)
