"""What is asked of a clip, brought to one form: latent frames that are known, and the rest.

Text → clip, image → clip, extending, looping, blending and remixing differ in nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sora_core.sprout.autoencoder import CHUNK
from sora_core.sprout.operations import OPERATIONS, Sources, require, whole
from sora_core.sprout.windows import Window, plan_windows

LONGEST_DRAWINGS = 120
#: Where drawing begins from a source, and at which noise level unless asked otherwise.
STRENGTHS = {"remix": 0.6, "blend": 0.7}


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A clip of n latent frames before it is drawn.

    drawings  of the finished clip
    lead      drawings of the first latent frame that lie before the finished clip's beginning
    source    (3n, H, W, 3) uint8, black where nothing is given; None if nothing is
    known     n entries: this latent frame is given by `source`
    exact     (begin, end) of drawings that stay as they are in `source`, lead included
    shares    (n, prompts) how far each latent frame follows each prompt; rows add up to 1
    loops     the last drawing is followed by the first
    strength  noise level at which drawing begins; below 1 it begins from `source`
    """

    drawings: int
    lead: int
    source: np.ndarray | None
    known: tuple[bool, ...]
    exact: tuple[tuple[int, int], ...]
    shares: np.ndarray
    loops: bool
    strength: float

    def windows(self) -> list[Window]:
        """The windows in which the clip is drawn, in order."""
        return plan_windows(self.known, loops=self.loops)


def plan_clip(
    operation: str,
    drawings: int,
    size: tuple[int, int],
    sources: Sources = (),
    *,
    strength: float | None = None,
    prompts: int = 1,
) -> Plan:
    """Lay out the sources and say what remains to be drawn.

    operation  a key of `OPERATIONS`
    drawings   1 to 120, of the finished clip
    size       (width, height) in pixels
    sources    clips (F, H, W, 3) uint8 of that size, 12 drawings a second; a picture has F = 1.
               text: none. image: a first picture, or (first, last), either may be None.
               extend, extend_back, remix: one clip. loop: none or one. blend: two.
    strength   in (0, 1]: how far a remix may leave its source, and what is new in a blend a plain
               dissolve; None: the usual of `STRENGTHS`. Of no effect elsewhere
    prompts    the clip has so many equal spans, each with its own prompt
    Raises ValueError where these do not fit each other.
    """
    require(operation in OPERATIONS, f"no operation is called {operation!r}")
    require(1 <= drawings <= LONGEST_DRAWINGS, f"a clip has 1 to {LONGEST_DRAWINGS} drawings")
    if strength is None:
        strength = STRENGTHS.get(operation, 1.0)
    require(0 < strength <= 1, "strength lies above 0 and at most at 1")
    for source in sources:
        _require_clip(source, size)
    lead, pieces = OPERATIONS[operation](sources, drawings)
    n = whole(lead + drawings) // CHUNK
    require(prompts >= 1, "a clip takes at least one prompt")
    require(prompts <= n, f"{drawings} drawings are too few for {prompts} prompts")
    known, canvas = [False] * n, np.zeros((n * CHUNK, size[1], size[0], 3), np.uint8)
    for piece in pieces:
        end = piece.first + len(piece.drawings)
        canvas[piece.first : end] = piece.drawings
        if piece.known:
            known[piece.first // CHUNK : end // CHUNK] = [True] * (len(piece.drawings) // CHUNK)
    require(not all(known), "the sources leave nothing to draw")
    return Plan(
        drawings=drawings,
        lead=lead,
        source=canvas if pieces else None,
        known=tuple(known),
        exact=tuple(piece.exact for piece in pieces if piece.exact[1] > piece.exact[0]),
        shares=_shares(n, prompts, loops=operation == "loop"),
        loops=operation == "loop",
        strength=strength if operation in STRENGTHS else 1.0,
    )


def _shares(n: int, prompts: int, *, loops: bool) -> np.ndarray:
    """Equal spans of n latent frames, one a prompt; frames beside a border follow both."""
    spans = np.eye(prompts, dtype=np.float32)[np.arange(n) * prompts // n]
    around = np.pad(spans, ((1, 1), (0, 0)), mode="wrap" if loops else "edge")
    return (around[:-2] + around[1:-1] + around[2:]) / 3


def _require_clip(source: np.ndarray | None, size: tuple[int, int]) -> None:
    if source is None:
        return
    shape = (len(source), size[1], size[0], 3)
    fits = isinstance(source, np.ndarray) and source.shape == shape and source.dtype == np.uint8
    require(fits and len(source) > 0, f"a source has the shape (F, {size[1]}, {size[0]}, 3), uint8")
