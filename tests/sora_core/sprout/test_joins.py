"""Joins: given drawings are kept, and what the autoencoder lost beside them fades out."""

import numpy as np
import pytest

from sora_core.sprout.joins import FADE, finish
from sora_core.sprout.plan import plan_clip

SIZE = (16, 16)
LOST = 21  # as if the autoencoder gave back everything darker by so much


def _grey(drawings, value=121):
    return np.full((drawings, 16, 16, 3), value, np.uint8)


def _finished(operation, drawings, *lengths):
    """A clip that would be grey throughout, decoded darker, with its sources put back."""
    plan = plan_clip(operation, drawings, SIZE, [_grey(n) for n in lengths])
    return finish(plan, _grey(3 * len(plan.known), 121 - LOST))


@pytest.mark.parametrize(("operation", "lengths"), [
    ("image", (1,)), ("image", (1, 1)), ("extend", (16,)), ("extend_back", (16,)), ("loop", (12,)),
    ("blend", (10, 11)),
])  # fmt: skip
def test_finish_leaves_no_step_larger_than_the_fade(operation, lengths):
    """Around a loop too. Without the fade, the step at a join would be all that was lost."""
    clip = _finished(operation, 36, *lengths)[:, 0, 0, 0].astype(int)
    steps = np.abs(np.diff(np.append(clip, clip[0]) if operation == "loop" else clip))
    assert len(clip) == 36
    assert steps.max() <= LOST / (FADE + 1) + 1
    assert clip.max() == 121
    assert clip.min() >= 121 - LOST


def test_finish_puts_given_drawings_back_after_the_lead():
    plan = plan_clip("extend", 25, SIZE, [_grey(16)])
    clip = finish(plan, _grey(3 * len(plan.known), 0))
    assert plan.lead == 2
    assert (clip[:16] == 121).all()
    assert (clip[16 + FADE :] == 0).all()


def test_finish_leaves_a_clip_without_sources_as_it_was_decoded():
    plan = plan_clip("text", 25, SIZE)
    decoded = np.random.default_rng(0).integers(0, 256, (27, 16, 16, 3), dtype=np.uint8)
    assert np.array_equal(finish(plan, decoded), decoded[:25])
