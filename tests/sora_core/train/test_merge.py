"""One net of two: what is to be learnt at each noise level, and that it is learnt."""

import random
from functools import partial

import pytest
import torch

from sora_core.train.crew import Crew
from sora_core.train.flow import flow_loss
from sora_core.train.latents import LatentCache
from sora_core.train.merge import CHANGE_WEIGHT, HANDOVER, SUBJECT_WEIGHT, Merge, draw_levels
from sora_core.train.transformer import Plan, train_transformer
from tests.sora_core.sprout.parts import shake, tiny_text_encoder, tiny_transformer
from tests.sora_core.train.test_carry import write_latents

difference = partial(flow_loss, subject_weight=SUBJECT_WEIGHT, change_weight=CHANGE_WEIGHT)


def says(value):
    return lambda noisy, sigma, slots: torch.full_like(noisy, value)


def merge_of(upper, lower, cache=None):
    return Merge(upper, lower, cache, tiny_text_encoder(), torch.ones(4), 8)


def test_wanted_hears_each_net_at_its_levels_and_both_between():
    first, last = HANDOVER
    levels = torch.tensor([0.1, first, (first + last) / 2, last, 1.0])
    noisy, slots = torch.randn(5, 2, 4, 8, 14), torch.zeros(5, 10, 64)
    got = merge_of(says(1.0), says(-1.0)).wanted(noisy, levels[:, None].expand(-1, 2), slots)
    assert got.shape == noisy.shape
    assert got[:, 0, 0, 0, 0].tolist() == pytest.approx([-1, -1, 0, 1, 1], abs=1e-5)


def test_wanted_goes_by_the_drawn_frames_where_some_are_given():
    sigma = torch.tensor([[0.0, 0.9]])
    noisy, slots = torch.randn(1, 2, 4, 8, 14), torch.zeros(1, 10, 64)
    assert merge_of(says(1.0), says(-1.0)).wanted(noisy, sigma, slots).unique().tolist() == [1.0]


def test_draw_levels_reaches_every_level_but_none_below_the_least():
    levels = draw_levels(600, 8, random.Random(0)).amax(1)
    assert levels.min() > 0
    assert levels.max() <= 1
    below = (levels < HANDOVER[0]).float().mean()
    assert 0.5 < below < 0.75


def test_difference_is_nothing_for_what_is_wanted_and_blind_to_given_frames():
    wanted, sigma = torch.randn(2, 3, 4, 2, 2), torch.tensor([[0.0, 0.5, 0.5]]).expand(2, 3)
    said = wanted.clone()
    said[:, 0] += 100
    cover, channels = torch.rand(2, 3, 2, 2), torch.ones(4)
    assert difference(said, wanted, sigma, cover, channels, None) == 0
    assert float(difference(wanted + 1, wanted, sigma, cover, channels, None)) == pytest.approx(1)


def test_difference_counts_fine_channels_by_their_clean_latents():
    """A velocity that is off by 1 at level σ is off by σ in what is clean."""
    wanted, sigma = torch.zeros(1, 1, 4, 2, 2), torch.full((1, 1), 0.5)
    cover, channels = torch.zeros(1, 1, 2, 2), torch.ones(4)
    got = difference(wanted + 1, wanted, sigma, cover, channels, 2)
    assert float(got) == pytest.approx((2 + 2 * 0.25) / 4)


def test_training_brings_the_student_nearer_to_both_and_leaves_them_alone(tmp_path):
    write_latents(tmp_path, 4)
    torch.manual_seed(0)
    upper, lower, model = tiny_transformer(), shake(tiny_transformer(), 5), tiny_transformer()
    lesson = merge_of(upper, lower, LatentCache(tmp_path))
    before = [{k: v.clone() for k, v in net.state_dict().items()} for net in (upper, lower)]

    def apart():
        torch.manual_seed(1)
        with torch.no_grad():
            return sum(float(lesson(model, 4, random.Random(i))) for i in range(8))

    start = apart()
    plan = Plan(seconds=4.0, stills_until=0, batch=16, parts=2, learning_rate=3e-3, warmup=1)
    train_transformer(plan, lesson, model, tmp_path / "merged.pt", Crew())
    assert apart() < 0.8 * start
    for net, kept in zip((upper, lower), before, strict=True):
        assert all(torch.equal(value, kept[name]) for name, value in net.state_dict().items())
