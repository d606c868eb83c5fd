"""The checker: reads the eight attributes off a clip. It is the ruler, never the model.

    checker = Checker.load()
    checker.read(clips)  # clips (N, 24, H, W, 3) uint8 → one {"subject": "boat", …} per clip

It was trained on rendered scenes alone (`python -m sora_core.evaluate.train`), shares no weight
with the model, and has never seen a drawing of it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_core.evaluate.layers import (
    DRIFT_FROM,
    FARTHEST_DRIFT,
    LUMA,
    STRIDE,
    Conv,
    Dense,
    Residual,
    Step,
    background_drift,
    places,
    pool,
)
from sora_core.evaluate.ruler import DRAWINGS, Ruler
from sora_core.world.vocabulary import ATTRIBUTES

CROP = 32  # pixels a side of the enlarged square around the subject


class Checker(Ruler):
    """Finds the subject in single drawings, follows it, and looks at the clip as a whole.

    A convolutional trunk maps every third drawing to cells of 8 x 8 pixels and says where the
    subject is (trained against the truth of the world). A square around it, brought to one size,
    tells what it is; features around it, in three bands, tell place and style; its track and its
    looks over time tell the motion. A second, small net sees the whole clip's brightness as
    channels: moves of the background, rain and snow.
    """

    FILE = "checker.safetensors"

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(Conv(12, 24), Conv(24, 48, 2), Conv(48, 48))
        self.coarse = nn.Sequential(Conv(48, 80, 2), Residual(80))
        self.where = nn.Conv2d(80, 1, 1)
        self.crop = nn.Sequential(Conv(12, 48), Conv(48, 48), Conv(48, 96, 2), Residual(96))
        self.layout = nn.Conv2d(96, 24, 1)
        self.looks = Dense(24 * (CROP // 4) ** 2 + 2 * 96 + 2 * 80, 192)
        self.turns = nn.Linear(192, 48)
        self.moves = nn.Sequential(Conv(DRAWINGS + 2, 64, 2, 5), Residual(64), Conv(64, 96, 2))
        self.track = nn.Sequential(Step(2 * 6 + 48, 96), Step(96, 96), Step(96, 96))
        subject, around, moves, track = 2 * 192, 3 * 80 + 2 * 48, 2 * 96, 2 * 96 + 3 * 6
        drift = 2 * len(DRIFT_FROM) * (2 * FARTHEST_DRIFT + 1)
        widths = {
            "subject": subject, "colour": subject, "size": subject + track,
            "motion": track + moves, "place": around, "weather": around + moves,
            "camera": moves + track + around + drift, "style": around + subject,
        }  # fmt: skip
        self.heads = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.BatchNorm1d(widths[name]),
                    Dense(widths[name], 96),
                    nn.Linear(96, len(values)),
                )
                for name, values in ATTRIBUTES.items()
            }
        )

    def forward(
        self, clips: Tensor, truth: Tensor | None = None
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Scores of every value of every attribute, and where the subject is.

        clips  (B, 24, 3, H, W) in [-1, 1], H and W multiples of 8
        truth  (n, 8, H/8, W/8) the true cover of the first n clips, to look under instead of
               where the checker itself believes the subject; for training, n ≤ B
        Returns {attribute: (B, values)} and logits (B, 8, H/8, W/8) of the subject's cover.
        """
        b = clips.shape[0]
        close = clips[:, STRIDE // 2 :: STRIDE]
        f = close.shape[1]
        fine = self.fine(F.pixel_unshuffle(close.flatten(0, 1), 2))
        coarse = self.coarse(fine)
        where = self.where(coarse)
        mask = where.sigmoid()
        if truth is not None:
            shown = truth.flatten(0, 1).unsqueeze(1).to(mask.dtype)
            mask = torch.cat([shown, mask[len(shown) :]])
        path = self._path(mask).view(b, f, -1)
        subject = self._subject(self._crops(close, path), coarse, mask).view(b, f, -1)
        track = self._track(path, subject)
        there = path[..., 5:]
        mean = (subject * there).sum(1) / (there.sum(1) + 1e-3)
        looks = torch.cat([mean, (subject * there).amax(1)], 1)
        around = self._around(fine, coarse, mask).view(b, f, -1).mean(1)
        moves = self._moves(clips)
        drift = background_drift(clips, mask.detach().view(b, f, *mask.shape[2:]))
        seen = {
            "subject": (looks,), "colour": (looks,), "size": (looks, track),
            "motion": (track, moves), "place": (around,), "weather": (around, moves),
            "camera": (moves, track, around, drift), "style": (around, looks),
        }  # fmt: skip
        scores = {name: head(torch.cat(seen[name], 1)) for name, head in self.heads.items()}
        return scores, where.view(b, f, *where.shape[2:])

    def _crops(self, close: Tensor, path: Tensor) -> Tensor:
        """Squares (N, 3, 32, 32) around the subject of each drawing, of one size in a clip."""
        h, w = close.shape[-2:]
        path = path.detach().float()
        there = path[..., 5:].square()  # where it has left the frame, its spread means nothing
        spread = (path[..., 2:4].amax(2, keepdim=True) * there).sum(1) / (there.sum(1) + 1e-3)
        middle, side = path[..., :2] / 2, spread / 4 * 2.3 + 0.03
        turn = torch.zeros_like(side)
        if self.training:  # the model's outlines are not the world's, and what spins turns over
            middle = middle + 0.06 * (torch.rand_like(middle) - 0.5)
            side = side * (0.85 + 0.35 * torch.rand_like(side))
            turn = 2 * math.pi * torch.rand_like(turn) * (torch.rand_like(turn) < 0.3)
        steps = (torch.arange(CROP, device=close.device) + 0.5) / CROP * 2 - 1
        x, y = torch.meshgrid(steps, steps, indexing="xy")
        cos, sin = turn.cos()[..., None], turn.sin()[..., None]
        square = torch.stack([cos * x - sin * y, sin * x + cos * y], -1)
        spots = middle[:, :, None, None] + (side[..., None, None] * square)[:, None]
        scale = spots.new_tensor([2 * min(w, h) / w, 2 * min(w, h) / h])
        grid = (spots * scale).flatten(0, 1)
        return F.grid_sample(close.flatten(0, 1), grid, padding_mode="border", align_corners=False)

    def _subject(self, crops: Tensor, coarse: Tensor, mask: Tensor) -> Tensor:
        x = self.crop(F.pixel_unshuffle(crops, 2))
        layout = self.layout(x).flatten(1)
        peak = (coarse * mask).amax((2, 3))
        pooled = [layout, x.mean((2, 3)), x.amax((2, 3)), pool(coarse, mask), peak]
        return self.looks(torch.cat(pooled, 1))

    def _path(self, mask: Tensor) -> Tensor:
        """Position, spread, area and presence of the subject, (N, 6)."""
        place = places(mask).unsqueeze(0).to(mask.dtype)
        middle = pool(place.expand(len(mask), -1, -1, -1), mask)
        spread = pool((place - middle[..., None, None]).square(), mask).add(1e-4).sqrt()
        area = mask.mean((2, 3)).sqrt()
        return torch.cat([2 * middle, 4 * spread, 4 * area, mask.amax((2, 3))], 1)

    def _track(self, path: Tensor, looks: Tensor) -> Tensor:
        """How the subject moves and turns: path (B, 8, 6), looks (B, 8, 192) → (B, 210)."""
        steps = path.diff(dim=1, prepend=path[:, :1])
        turns = self.turns(looks - looks.mean(1, keepdim=True))
        x = self.track(torch.cat([path, 4 * steps, turns], 2).mT)
        return torch.cat([x.mean(2), x.amax(2), path.mean(1), path.amin(1), path.amax(1)], 1)

    def _around(self, fine: Tensor, coarse: Tensor, mask: Tensor) -> Tensor:
        rest = 1 - mask
        third = coarse.shape[2] // 3
        cuts = (slice(0, third), slice(third, -third), slice(-third, None))
        bands = [pool(coarse[:, :, cut], rest[:, :, cut]) for cut in cuts]
        return torch.cat([*bands, fine.mean((2, 3)), fine.amax((2, 3))], 1)

    def _moves(self, clips: Tensor) -> Tensor:
        bright = torch.einsum("bfchw,c->bfhw", clips, clips.new_tensor(LUMA))
        half = F.avg_pool2d(bright, 2)
        place = places(half).to(half.dtype).expand(len(half), -1, -1, -1)
        x = self.moves(torch.cat([half, place], 1))
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)

    def tell(self, clips: Tensor) -> list[dict[str, str]]:
        """The eight attributes of each clip (B, 24, 3, H, W) in [-1, 1]."""
        scores, _ = self(clips)
        best = {name: score.argmax(1).tolist() for name, score in scores.items()}
        return [
            {name: ATTRIBUTES[name][index[i]] for name, index in best.items()}
            for i in range(len(clips))
        ]
