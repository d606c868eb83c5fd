"""Drawing: exact counts and sizes, given drawings kept, repeatable, stoppable, leaving nothing."""

import gc
import weakref

import numpy as np
import pytest
import torch

from sora_core.sprout import NATIVE_SIZES
from tests.sora_core.sprout.parts import tiny_pipeline

WIDE = {"aspect": "16:9", "drawings": 36, "seed": 1, "steps": 1}


@pytest.fixture(scope="module")
def pipeline():
    return tiny_pipeline()


def _source(drawings, aspect="16:9", seed=0):
    width, height = NATIVE_SIZES[aspect]
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (drawings, height, width, 3), dtype=np.uint8)


def _sources(operation, aspect="16:9"):
    lengths = {"text": (), "image": (1, 1), "extend": (16,), "extend_back": (16,), "loop": (18,),
               "blend": (13, 14), "remix": (40,)}[operation]  # fmt: skip
    return [_source(n, aspect, seed) for seed, n in enumerate(lengths)]


def _last(steps):
    return list(steps)[-1]


def _tensors():
    return {id(o) for o in gc.get_objects() if type(o) is torch.Tensor}


@pytest.mark.parametrize("drawings", [1, 2, 12, 25, 119, 120])
@pytest.mark.parametrize("aspect", NATIVE_SIZES)
def test_draw_gives_the_exact_drawings_for_every_length(pipeline, aspect, drawings):
    step = _last(pipeline.draw("a cat", aspect=aspect, drawings=drawings, seed=1, steps=1))
    width, height = NATIVE_SIZES[aspect]
    clip = pipeline.decode(step)
    assert clip.shape == (drawings, height, width, 3)
    assert clip.dtype == np.uint8


@pytest.mark.parametrize("variant", ["quality", "turbo"])
@pytest.mark.parametrize("aspect", NATIVE_SIZES)
@pytest.mark.parametrize("operation", ["image", "extend", "extend_back", "loop", "blend", "remix"])
def test_draw_gives_the_exact_drawings_for_every_operation(pipeline, operation, aspect, variant):
    ask = WIDE | {"aspect": aspect, "operation": operation, "variant": variant}
    step = _last(pipeline.draw("a cat", sources=_sources(operation, aspect), **ask))
    width, height = NATIVE_SIZES[aspect]
    assert pipeline.decode(step).shape == (36, height, width, 3)


@pytest.mark.parametrize(("operation", "kept"), [
    ("image", [(0, 0, slice(0, 1)), (35, 1, slice(0, 1))]),
    ("extend", [(0, 0, slice(0, 16))]),
    ("extend_back", [(20, 0, slice(0, 16))]),
    ("loop", [(0, 0, slice(0, 18))]),
    ("blend", [(0, 0, slice(0, 13)), (22, 1, slice(0, 14))]),
])  # fmt: skip
def test_decode_keeps_given_drawings_exactly(pipeline, operation, kept):
    sources = _sources(operation)
    clip = pipeline.decode(_last(pipeline.draw("", operation=operation, sources=sources, **WIDE)))
    for first, number, span in kept:
        given = sources[number][span]
        assert np.array_equal(clip[first : first + len(given)], given)


@pytest.mark.parametrize(("drawings", "windows"), [(24, 1), (36, 2), (120, 8)])
def test_draw_counts_every_step_of_every_window(pipeline, drawings, windows):
    steps = list(pipeline.draw("a car", aspect="16:9", drawings=drawings, seed=1, steps=2))
    assert [s.index for s in steps] == list(range(1, 2 * windows + 1))
    assert {s.total for s in steps} == {2 * windows}


@pytest.mark.parametrize(("variant", "steps"), [("quality", 24), ("turbo", 8)])
def test_draw_takes_the_variants_steps_and_a_remix_its_strengths_share(pipeline, variant, steps):
    ask = {"aspect": "16:9", "drawings": 3, "seed": 1, "variant": variant}
    assert len(list(pipeline.draw("", **ask))) == steps
    remix = {"operation": "remix", "sources": [_source(3)], "strength": 0.5}
    assert len(list(pipeline.draw("", **ask, **remix))) == steps // 2


def test_steps_show_the_clip_in_order_also_when_it_grows_backwards(pipeline):
    """What is given stays at the end of every estimate, and in the end nothing is missing."""
    ask = WIDE | {"operation": "extend_back", "steps": 2}
    steps = list(pipeline.draw("", sources=[_source(9)], **ask))
    assert [len(s.latents) for s in steps] == [8, 8, 12, 12]
    assert all(torch.equal(s.latents[-3:], steps[-1].latents[-3:]) for s in steps)
    assert torch.equal(steps[1].latents, steps[3].latents[-8:])
    assert all(0 <= s.newest < 5 for s in steps)


