"""A ruler: a net that reads clips, and the file that its weights are kept in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from errors import WeightsCorrupt
from sora_core.sprout.weights import MANIFEST, checksum, write_manifest

WEIGHTS = Path(__file__).parent / "weights"
DRAWINGS = 24
_BATCH = 16


class Ruler(nn.Module):
    """What reads clips of 24 drawings; its weights lie in `FILE`, beside those of other rulers."""

    FILE: ClassVar[str]

    def tell(self, clips: Tensor) -> list[dict[str, str]]:
        """What is to be seen in each of some clips (B, 24, 3, H, W) in [-1, 1]."""
        raise NotImplementedError

    @torch.no_grad()
    def read(self, clips: np.ndarray | Sequence[np.ndarray]) -> list[dict[str, str]]:
        """What is to be seen in each clip (24, H, W, 3) uint8, all of one size.

        Raises ValueError for another number of drawings.
        """
        found: list[dict[str, str]] = []
        for first in range(0, len(clips), _BATCH):
            batch = torch.from_numpy(np.stack(list(clips[first : first + _BATCH])))
            if batch.shape[1] != DRAWINGS:
                raise ValueError(f"a clip of {DRAWINGS} drawings is read, not {batch.shape[1]}")
            found += self.tell(batch.permute(0, 1, 4, 2, 3).float() / 127.5 - 1)
        return found

    def save(self, folder: Path = WEIGHTS) -> None:
        """Write the weights, float16, and the checksums of all files in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {
            name: value.half().contiguous() if value.is_floating_point() else value
            for name, value in self.state_dict().items()
            if not name.endswith("num_batches_tracked")
        }
        save_file(state, folder / self.FILE)
        write_manifest(folder)

    @classmethod
    def load(cls, folder: Path = WEIGHTS) -> Self:
        """Load the ruler onto the CPU, float32, ready to read.

        Raises WeightsCorrupt when the file is missing, damaged, or for another vocabulary.
        """
        path = folder / cls.FILE
        manifest = folder / MANIFEST
        if not path.is_file() or not manifest.is_file():
            raise cls._corrupt("is missing")
        if f"{checksum(path)}  {cls.FILE}" not in manifest.read_text("utf-8").splitlines():
            raise cls._corrupt("is damaged")
        ruler = cls()
        try:
            kept = {name: value.float() for name, value in load_file(path).items()}
            missing, strange = ruler.load_state_dict(kept, strict=False)
        except RuntimeError:
            raise cls._corrupt("is for another vocabulary") from None
        if strange or any(not name.endswith("num_batches_tracked") for name in missing):
            raise cls._corrupt("is for another vocabulary")
        return ruler.eval().requires_grad_(False)

    @classmethod
    def _corrupt(cls, what: str) -> WeightsCorrupt:
        return WeightsCorrupt(
            f"The ruler's file {cls.FILE} {what}. "
            "Fetch it again: git checkout -- sora_core/evaluate.",
            path=cls.FILE,
        )
