"""A number of 48 bits ↔ 216 signs that stand a lot of noise.

CRC-16 (CCITT), then a convolutional code of rate 1/3 and constraint length 9 with the generators
557, 663, 711 (octal; Larsen 1973, Proakis table 8.2-2), read by Viterbi's algorithm on soft values.
"""

import binascii
from collections.abc import Sequence
from functools import cache

import numpy as np

NUMBER_BITS, CHECK_BITS, MEMORY = 48, 16, 8
GENERATORS = (0o557, 0o663, 0o711)
STEPS = NUMBER_BITS + CHECK_BITS + MEMORY  # the register is emptied at the end
SIGNS = STEPS * len(GENERATORS)
STATES = 1 << MEMORY


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


def decode(soft: np.ndarray) -> int | None:
    """The number whose signs fit `soft`, (216,) float, best; None where its check is wrong."""
    before, outputs = trellis()
    scores = np.full(STATES, -np.inf)
    scores[0] = 0.0
    choices = np.empty((STEPS, STATES), np.int64)
    for step in range(STEPS):
        gains = outputs @ soft[3 * step : 3 * step + 3]
        reached = scores[before] + gains
        choices[step] = reached.argmax(1)
        scores = reached.max(1)
    state, word = 0, 0
    for step in range(STEPS - 1, -1, -1):
        if step < NUMBER_BITS + CHECK_BITS:
            word |= (state >> (MEMORY - 1)) << (NUMBER_BITS + CHECK_BITS - 1 - step)
        state = int(before[state, choices[step, state]])
    number, check = word >> CHECK_BITS, word & 0xFFFF
    return number if check_of(number) == check else None


def check_of(number: int) -> int:
    """CRC-16/CCITT of the number's six bytes, begun so that zero has a check too."""
    return binascii.crc_hqx(number.to_bytes(NUMBER_BITS // 8, "big"), 0xFFFF)


@cache
def trellis() -> tuple[np.ndarray, np.ndarray]:
    """before (256, 2): the two states that lead to each; outputs (256, 2, 3): the signs they give.

    A state is the register's newest 8 bits, the newest in front.
    """
    state = np.arange(STATES)
    before = np.stack([(state << 1 & (STATES - 1)) | low for low in (0, 1)], 1)
    register = (state >> (MEMORY - 1) << MEMORY)[:, None] | before
    outputs = np.stack([1 - 2 * parity(register & g) for g in GENERATORS], -1)
    return before, outputs.astype(np.float64)


def parity(values: np.ndarray) -> np.ndarray:
    return (np.bitwise_count(values) & 1).astype(np.int64)
