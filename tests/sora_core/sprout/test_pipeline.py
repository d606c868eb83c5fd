"""Drawing: exact counts and sizes, repeatable, stoppable, and exact on a flow known in full."""

import gc
import weakref

import numpy as np
import pytest
import torch

from sora_core.sprout import NATIVE_SIZES
from tests.sora_core.sprout.parts import tiny_pipeline


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


def _last(steps):
    return list(steps)[-1]


@pytest.mark.parametrize("seconds", range(1, 11))
@pytest.mark.parametrize("aspect", NATIVE_SIZES)
def test_draw_gives_the_exact_drawings_for_every_length(pipeline, aspect, seconds):
    drawings = 12 * seconds
    step = _last(pipeline.draw("a cat", aspect=aspect, drawings=drawings, seed=1, steps=1))
    width, height = NATIVE_SIZES[aspect]
    clip = pipeline.decode(step)
    assert clip.shape == (drawings, height, width, 3)
    assert clip.dtype == np.uint8


@pytest.mark.parametrize("drawings", [1, 2, 25, 119])
def test_draw_gives_the_exact_drawings_off_the_chunks(pipeline, drawings):
    step = _last(pipeline.draw("", aspect="1:1", drawings=drawings, seed=1, steps=1))
    assert len(pipeline.decode(step)) == drawings


@pytest.mark.parametrize(("drawings", "windows"), [(24, 1), (36, 2), (120, 8)])
def test_draw_counts_every_step_of_every_window(pipeline, drawings, windows):
    steps = list(pipeline.draw("a car", aspect="16:9", drawings=drawings, seed=1, steps=2))
    assert [s.index for s in steps] == list(range(1, 2 * windows + 1))
    assert {s.total for s in steps} == {2 * windows}


def test_draw_repeats_itself_from_a_seed(pipeline):
    ask = {"aspect": "16:9", "drawings": 24, "steps": 2}
    first, second, other = (
        pipeline.decode(_last(pipeline.draw("a fish", seed=seed, **ask))) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("wrong", [{"aspect": "4:3"}, {"drawings": 0}, {"drawings": 121},
                                   {"steps": 0}])  # fmt: skip
def test_draw_refuses_before_the_first_step(pipeline, wrong):
    ask = {"aspect": "16:9", "drawings": 24, "seed": 1} | wrong
    with pytest.raises(ValueError, match="cannot draw"):
        pipeline.draw("a cat", **ask)


def test_draw_leaves_nothing_behind_when_closed_midway(pipeline):
    steps = pipeline.draw("a boat", aspect="16:9", drawings=60, seed=1, steps=4)
    latents = weakref.ref(next(steps).latents)
    steps.close()
    gc.collect()
    assert latents() is None
    assert next(steps, None) is None


def test_preview_is_one_drawing_at_native_size(pipeline):
    step = next(pipeline.draw("a star", aspect="9:16", drawings=24, seed=1, steps=3))
    assert pipeline.preview(step).shape == (112, 64, 3)


def test_denoise_is_exact_on_a_straight_flow(pipeline, monkeypatch):
    """With v = noise - clean all along, Euler lands on `clean` in any number of steps."""
    clean, noise = torch.randn(2, 8, 4, 8, 14, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(pipeline, "_velocity", lambda x, sigma, slots, guidance: noise - clean)
    for steps in (1, 3, 24):
        estimates = list(pipeline._denoise(noise[:0], noise, torch.zeros(2, 8, 64), steps, 1.0))
        assert len(estimates) == steps
        torch.testing.assert_close(estimates[-1], clean, atol=1e-5, rtol=0)


def test_guidance_of_one_is_the_model_as_it_is(pipeline):
    x = torch.randn(3, 4, 8, 14)
    sigma, slots = torch.full((3,), 0.5), torch.randn(2, 8, 64)
    plain = pipeline.transformer(x[None], sigma[None], slots[1:])[0]
    torch.testing.assert_close(pipeline._velocity(x, sigma, slots, 1.0), plain)
    near = pipeline._velocity(x, sigma, slots, 1.0 + 1e-7)
    torch.testing.assert_close(near, plain, atol=1e-5, rtol=1e-4)


def test_call_returns_frames_as_diffusers_does(pipeline):
    frames = pipeline("a bird", drawings=12, num_inference_steps=1).frames
    assert frames.shape == (1, 12, 64, 112, 3)
    assert frames.dtype == np.float32
    assert frames.min() >= 0
    assert frames.max() <= 1