def test_remix_at_almost_no_strength_is_the_source_as_the_autoencoder_sees_it(pipeline):
    ask = {"aspect": "16:9", "drawings": 6, "seed": 1, "steps": 1000, "operation": "remix"}
    source = _source(6)
    steps = list(pipeline.draw("", sources=[source], strength=1e-6, **ask))
    seen = pipeline.autoencoder.normalise(
        pipeline.autoencoder.encode(torch.from_numpy(source)[None] / 127.5 - 1)
    )
    assert len(steps) == 1
    torch.testing.assert_close(steps[0].latents, seen[0].detach().clamp(-5, 5), atol=0.02, rtol=0)


def test_storyboard_draws_each_span_from_its_own_prompt(pipeline):
    """A span far from a changed prompt, and drawn before it, stays the same bit for bit."""
    ask = WIDE | {"drawings": 72}
    first, other, plain = (
        _last(pipeline.draw(prompts, **ask)).latents
        for prompts in (("a cat", "a car in space"), ("a cat", "a ball"), "a cat")
    )
    assert torch.equal(first[:8], other[:8])
    assert not torch.allclose(first[13:], other[13:])
    assert not torch.allclose(first[13:], plain[13:])


def test_loop_decodes_its_first_drawings_after_its_last(pipeline):
    """As its second round would, when the same latents are decoded twice in a row."""
    step = _last(pipeline.draw("", operation="loop", **WIDE))
    twice = pipeline._pixels(step.latents.repeat(2, 1, 1, 1)).astype(int)
    assert abs(pipeline.decode(step) - twice[36:]).max() <= 1
    assert abs(twice[:3] - twice[36:39]).max() > 1


@pytest.mark.parametrize("operation", ["text", "extend", "loop"])
def test_settled_gives_the_clip_piece_by_piece(pipeline, operation):
    """A clip without sources comes window by window; others whole, at the last step."""
    sources = [] if operation == "loop" else _sources(operation)
    steps = list(pipeline.draw("", **WIDE | {"operation": operation, "steps": 2}, sources=sources))
    pieces = []
    for step in steps:
        pieces.append(pipeline.settled(step, sum(map(len, pieces))))
    assert [len(p) for p in pieces] == ([0, 24, 0, 12] if operation == "text" else [0, 0, 0, 36])
    difference = np.concatenate(pieces).astype(int) - pipeline.decode(steps[-1])
    assert abs(difference).max() <= 1


def test_draw_repeats_itself_from_a_seed(pipeline):
    ask = {"aspect": "16:9", "drawings": 36, "steps": 2}
    first, second, other = (
        pipeline.decode(_last(pipeline.draw("a fish", seed=seed, **ask))) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("wrong", "why"), [
    ({"aspect": "4:3"}, "no aspect"),
    ({"drawings": 121}, "1 to 120"),
    ({"steps": 0}, "at least one step"),
    ({"variant": "best"}, "no variant"),
    ({"style": "baroque"}, "no style"),
    ({"guidance_interval": (0.8, 0.2)}, "interval"),
    ({"prompt": ()}, "at least one prompt"),
    ({"operation": "extend"}, "takes 1"),
    ({"operation": "extend", "sources": [_source(3, "1:1")]}, "shape"),
])  # fmt: skip
def test_draw_refuses_before_the_first_step(pipeline, wrong, why):
    ask = {"prompt": "a cat", "aspect": "16:9", "drawings": 24, "seed": 1} | wrong
    with pytest.raises(ValueError, match=why):
        pipeline.draw(**ask)


@pytest.mark.parametrize("operation", ["text", "extend"])
def test_draw_leaves_nothing_behind_when_closed_midway(pipeline, operation):
    """No tensor that drawing made outlives the closed iterator and the step last handed out."""
    gc.collect()
    before = _tensors()
    ask = WIDE | {"drawings": 60, "steps": 4, "operation": operation}
    steps = pipeline.draw("a boat", sources=_sources(operation), **ask)
    for _ in range(6):
        step = next(steps)
    latents = weakref.ref(step.latents)
    steps.close()
    del step
    gc.collect()
    assert latents() is None
    assert next(steps, None) is None
    assert _tensors() <= before


def test_preview_is_one_drawing_at_native_size(pipeline):
    step = next(pipeline.draw("a star", aspect="9:16", drawings=24, seed=1, steps=3))
    assert pipeline.preview(step).shape == (112, 64, 3)


def test_call_returns_frames_as_diffusers_does(pipeline):
    frames = pipeline("a bird", drawings=12, num_inference_steps=1).frames
    assert frames.shape == (1, 12, 64, 112, 3)
    assert frames.dtype == np.float32
    assert frames.min() >= 0
    assert frames.max() <= 1
