"""The solver against flows known in closed form, and guidance where it is asked for."""

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from sora_core.sprout.flow import Guided, Schedule, denoise
from tests.sora_core.sprout.parts import tiny_transformer

CONFIG = FlowMatchEulerDiscreteScheduler(shift=1.0).config


def _noise(seed=0, frames=3):
    return torch.randn(frames, 4, 2, 2, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("steps", [1, 3, 8, 24])
def test_denoise_is_exact_on_a_straight_flow(steps):
    """With v = noise - clean all along, every step's estimate is `clean`, also of a single one."""
    clean, noise = _noise(1), _noise(2)
    drawn = torch.ones(3, dtype=torch.bool)
    estimates = list(denoise(lambda x, s: noise - clean, noise, drawn, Schedule(CONFIG, steps)))
    assert len(estimates) == steps
    for estimate in estimates:
        torch.testing.assert_close(estimate, clean, atol=1e-5, rtol=0)


@pytest.mark.parametrize("steps", [1, 5, 24])
@pytest.mark.parametrize("rate", [0.5, -1.0])
def test_denoise_gives_the_euler_iterates_of_a_linear_field(steps, rate):
    """On dx/dσ = rate · x, n Euler steps of 1/n from 1 to 0 multiply x by (1 - rate/n)^n."""
    noise, drawn = _noise(), torch.ones(3, dtype=torch.bool)
    *_, last = denoise(lambda x, s: rate * x, noise, drawn, Schedule(CONFIG, steps))
    wanted = noise * (1 - rate / steps) ** steps
    torch.testing.assert_close(last, wanted.clamp(-5, 5), atol=1e-4, rtol=1e-4)


def test_denoise_moves_the_drawn_frames_alone_and_tells_their_levels():
    start, drawn = _noise(), torch.tensor([False, True, False])
    seen = []

    def velocity(x, levels):
        seen.append((x.clone(), levels.clone()))
        return torch.ones_like(x)

    shapes = {e.shape for e in denoise(velocity, start, drawn, Schedule(CONFIG, 4))}
    assert shapes == {(1, 4, 2, 2)}
    for (x, levels), sigma in zip(seen, (1.0, 0.75, 0.5, 0.25), strict=True):
        assert levels.tolist() == [0.0, sigma, 0.0]
        assert torch.equal(x[[0, 2]], start[[0, 2]])


@pytest.mark.parametrize(("strength", "levels"), [
    (1.0, [1.0, 0.75, 0.5, 0.25]), (0.7, [0.75, 0.5, 0.25]), (0.5, [0.5, 0.25]), (0.01, [0.25]),
])  # fmt: skip
def test_schedule_is_cut_off_at_the_level_nearest_to_the_strength(strength, levels):
    schedule = Schedule(CONFIG, 4, strength)
    assert schedule.start()[1] == pytest.approx(levels)
    clean, noise = _noise(1), _noise(2)
    start = (1 - levels[0]) * clean + levels[0] * noise
    *_, last = denoise(lambda x, s: noise - clean, start, torch.ones(3).bool(), schedule)
    torch.testing.assert_close(last, clean, atol=1e-5, rtol=0)


def _guided(net, slots, guidance, shares=None, **more):
    shares = torch.ones(3, len(slots) - 1) if shares is None else shares
    return Guided(net, slots, shares, guidance, **more)


def test_guidance_leads_away_from_one_prompt_towards_another():
    net, x = tiny_transformer(), torch.randn(3, 4, 8, 14)
    levels, slots = torch.full((3,), 0.5), torch.randn(2, net.config.slots, 64)
    away, there = (_guided(net, slots[[i, i]], 1.0)(x, levels) for i in (0, 1))
    torch.testing.assert_close(_guided(net, slots, 1.0)(x, levels), there, atol=1e-5, rtol=0)
    guided = _guided(net, slots, 3.0)(x, levels)
    torch.testing.assert_close(guided, away + 3 * (there - away), atol=0.02, rtol=0.02)


def test_guidance_mixes_prompts_by_their_shares_in_each_frame():
    net, x = tiny_transformer(), torch.randn(3, 4, 8, 14)
    levels, slots = torch.full((3,), 0.5), torch.randn(4, net.config.slots, 64)
    shares = torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.0, 1.0, 0.0]])
    first, second = (_guided(net, slots[[0, i]], 2.0)(x, levels) for i in (1, 2))
    wanted = torch.stack([first[0], 0.25 * first[1] + 0.75 * second[1], second[2]])
    got = _guided(net, slots, 2.0, shares)(x, levels)
    torch.testing.assert_close(got, wanted, atol=0.02, rtol=0.02)


def test_guidance_rests_outside_its_interval():
    net, x = tiny_transformer(), torch.randn(3, 4, 8, 14)
    slots = torch.randn(2, net.config.slots, 64)
    ask = _guided(net, slots, 3.0, interval=(0.2, 0.8))
    for level, rests in ((0.1, True), (0.5, False), (0.9, True)):
        levels = torch.full((3,), level)
        plain = _guided(net, slots, 1.0)(x, levels)
        assert torch.allclose(ask(x, levels), plain, atol=1e-3) == rests


def test_guidance_follows_the_plain_net_outside_its_interval():
    """Turbo's net has learnt guidance where prompts guide, and nothing below."""
    taught, plain, x = tiny_transformer(), tiny_transformer(), torch.randn(3, 4, 8, 14)
    slots = torch.randn(2, plain.config.slots, 64)
    for level, followed in ((0.8, taught), (0.3, plain)):
        levels = torch.full((3,), level)
        found = _guided(taught, slots, 1.0, plain=plain)(x, levels)
        torch.testing.assert_close(
            found, _guided(followed, slots, 1.0)(x, levels), atol=1e-5, rtol=0
        )
    assert not torch.allclose(
        _guided(taught, slots, 1.0)(x, levels), _guided(plain, slots, 1.0)(x, levels)
    )
