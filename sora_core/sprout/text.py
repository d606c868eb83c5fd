"""The text encoder: a prompt's words become one slot per attribute.

Each slot is read off by a learned query, classified over the attribute's values and "not said",
and passed on as the mean of the values' code vectors under those probabilities. Synonyms thus
meet in one code, and the same probabilities give the honest reading of a prompt.
"""

from __future__ import annotations

import math

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from sora_core.sprout.words import MAX_WORDS, PAD, UNKNOWN


def attend(q: Tensor, k: Tensor, v: Tensor, hidden: Tensor | None = None) -> Tensor:
    """Softmax attention by explicit matrix products, quicker to train on a CPU than the fused one.

    q (B, h, N, d), k, v (B, h, M, d); `hidden` (B, 1, 1, M) is true where nothing may be read.
    """
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    if hidden is not None:
        scores = scores.masked_fill(hidden, -1e4)
    return scores.softmax(-1) @ v


def split_heads(x: Tensor, parts: int, heads: int) -> Tensor:
    """(B, L, parts * heads * d) → (parts, B, heads, L, d)."""
    return x.unflatten(-1, (parts, heads, -1)).permute(2, 0, 3, 1, 4)


class WordBlock(nn.Module):
    """Self-attention and a small net over words, pre-normed."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.net = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """x (B, L, D) → (B, L, D)."""
        q, k, v = split_heads(self.qkv(self.norm_1(x)), 3, self.heads)
        x = x + self.out(attend(q, k, v, hidden).transpose(1, 2).flatten(2))
        return x + self.net(self.norm_2(x))


class SproutTextEncoder(ModelMixin, ConfigMixin):
    """Words → logits and slots.

    attributes  pairs of a name and its values; one more class means "not said"
    vocabulary  the words it knows, in the order of their numbers
    code_width  of the slots; the codes are fixed, random and nearly orthogonal
    """

    @register_to_config
    def __init__(
        self,
        attributes: list[tuple[str, list[str]]],
        vocabulary: list[str],
        width: int = 96,
        layers: int = 2,
        heads: int = 4,
        code_width: int = 64,
    ) -> None:
        super().__init__()
        values = [len(names) for _, names in attributes]
        self.words = nn.Embedding(len(vocabulary) + UNKNOWN + 1, width, padding_idx=PAD)
        self.places = nn.Parameter(0.02 * torch.randn(MAX_WORDS, width))
        self.blocks = nn.ModuleList([WordBlock(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(0.1 * torch.randn(len(values), width))
        self.to_key, self.to_read = nn.Linear(width, width), nn.Linear(width, width)
        self.nothing = nn.Parameter(torch.zeros(1, 1, width))
        self.classifiers = nn.ModuleList([nn.Linear(width, n + 1) for n in values])
        generator = torch.Generator().manual_seed(7)
        codes = torch.randn(sum(values) + len(values), code_width, generator=generator)
        self.register_buffer("codes", codes)

    @property
    def classes(self) -> dict[str, list[str]]:
        """The values of each attribute, in the order of the slots and their classes."""
        return {name: list(values) for name, values in self.config.attributes}

    def logits(self, numbers: Tensor) -> list[Tensor]:
        """Per attribute (B, values + 1); the last class is "not said". `numbers` (B, L)."""
        hidden = (numbers == PAD)[:, None, None, :]
        x = self.words(numbers) + self.places[: numbers.shape[1]]
        for block in self.blocks:
            x = block(x, hidden)
        x = torch.cat([self.nothing.expand(len(x), -1, -1), self.norm(x)], 1)
        hidden = torch.cat([torch.zeros_like(hidden[..., :1]), hidden], -1)
        q = self.queries.expand(len(x), 1, -1, -1)
        keys, reads = self.to_key(x).unsqueeze(1), self.to_read(x).unsqueeze(1)
        slots = attend(q, keys, reads, hidden).squeeze(1)
        return [head(slots[:, i]) for i, head in enumerate(self.classifiers)]

    def forward(self, numbers: Tensor) -> Tensor:
        """Slots (B, attributes, code_width) of prompts given as word numbers (B, L)."""
        slots, begin = [], 0
        for logits in self.logits(numbers):
            n = logits.shape[-1]
            slots.append(logits.softmax(-1) @ self.codes[begin : begin + n])
            begin += n
        return torch.stack(slots, 1)
