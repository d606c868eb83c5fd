"""What a film shows, in 5 × 64 bits: it still matches where a codec has worn the mark away.

Of five moments, whether each of 64 places is brighter than the one at its right (the difference
hash, dHash, of Krawetz 2013). Crops and mirrors change it; what is compared is a hint, no proof.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from sora_core.mark.film import MAX_SECONDS, frames, unreadable

MOMENTS, SIDE = 5, 8
#: Share of bits that differ. Of two films that have nothing in common half do.
ALIKE = 0.18
#: What differs less is worth laying a copy over: the mark decides then, not the look.
WORTH, MOST = 0.27, 5


def fingerprint(drawings: Sequence[np.ndarray]) -> str:
    """80 hex digits, from a film's pictures, (h, w, 3) or (h, w) uint8 each."""
    chosen = np.linspace(0, len(drawings) - 1, MOMENTS).round().astype(int)
    return "".join(moment(drawings[at]) for at in chosen)


def fingerprint_of(film: Path) -> str:
    """Raises BadSpec where it is no film."""
    seen = list(islice(frames(film, MAX_SECONDS, 2), 2 * MAX_SECONDS))
    if not seen:
        raise unreadable()
    return fingerprint(seen)


def moment(picture: np.ndarray) -> str:
    grey = Image.fromarray(picture).convert("L")
    small = np.asarray(grey.resize((SIDE + 1, SIDE), Image.Resampling.BOX), np.int16)
    return np.packbits(small[:, :-1] > small[:, 1:]).tobytes().hex()


def difference(one: str, other: str) -> float:
    """0 of the same to about 0.5: each moment of `one` beside the one of `other` most like it."""
    ours, theirs = (
        np.frombuffer(bytes.fromhex(text), np.uint8).reshape(-1, 8) for text in (one, other)
    )
    apart = np.bitwise_count(ours[:, None] ^ theirs[None]).sum(-1)
    return float(apart.min(1).mean() / 64)


def nearest(fingerprint: str, shown: Iterable[tuple[int, str]]) -> list[tuple[int, float]]:
    """Of `shown`, numbers with fingerprints, at most MOST that differ by WORTH or less.

    Returns each number and the share of bits that differ, the likest first.
    """
    apart = sorted((difference(fingerprint, kept), number) for number, kept in shown)
    return [(number, share) for share, number in apart[:MOST] if share <= WORTH]
