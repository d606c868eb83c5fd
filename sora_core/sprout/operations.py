"""Where sources lie in the finished clip, for each thing one can ask for.

Latent frames hold three drawings, so a source that other drawings follow or precede is laid out
to meet them at a whole latent frame: the clip then begins `lead` drawings late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sora_core.sprout.autoencoder import CHUNK

CLOSING_DRAWINGS = 9  # drawn anew at least, to close a loop or to lead from one clip to another
LEADING_DRAWINGS = 18  # drawn anew at most where clips are cut to be blended: one window
SHORTEST_LOOP = 12

Sources = Sequence[np.ndarray | None]


@dataclass(frozen=True, slots=True)
class Piece:
    """Drawings (k, H, W, 3), k a multiple of 3, that lie at drawing `first`.

    exact  (begin, end): drawings of the clip, lead included, that stay as they are given
    known  false where it is only what drawing begins from
    """

    first: int
    drawings: np.ndarray
    exact: tuple[int, int] = (0, 0)
    known: bool = True


Layout = tuple[int, list[Piece]]  # lead and pieces


def require(condition: bool, sentence: str) -> None:
    """Raises ValueError with `sentence` unless `condition` holds."""
    if not condition:
        raise ValueError(sentence)


def whole(drawings: int) -> int:
    """The number of drawings rounded up to whole latent frames."""
    return -(-drawings // CHUNK) * CHUNK


def _ending(drawings: np.ndarray) -> np.ndarray:
    """Made whole by repeating the first drawing, so that the end meets what follows."""
    return np.concatenate([drawings[:1].repeat(-len(drawings) % CHUNK, 0), drawings])


def _beginning(drawings: np.ndarray) -> np.ndarray:
    """Made whole by repeating the last drawing, so that the beginning meets what is before."""
    return np.concatenate([drawings, drawings[-1:].repeat(-len(drawings) % CHUNK, 0)])


def _given(sources: Sources, count: int, operation: str) -> list[np.ndarray]:
    clips = [source for source in sources if source is not None]
    require(len(clips) == len(sources) == count, f"{operation} takes {count} source(s)")
    return clips


def _text(sources: Sources, drawings: int) -> Layout:
    _given(sources, 0, "text")
    return 0, []


def _image(sources: Sources, drawings: int) -> Layout:
    """The first picture, the last one, or both; each is a latent frame of equal drawings."""
    require(len(sources) in (1, 2), "image takes a first picture, a last one, or both")
    require(any(s is not None for s in sources), "image takes at least one picture")
    pieces = []
    for picture, at in zip(sources, (0, drawings - 1), strict=False):
        if picture is not None:
            require(len(picture) == 1, "a picture is one drawing")
            first = at // CHUNK * CHUNK
            pieces.append(Piece(first, picture.repeat(CHUNK, 0), (at, at + 1)))
    return 0, pieces


def _extend(sources: Sources, drawings: int) -> Layout:
    (clip,) = _given(sources, 1, "extend")
    require(drawings > len(clip), f"extend needs more than the source's {len(clip)} drawings")
    lead = -len(clip) % CHUNK
    return lead, [Piece(0, _ending(clip), (lead, lead + len(clip)))]


def _extend_back(sources: Sources, drawings: int) -> Layout:
    (clip,) = _given(sources, 1, "extend_back")
    new = drawings - len(clip)
    require(new > 0, f"extend_back needs more than the source's {len(clip)} drawings")
    first = whole(new)
    return first - new, [Piece(first, _beginning(clip), (first, first + len(clip)))]


def _loop(sources: Sources, drawings: int) -> Layout:
    """From nothing, or from a source whose end is drawn anew so that it meets the beginning."""
    require(len(sources) <= 1, "loop takes at most one source")
    fits = drawings >= SHORTEST_LOOP and drawings % CHUNK == 0
    require(fits, f"a loop has {SHORTEST_LOOP} drawings or more, a multiple of {CHUNK}")
    if not sources:
        return 0, []
    (clip,) = _given(sources, 1, "loop")
    kept = min(len(clip), drawings - CLOSING_DRAWINGS) // CHUNK * CHUNK
    require(kept > 0, f"loop needs a source of at least {CHUNK} drawings")
    return 0, [Piece(0, clip[:kept], (0, kept))]


def _blend(sources: Sources, drawings: int) -> Layout:
    """The first's end, something new, the second's beginning.

    All of both where they fit; else a third of the clip is new. What is new begins from a dissolve,
    as the two may have nothing in common.
    """
    first, second = _given(sources, 2, "blend")
    new = drawings - len(first) - len(second)
    if new < CLOSING_DRAWINGS:
        new = min(max(drawings // 3, CLOSING_DRAWINGS), LEADING_DRAWINGS)
    new = whole(new)
    kept = drawings - new
    require(kept >= 2, f"blend needs at least {CLOSING_DRAWINGS + 2} drawings")
    before = min(len(first), max(kept // 2, kept - len(second)))
    after = kept - before
    lead = -before % CHUNK
    here, there = lead + before, lead + before + new
    return lead, [
        Piece(0, _ending(first[len(first) - before :]), (lead, here)),
        Piece(here, _dissolve(first[-1], second[0], new), known=False),
        Piece(there, _beginning(second[:after]), (there, there + after)),
    ]


def _dissolve(here: np.ndarray, there: np.ndarray, count: int) -> np.ndarray:
    """`count` drawings (H, W, 3) that lead evenly from one to another."""
    share = (np.arange(1, count + 1, dtype=np.float32) / (count + 1))[:, None, None, None]
    return ((1 - share) * here + share * there).round().astype(np.uint8)


def _remix(sources: Sources, drawings: int) -> Layout:
    """Nothing stays as it is; the source is what drawing begins from."""
    (clip,) = _given(sources, 1, "remix")
    require(drawings <= len(clip), f"remix needs at most the source's {len(clip)} drawings")
    return 0, [Piece(0, _beginning(clip[:drawings]), known=False)]


OPERATIONS: dict[str, Callable[[Sources, int], Layout]] = {
    "text": _text, "image": _image, "extend": _extend, "extend_back": _extend_back,
    "loop": _loop, "blend": _blend, "remix": _remix,
}  # fmt: skip
