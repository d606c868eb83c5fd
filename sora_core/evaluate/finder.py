"""The finder: says which subjects are in a clip, each in which colour. The second ruler.

    finder = Finder.load()
    finder.read(clips)  # clips (N, 24, H, W, 3) uint8 → one {"boat": "red", "cat": "blue"} per clip

The checker believes that a clip shows one subject. The finder looks for any number and says at
most two, or none. Like the checker it was trained on rendered scenes alone
(`python -m sora_core.evaluate.train_finder`), shares no weight with the model, and has never seen
a drawing of it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sora_core.evaluate.checker import CROP
from sora_core.evaluate.layers import STRIDE, Conv, Dense, Residual
from sora_core.evaluate.ruler import Ruler
from sora_core.world.vocabulary import COLOURS, SUBJECTS

CELL = 8  # pixels
MARGIN = 1.2  # of a crop around the square that holds the subject
CROPS = 3  # places in a drawing that are looked at closely
SURE = 0.4  # evidence from which a subject counts as seen
MOST = 2  # subjects that a reading names
TRACE = 0.1  # share of a place from which it may be a subject's that was seen
NEAR = 0.5  # of a subject's reach; a place this near is the same


class Looks(NamedTuple):
    """What crops show: logits (K, 12) of their subject and (K, 8) of its colour."""

    subject: Tensor
    colour: Tensor


class Sights(NamedTuple):
    """What is seen in N drawings, at three places each.

    spots    (N, 3, 3) as in `stage.spots`
    subject  (N, 3, 12) how sure each subject is there, in [0, 1];  colour  (N, 3, 8) likewise
    """

    spots: Tensor
    subject: Tensor
    colour: Tensor


class Finder(Ruler):
    """Finds subjects in single drawings, looks at each enlarged, and adds up over the clip.

    A convolutional trunk says of every cell of 8 x 8 pixels whether the middle of a subject is
    there, where exactly, and how far the subject reaches (as in Zhou, Wang & Krähenbühl 2019,
    "Objects as Points"). A square around it, brought to one size, tells what it is.
    """

    FILE = "finder.safetensors"

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(Conv(12, 24), Conv(24, 48, 2), Conv(48, 48))
        self.coarse = nn.Sequential(Conv(48, 80, 2), Residual(80))
        self.where = nn.Sequential(Conv(80, 32), nn.Conv2d(32, 4, 1))
        self.crop = nn.Sequential(Conv(12, 48), Conv(48, 48), Conv(48, 96, 2), Residual(96))
        self.layout = nn.Conv2d(96, 24, 1)
        self.looks = Dense(24 * (CROP // 4) ** 2 + 2 * 96, 144)
        self.subject = nn.Linear(144, len(SUBJECTS))
        self.colour = nn.Linear(144, len(COLOURS))

    def find(self, drawings: Tensor) -> Tensor:
        """Of drawings (N, 3, H, W) in [-1, 1] what each cell knows: (N, 4, H/8, W/8).

        The logit that a subject's middle is there, the way to it in cells, right and down, and
        the logarithm of half the side of the square that holds it, in cells.
        """
        return self.where(self.coarse(self.fine(F.pixel_unshuffle(drawings, 2))))

    def look(self, drawings: Tensor, of: Tensor, spots: Tensor) -> Looks:
        """What is at `spots` (K, 3), as in `stage.spots`, of the drawings numbered `of` (K,)."""
        h, w = drawings.shape[-2:]
        steps = (torch.arange(CROP, device=drawings.device) + 0.5) / CROP * 2 - 1
        square = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), -1)
        pixels = spots[:, None, None, :2] + MARGIN * spots[:, None, None, 2:] * square
        grid = pixels / pixels.new_tensor([w / 2, h / 2]) - 1
        crops = F.grid_sample(drawings[of], grid, padding_mode="border", align_corners=False)
        x = self.crop(F.pixel_unshuffle(crops, 2))
        seen = self.looks(torch.cat([self.layout(x).flatten(1), x.mean((2, 3)), x.amax((2, 3))], 1))
        return Looks(self.subject(seen), self.colour(seen))

    def glance(self, drawings: Tensor) -> Sights:
        """What is at the three surest places of each drawing (N, 3, H, W) in [-1, 1]."""
        there, spots = peaks(self.find(drawings))
        of = torch.arange(len(drawings)).repeat_interleave(CROPS)
        looks = self.look(drawings, of, spots.flatten(0, 1))
        subject, colour = (logits.softmax(1).unflatten(0, there.shape) for logits in looks)
        return Sights(spots, there[..., None] * subject, colour)

    def tell(self, clips: Tensor) -> list[dict[str, str]]:
        """The subjects of each clip (B, 24, 3, H, W) and their colours, the surest first."""
        close = clips[:, STRIDE // 2 :: STRIDE]
        sights = self.glance(close.flatten(0, 1))
        split = (part.unflatten(0, close.shape[:2]) for part in sights)
        return [name(Sights(*clip)) for clip in zip(*split, strict=True)]


def name(sights: Sights) -> dict[str, str]:
    """The subjects of one clip's drawings and their colours, the surest first.

    A subject is as sure as in the better half of the drawings: one that travels leaves the frame.
    A place where one was seen is no other's: what looks half like a cat and half like a robot is
    one of them.
    """
    subjects, colours = tuple(SUBJECTS), tuple(COLOURS)
    seen: dict[str, str] = {}
    subject = sights.subject
    for _ in range(MOST):
        half = max(1, len(subject) // 2)
        sure = subject.amax(1).topk(half, 0).values.mean(0)
        best = int(sure.argmax())
        if sure[best] < SURE:
            break
        share = subject[..., best]
        seen[subjects[best]] = colours[int((share[..., None] * sights.colour).sum((0, 1)).argmax())]
        subject = subject * ~_taken(share, sights.spots)[..., None]
        subject[..., best] = 0
    return seen


def _taken(share: Tensor, spots: Tensor) -> Tensor:
    """Which places (F, 3) are those of the subject with this `share` (F, 3) of each."""
    at = share.argmax(1, keepdim=True)
    own = spots.gather(1, at[..., None].expand(-1, -1, 3))
    near = (spots[..., :2] - own[..., :2]).norm(dim=-1) < NEAR * own[..., 2]
    return near & (share.gather(1, at) >= TRACE)


def peaks(known: Tensor) -> tuple[Tensor, Tensor]:
    """The cells of `find` that are surer than their neighbours: how sure (N, 3), spots (N, 3, 3).

    Surest first, as many as `CROPS`; a drawing with fewer peaks gives some that count nothing.
    """
    sure = known[:, 0].float().sigmoid()
    crest = sure * (F.max_pool2d(sure[:, None], 3, 1, 1)[:, 0] == sure)
    there, at = crest.flatten(1).topk(CROPS, 1)
    width = known.shape[3]
    picked = known[:, 1:].flatten(2).gather(2, at[:, None].expand(-1, 3, -1)).float()
    x = (at % width + 0.5 + picked[:, 0]) * CELL
    y = (at.div(width, rounding_mode="floor") + 0.5 + picked[:, 1]) * CELL
    half = picked[:, 2].clamp(-1, 2).exp() * CELL
    return there, torch.stack([x, y, half], -1)
