"""The keyed pattern: which waves of a tile say where it lies, and which carry the number.

A tile is a sum of plane waves of 7 to 24 cycles, repeated over the picture and the same in each
frame. Three in ten waves have signs that the key alone decides: by them the tile is found. The rest
carry the number's coded signs, each on about five waves (direct sequence spread spectrum; Cox et
al. 1997, doi:10.1109/83.650120; the self-referencing lattice after Kutter 1998).
"""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sora_core.mark.code import SIGNS, encode

CYCLES = (7, 24)
#: A wave of twice as many cycles is 2^TILT times as faint. Codecs and smaller sizes take the short
#: ones first, and long ones cost less likeness; readers take waves as strong as they find them.
TILT = 1.5
SYNC_SHARE = 0.3
#: Widths of a tile in pixels. Each number has one of them: who averages clips of many sizes of
#: tile gets no tile.
PERIODS = (116, 120, 124, 128, 132, 136, 140)
KEY_BYTES = 32


@dataclass(frozen=True)
class Pattern:
    """What one key decides, N waves of which M are for finding the tile.

    waves  (N, 2) int: cycles a tile down and across, in one half of the plane; the first M find it
    sync   (M,) complex, of length 1
    spread (N − M, 2) ±1: of each carrying wave's cosine and sine
    places (N − M, 2) int in [0, 216): the coded sign that each of those carries
    """

    key: bytes
    waves: np.ndarray
    sync: np.ndarray
    spread: np.ndarray
    places: np.ndarray

    def period(self, number: int) -> int:
        """Width and height of this number's tile, in pixels of the film as it is written."""
        digest = hmac.digest(self.key, b"period" + number.to_bytes(6, "big"), "sha256")
        return PERIODS[digest[0] % len(PERIODS)]

    def spectrum(self, number: int) -> np.ndarray:
        """(N,) complex, of length 1: the waves of this number's tile."""
        signs = encode([number])[0]
        carried = signs[self.places] * self.spread
        return np.concatenate([self.sync, (carried[:, 0] + 1j * carried[:, 1]) / np.sqrt(2)])

    def tile(self, number: int) -> np.ndarray:
        """(P, P) float32 of mean 0 and standard deviation 1, P the number's period."""
        period = self.period(number)
        plane = np.zeros((period, period), np.complex128)
        down, across = self.waves.T
        waves = self.spectrum(number) * np.hypot(down, across) ** -TILT
        plane[down, across], plane[-down, -across] = waves, waves.conj()
        tile = np.fft.ifft2(plane).real
        return (tile / tile.std()).astype(np.float32)


@lru_cache(maxsize=4)
def pattern_of(key: bytes) -> Pattern:
    """The pattern that `key`, 32 bytes, decides: the same one for ever, in every version."""
    down, across = np.mgrid[-CYCLES[1] : CYCLES[1] + 1, 0 : CYCLES[1] + 1]
    radius = np.hypot(down, across)
    half = (radius >= CYCLES[0]) & (radius <= CYCLES[1]) & ((across > 0) | (down > 0))
    waves = np.stack([down[half], across[half]], 1)
    waves = waves[order(key, b"waves", len(waves))]
    found_by = round(SYNC_SHARE * len(waves))
    angles = stream(key, b"sync", found_by) / 2.0**64 * 2 * np.pi
    carrying = len(waves) - found_by
    spread = 1 - 2.0 * (stream(key, b"spread", 2 * carrying) >> np.uint64(63))
    places = order(key, b"places", 2 * carrying) % SIGNS
    return Pattern(
        key=key,
        waves=waves,
        sync=np.exp(1j * angles),
        spread=spread.reshape(-1, 2),
        places=places.reshape(-1, 2),
    )


def stream(key: bytes, name: bytes, count: int) -> np.ndarray:
    """(count,) uint64 that look random to whoever lacks the key: SHAKE-256, which never changes."""
    digest = hashlib.shake_256(key + name).digest(8 * count)
    return np.frombuffer(digest, "<u8")


def order(key: bytes, name: bytes, count: int) -> np.ndarray:
    return np.argsort(stream(key, name, count), kind="stable")
