"""Wear: each kind in closed form."""

import torch

from sora_core.evaluate.wear import cosines, quantise, shift, smear, soften, wear


def clips(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(3, 6, 3, 16, 24, generator=generator) * 2 - 1


def test_cosines_are_orthonormal():
    table = cosines()
    assert torch.allclose(table @ table.T, torch.eye(8), atol=1e-6)


def test_quantise_moves_no_value_by_more_than_the_rounding_of_all_coefficients():
    x = clips()
    assert torch.allclose(quantise(x, 1e-6), x, atol=1e-4)
    step = 0.05 * (1 + torch.arange(8).view(-1, 1) + torch.arange(8))
    error = (quantise(x, 0.05) - x).reshape(-1, 2, 8, 3, 8).square().sum((2, 4))
    assert error.max() <= (step / 2).square().sum()
    assert error.min() > 0


def test_shift_moves_right_and_down_and_repeats_the_border():
    x = clips()
    moved = shift(x, 2, 1)
    assert torch.equal(moved[..., 1:, 2:], x[..., :-1, :-2])
    assert torch.equal(moved[..., 0, 2:], x[..., 0, :-2])


def test_smear_takes_a_share_of_both_neighbours():
    x = clips()
    expected = 0.5 * x[:, 2] + 0.25 * (x[:, 1] + x[:, 3])
    assert torch.allclose(smear(x, 0.25)[:, 2], expected)


def test_soften_keeps_flat_pictures_and_lowers_contrast():
    flat = torch.full((1, 2, 3, 16, 24), 0.3)
    assert torch.allclose(soften(flat, 0.6), flat)
    assert soften(clips(), 0.6).std() < 0.8 * clips().std()


def test_wear_stays_in_range_and_follows_its_seed():
    worn = wear(clips(), torch.Generator().manual_seed(1))
    assert worn.shape == clips().shape
    assert worn.abs().max() <= 1
    assert torch.equal(worn, wear(clips(), torch.Generator().manual_seed(1)))
    assert not torch.equal(worn, wear(clips(), torch.Generator().manual_seed(2)))
