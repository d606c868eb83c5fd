"""Turbo: a low-rank difference that is nothing at first, trains alone, and merges exactly."""

from copy import deepcopy

import pytest
import torch

from sora_core.sprout.turbo import (
    SproutTurbo,
    add_low_rank,
    low_rank_state,
    with_low_rank,
)
from tests.sora_core.sprout.parts import shake, tiny_transformer


def _ask(model):
    x = torch.randn(1, 2, 4, 8, 14, generator=torch.Generator().manual_seed(0))
    return model(x, torch.full((1, 2), 0.5), torch.ones(1, model.config.slots, 64))


def test_add_low_rank_changes_nothing_until_it_is_trained():
    plain = tiny_transformer()
    student = deepcopy(plain)
    add_low_rank(student, 2)
    assert torch.equal(_ask(plain), _ask(student))


def test_add_low_rank_leaves_gradients_to_the_pairs_alone():
    student = tiny_transformer()
    pairs = add_low_rank(student, 2)
    _ask(student).square().sum().backward()
    assert {id(p) for p in student.parameters() if p.grad is not None} == {id(p) for p in pairs}
    per_block, per_reader, of_the_prompt = 5, 3, 3
    assert len(pairs) == 2 * (per_block * 2 + per_reader + of_the_prompt)


def test_with_low_rank_equals_the_trained_student_and_leaves_the_base_alone():
    base = tiny_transformer()
    student = deepcopy(base)
    for pair in add_low_rank(student, 3):
        pair.data.add_(0.1)
    before = _ask(base)
    merged = with_low_rank(base, low_rank_state(student))
    torch.testing.assert_close(_ask(merged), _ask(student), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(_ask(merged), before, atol=1e-3)
    assert torch.equal(_ask(base), before)


def test_low_rank_state_survives_the_disk(tmp_path):
    student = tiny_transformer()
    add_low_rank(student, 3)
    state = low_rank_state(shake(student))
    SproutTurbo.from_state(state).save_pretrained(tmp_path)
    again = SproutTurbo.from_pretrained(tmp_path).state_dict()
    assert again.keys() == state.keys()
    assert all(torch.equal(again[key], state[key]) for key in state)


def test_with_low_rank_refuses_pairs_that_do_not_fit():
    with pytest.raises(ValueError, match="does not fit"):
        with_low_rank(
            tiny_transformer(),
            {"blocks.0.qkv.down": torch.ones(2, 31), "blocks.0.qkv.up": torch.ones(96, 2)},
        )
    with pytest.raises(ValueError, match="no Linear"):
        with_low_rank(tiny_transformer(), {"a.down": torch.ones(2, 2), "a.up": torch.ones(2, 2)})
