"""The mark on its way into a film: in ffmpeg's pass, on the luma of the finished size.

The tile is the same in each frame; how strong it is at each place follows the drawing, as eyes see
it least where there is fine detail. A map of that, a few rows high, is sent along beneath each
drawing; ffmpeg enlarges it, weighs the tile with it and adds that to the film.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from sora_core.mark.pattern import Pattern

if TYPE_CHECKING:
    from sora_core.video import Format

#: Standard deviation in steps of luma, of 255: 45.3 dB where nothing hides it, 42.2 dB at most.
FAINTEST, STRONGEST = 1.38, 1.95
NEUTRAL = 128
#: Of what stands out less in the film as it was encoded, worn copies may not be known again.
WEAK_Z = 15.0
BUSY = 9.0  # mean difference from the neighbourhood from which on detail hides the mark
ENOUGH = 256  # pixels across that a map is made from
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


def with_map(drawing: np.ndarray) -> np.ndarray:
    """(h + rows_for(h), w, 3) uint8: the drawing (h, w, 3), and beneath it where detail hides."""
    height, width, _ = drawing.shape
    # Of a large drawing every few pixels tell as much: what is left out is as busy.
    step = max(1, width // ENOUGH)
    luma = drawing[::step, ::step] @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    # Shading is no detail: it is gone before the difference is taken.
    detail = np.abs(luma - ndimage.uniform_filter(luma, 3))
    busy = np.clip(ndimage.uniform_filter(detail, 5) / BUSY, 0, 1)
    share = (FAINTEST + (STRONGEST - FAINTEST) * busy) / STRONGEST
    down = np.linspace(0, len(share) - 1, rows_for(height)).round().astype(int)
    grey = np.rint(255 * share[down]).astype(np.uint8).repeat(step, 1)[:, :width]
    return np.concatenate([drawing, np.repeat(grey[..., None], 3, 2)])


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
