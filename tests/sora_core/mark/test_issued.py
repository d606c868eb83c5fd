"""Which number fits best, and how often one would by chance."""

import math

import numpy as np
import pytest

from sora_core.mark.code import SIGNS, encode
from sora_core.mark.issued import TIGHT, Issued, chance
from sora_core.mark.pattern import pattern_of
from sora_core.mark.reading import Reading
from sora_core.mark.tracing import CHANCE, judge

PATTERN = pattern_of(bytes(range(32)))
NUMBERS = [int(number) for number in np.random.default_rng(3).integers(0, 2**48, 400)]


def test_chance_is_bounded_by_a_normal_tail_and_adds_up_over_what_was_tried() -> None:
    assert pytest.approx(1 / (4 * 0.5 * math.erfc(1)), abs=1e-3) == TIGHT
    assert chance(0.0, 1) == chance(-3.0, 7) == 1.0
    assert chance(6.0, 1) == pytest.approx(TIGHT * 9.866e-10, rel=1e-3)
    assert chance(6.0, 1000) == pytest.approx(1000 * chance(6.0, 1))


def test_numbers_fit_noise_no_more_often_than_chance_says() -> None:
    """Of 400 numbers and 500 readings of nothing."""
    noise = np.random.default_rng(5).normal(size=(SIGNS, 500))
    fits = encode(NUMBERS) @ (noise / np.linalg.norm(noise, axis=0))
    for z in (2.0, 3.0, 4.0):
        assert (fits > z).mean() <= chance(z, 1)


def test_likest_asks_all_of_a_width_and_those_alike_by_themselves() -> None:
    number = NUMBERS[7]
    issued = Issued(NUMBERS, PATTERN, alike={number, NUMBERS[8], 12345})
    soft = encode([number])[0].astype(float)
    every, alike = issued.likest(soft, PATTERN.period(number))
    assert (every.number, every.compared) == (number, len(NUMBERS))
    assert (alike.number, alike.compared) == (number, 2)
    assert every.like_z == pytest.approx(math.sqrt(SIGNS))


def test_likest_gives_nothing_where_no_number_has_such_a_tile() -> None:
    assert list(Issued([], PATTERN).likest(np.ones(SIGNS))) == []
    assert list(Issued([NUMBERS[0]], PATTERN).likest(np.ones(SIGNS), period=1)) == []


def faint(number: int, like_z: float) -> Reading:
    """A reading that fits `number` by so much and is nothing else."""
    word = encode([number])[0]
    other = np.random.default_rng(1).normal(size=SIGNS)
    other -= word * (other @ word) / SIGNS
    share = like_z / math.sqrt(SIGNS)
    soft = share * word / math.sqrt(SIGNS) + math.sqrt(1 - share**2) * other / np.linalg.norm(other)
    return Reading(2.0, soft)


def test_judge_names_a_fainter_number_where_its_film_looks_alike() -> None:
    """The same reading, one of few: with 400 numbers a fit of 6.2 may be chance, of one not."""
    number = NUMBERS[7]
    alone = judge(faint(number, 6.2), Issued(NUMBERS, PATTERN), None, 10)
    alike = judge(faint(number, 6.2), Issued(NUMBERS, PATTERN, {number}), None, 10)
    assert (alone.number, alike.number) == (None, number)
    assert alike.chance <= CHANCE < alone.chance


def test_judge_does_not_name_another_number_because_its_film_looks_alike() -> None:
    alike = Issued(NUMBERS, PATTERN, {NUMBERS[8]})
    assert judge(faint(NUMBERS[7], 6.2), alike, None, 10).number is None
