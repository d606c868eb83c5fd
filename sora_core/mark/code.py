"""A number of 48 bits → 216 signs, far from those of every other number.

CRC-16 (CCITT), then a convolutional code of rate 1/3 and constraint length 9 with the generators
557, 663, 711 (octal; Larsen 1973, Proakis table 8.2-2). Readers compare with the signs of every
number that was issued, which tells fainter ones than undoing the code does.
"""

import binascii
from collections.abc import Sequence

import numpy as np

NUMBER_BITS, CHECK_BITS, MEMORY = 48, 16, 8
GENERATORS = (0o557, 0o663, 0o711)
STEPS = NUMBER_BITS + CHECK_BITS + MEMORY  # the register is emptied at the end
SIGNS = STEPS * len(GENERATORS)


def encode(numbers: Sequence[int]) -> np.ndarray:
    """(N, 216) float32 of ±1, a row for each number in [0, 2^48)."""
    bits = np.zeros((len(numbers), STEPS), np.int64)
    for row, number in enumerate(numbers):
        word = number << CHECK_BITS | check_of(number)
        text = f"{word:0{NUMBER_BITS + CHECK_BITS}b}"
        bits[row, : len(text)] = np.frombuffer(text.encode(), np.uint8) - ord("0")
    register, signs = np.zeros(len(numbers), np.int64), np.empty((len(numbers), SIGNS), np.float32)
    for step in range(STEPS):
        register = (register >> 1) | bits[:, step] << MEMORY
        for output, generator in enumerate(GENERATORS):
            signs[:, 3 * step + output] = 1 - 2 * parity(register & generator)
    return signs


def check_of(number: int) -> int:
    """CRC-16/CCITT of the number's six bytes, begun so that zero has a check too."""
    return binascii.crc_hqx(number.to_bytes(NUMBER_BITS // 8, "big"), 0xFFFF)


def parity(values: np.ndarray) -> np.ndarray:
    return (np.bitwise_count(values) & 1).astype(np.int64)
