"""The mark on its way into a film: in ffmpeg's pass, on the luma of the finished size.

The tile is the same in each frame; how strong it is at each place follows the drawing, so that it
costs as much likeness (SSIM) everywhere: little on what is flat, more on what is rough. A map of
that, a few rows high, is sent along beneath each drawing; ffmpeg enlarges it, weighs the tile with
it and adds that to the film.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sora_core.mark.pattern import Pattern

if TYPE_CHECKING:
    from sora_core.video import Format

#: Standard deviation in steps of luma, of 255: 49 dB where nothing hides it, 40.5 dB at most.
FAINTEST, STRONGEST = 0.98, 2.5
NEUTRAL = 128
#: Of what stands out less in the film as it was encoded, worn copies may not be known again.
WEAK_Z = 15.0
LIKENESS_PX = 8  # of the film: as far as SSIM looks around
LIKENESS_C2 = 58.5  # its constant that stands beside variances, (0.03 × 255)²
ROWS = 4  # a row of the map stands for so many of the drawing


@dataclass(frozen=True)
class Mark:
    """A number to put into one film. `strength` 1 is the usual, 1.4 what is tried after that."""

    number: int
    pattern: Pattern
    strength: float = 1.0

    def plane(self, width: int, height: int) -> np.ndarray:
        """(height, width) uint8: the tile at its strongest, around 128."""
        tile = self.pattern.tile(self.number) * (STRONGEST * self.strength)
        down, across = -(-height // len(tile)), -(-width // len(tile))
        repeated = np.tile(tile, (down, across))[:height, :width]
        return np.clip(np.rint(NEUTRAL + repeated), 0, 255).astype(np.uint8)


def rows_for(height: int) -> int:
    """How many rows of a map go beneath a drawing of `height` rows."""
    return max(1, height // ROWS)


def with_map(drawing: np.ndarray, scale: float) -> np.ndarray:
    """(h + rows_for(h), w, 3) uint8: the drawing (h, w, 3), and beneath it how strong the mark is.

    scale  pixels of the film to one of the drawing
    Noise of variance n on a variance of v costs n / (2 v + C2) of likeness (Wang et al. 2004).
    """
    height, width, _ = drawing.shape
    rough = 2 * variance(drawing, scale) / LIKENESS_C2
    share = np.minimum(FAINTEST * np.sqrt(1 + rough) / STRONGEST, 1)
    down = np.linspace(0, len(share) - 1, rows_for(height)).round().astype(int)
    across = np.linspace(0, share.shape[1] - 1, width).round().astype(int)
    grey = np.rint(255 * share).astype(np.uint8)[np.ix_(down, across)]
    return np.concatenate([drawing, np.repeat(grey[..., None], 3, 2)])


def variance(drawing: np.ndarray, scale: float) -> np.ndarray:
    """Of luma, within each LIKENESS_PX of the film: a value for so many pixels of the drawing.

    Where these are fewer than two, what changes from one to the next is taken to change evenly.
    """
    side = max(2, round(LIKENESS_PX / scale))
    height, width = (length // side * side for length in drawing.shape[:2])
    luma = drawing[:height, :width] @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    blocks = luma.reshape(height // side, side, width // side, side)
    within = (blocks**2).mean((1, 3)) - blocks.mean((1, 3)) ** 2
    return np.maximum(within, 0) * min(1.0, LIKENESS_PX / (scale * side)) ** 2


def filters(drawn: "Format", wanted: "Format") -> tuple[str, str]:
    """ffmpeg's filters that take the map off each picture, and that add the mark to a film.

    The first goes in front of those that bring the picture to its size; the second behind them.
    Input 1 is the tile's plane, grey, one picture long.
    """
    width, height, rows = drawn.width, drawn.height, rows_for(drawn.height)
    apart = (
        f"split[whole][below];"
        f"[below]crop={width}:{rows}:0:{height}:exact=1,extractplanes=g,"
        f"scale={wanted.width}:{wanted.height}:flags=bilinear,fps={wanted.fps}[map];"
        f"[1:v]split[tile][copy];[copy]lut={NEUTRAL}[plain];"
        f"[plain][tile][map]maskedmerge[mark];"
        f"[whole]crop={width}:{height}:0:0:exact=1"
    )
    added = (
        "extractplanes=y+u+v[luma][u][v];"
        "[luma][mark]blend=all_mode=grainmerge[marked];"
        "[marked][u][v]mergeplanes=0x001020:yuv420p"
    )
    return apart, added
