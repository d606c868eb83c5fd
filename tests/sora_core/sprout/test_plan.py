"""Plans: sources laid out to meet what is drawn; windows that draw each frame once."""

import numpy as np
import pytest

from sora_core.sprout.plan import STRENGTHS, plan_clip
from sora_core.sprout.windows import CONTEXT, LONGEST, plan_windows

SIZE = (112, 64)


def _clip(drawings, first=0):
    """Drawings that tell their number: every value of drawing i is `first` + i."""
    numbers = np.arange(first, first + drawings, dtype=np.uint8)
    return np.broadcast_to(numbers[:, None, None, None], (drawings, 64, 112, 3)).copy()


def _masks():
    """Known frames of every operation, at every length up to 40 latent frames."""
    for n in range(2, 41):
        yield [False] * n, False
        yield [True] + [False] * (n - 1), False
        yield [False] * (n - 1) + [True], False
        yield [False] * (n // 2) + [True] * (n - n // 2), False
        yield [True] * (n // 2) + [False] * (n - n // 2), False
        if n >= 4:
            yield [False] * n, True
            yield [True] + [False] * (n - 1), True
            yield [True] + [False] * (n - 2) + [True], False


def test_plan_windows_draws_every_frame_once_between_known_ones():
    """Each window is short enough, has no gaps, and sees only what is there by then."""
    for known, loops in _masks():
        n = len(known)
        ready = list(known)
        for window in plan_windows(known, loops=loops):
            new = [f for f, drawn in zip(window.frames, window.drawn, strict=True) if drawn]
            given = [f for f in window.frames if f not in new]
            assert len(window.frames) <= LONGEST
            assert new, "a window draws something"
            assert len(set(new)) == len(new)
            assert not any(ready[f] for f in new)
            assert all(ready[f] for f in given)
            steps = {(b - a) % n for a, b in zip(window.frames, window.frames[1:], strict=False)}
            assert steps <= {1 % n}
            for frame in new:
                ready[frame] = True
        assert all(ready)


@pytest.mark.parametrize("frames", range(9, 41))
def test_plan_windows_gives_each_later_window_its_context(frames):
    windows = plan_windows([False] * frames)
    assert all(w.drawn.index(True) >= CONTEXT for w in windows[1:])
    assert sum(sum(w.drawn) for w in windows) == frames


def test_plan_windows_goes_backwards_from_what_is_known_on_the_right_alone():
    windows = plan_windows([False] * 12 + [True] * 4)
    assert [w.frames[0] for w in windows] == [7, 2, 0]
    assert all(w.drawn[0] and not w.drawn[-1] for w in windows)


def test_plan_windows_closes_a_loop_with_its_head_as_the_tail():
    closing = plan_windows([False] * 8, loops=True)[-1]
    assert closing.frames[-2:] == (0, 1)
    assert closing.drawn[-2:] == (False, False)
    assert closing.drawn[:1] == (False,)


def test_plan_windows_draws_a_short_gap_with_both_ends_in_sight():
    (window,) = plan_windows([True] * 5 + [False] * 4 + [True] * 5)
    assert window.frames == (3, 4, 5, 6, 7, 8, 9, 10)
    assert window.drawn == (False, False, True, True, True, True, False, False)


@pytest.mark.parametrize("length", [1, 7, 23, 24])
@pytest.mark.parametrize("drawings", [25, 36, 47])
def test_extend_places_its_source_first_and_extend_back_last(length, drawings):
    for operation, begin in (("extend", 0), ("extend_back", drawings - length)):
        plan = plan_clip(operation, drawings, SIZE, [_clip(length, 1)])
        ((first, end),) = plan.exact
        assert (first - plan.lead, end - first) == (begin, length)
        assert np.array_equal(plan.source[first:end], _clip(length, 1))
        assert len(plan.source) == 3 * len(plan.known) >= plan.lead + drawings
        for frame, known in enumerate(plan.known):
            assert known == bool(plan.source[3 * frame : 3 * frame + 3].any())


@pytest.mark.parametrize(("lengths", "drawings", "kept"), [
    ((24, 24), 60, (24, 24)),  # all of both, and twelve between
    ((24, 24), 24, (7, 8)),  # evenly, around the least that leads over
    ((24, 24), 54, (18, 18)),  # a third between where both do not fit
    ((24, 24), 58, (23, 23)),  # whole latent frames between, at the cost of both
    ((3, 24), 30, (3, 15)),  # what one lacks the other gives
    ((24, 3), 30, (15, 3)),
])  # fmt: skip
def test_blend_keeps_the_firsts_end_and_the_seconds_beginning(lengths, drawings, kept):
    a, b = _clip(lengths[0], 1), _clip(lengths[1], 101)
    plan = plan_clip("blend", drawings, SIZE, [a, b])
    (begin, end), (then, stop) = plan.exact
    assert (end - begin, stop - then) == kept
    assert np.array_equal(plan.source[begin:end], a[len(a) - kept[0] :])
    assert np.array_equal(plan.source[then:stop], b[: kept[1]])
    assert (begin, stop) == (plan.lead, plan.lead + drawings)
    assert (then - end) % 3 == 0
    assert not any(plan.known[end // 3 : then // 3])


def test_blend_begins_what_is_new_from_an_even_dissolve():
    plan = plan_clip("blend", 36, SIZE, [_clip(12, 10), _clip(12, 100)])
    assert plan.source[12:24, 0, 0, 0].tolist() == [round(21 + 79 * i / 13) for i in range(1, 13)]
    assert plan.strength == STRENGTHS["blend"]


def test_image_is_a_latent_frame_of_equal_drawings_at_either_end():
    first, last = _clip(1, 50), _clip(1, 60)
    plan = plan_clip("image", 25, SIZE, [first, last])
    assert plan.known == (True,) + (False,) * 7 + (True,)
    assert plan.exact == ((0, 1), (24, 25))
    assert (plan.source[:3] == 50).all()
    assert (plan.source[24:] == 60).all()
    assert plan_clip("image", 25, SIZE, [None, last]).known == (False,) * 8 + (True,)
    assert plan_clip("image", 25, SIZE, [first]).known == (True,) + (False,) * 8


def test_loop_keeps_the_sources_beginning_and_draws_at_least_its_end():
    plan = plan_clip("loop", 36, SIZE, [_clip(24)])
    assert plan.exact == ((0, 24),)
    assert plan_clip("loop", 24, SIZE, [_clip(24)]).exact == ((0, 15),)
    assert plan_clip("loop", 24, SIZE).source is None


def test_remix_knows_nothing_and_begins_from_its_source():
    plan = plan_clip("remix", 20, SIZE, [_clip(24)], strength=0.5)
    assert not any(plan.known)
    assert plan.exact == ()
    assert plan.strength == 0.5
    assert np.array_equal(plan.source[:20], _clip(20))


def test_storyboard_has_equal_spans_whose_borders_follow_both_prompts():
    first, second = plan_clip("text", 24, SIZE, prompts=2).shares.T * 3
    assert first.round(5).tolist() == [3, 3, 3, 2, 1, 0, 0, 0]
    assert (first + second).round(5).tolist() == [3] * 8
    first, second = plan_clip("loop", 24, SIZE, prompts=2).shares.T * 3
    assert first.round(5).tolist() == [2, 3, 3, 2, 1, 0, 0, 1]


@pytest.mark.parametrize(("wrong", "why"), [
    ({"operation": "melt"}, "no operation"),
    ({"drawings": 0}, "1 to 120"),
    ({"drawings": 121}, "1 to 120"),
    ({"strength": 0.0}, "strength"),
    ({"strength": 1.1}, "strength"),
    ({"prompts": 0}, "at least one prompt"),
    ({"prompts": 13}, "too few"),
    ({"sources": [_clip(3)]}, "takes 0"),
    ({"operation": "image"}, "image takes"),
    ({"operation": "image", "sources": [None, None]}, "at least one"),
    ({"operation": "image", "sources": [_clip(2)]}, "one drawing"),
    ({"operation": "image", "sources": [_clip(1)] * 2, "drawings": 6}, "nothing to draw"),
    ({"operation": "extend"}, "takes 1"),
    ({"operation": "extend", "sources": [_clip(36)]}, "more than"),
    ({"operation": "extend", "sources": [_clip(3)[:, :32]]}, "shape"),
    ({"operation": "extend", "sources": [_clip(3).astype(float)]}, "shape"),
    ({"operation": "extend", "sources": [_clip(3)[:0]]}, "shape"),
    ({"operation": "extend", "sources": [_clip(3)[0]]}, "shape"),
    ({"operation": "extend_back", "sources": [_clip(40)]}, "more than"),
    ({"operation": "loop", "drawings": 9}, "12 drawings or more"),
    ({"operation": "loop", "drawings": 25}, "multiple"),
    ({"operation": "loop", "sources": [_clip(2)]}, "at least 3"),
    ({"operation": "blend", "sources": [_clip(12)]}, "takes 2"),
    ({"operation": "blend", "sources": [_clip(12)] * 2, "drawings": 10}, "at least 11"),
    ({"operation": "remix", "sources": [_clip(12)]}, "at most"),
])  # fmt: skip
def test_plan_clip_refuses_what_does_not_fit(wrong, why):
    ask = {"operation": "text", "drawings": 36} | wrong
    operation, drawings, sources = ask.pop("operation"), ask.pop("drawings"), ask.pop("sources", ())
    with pytest.raises(ValueError, match=why):
        plan_clip(operation, drawings, SIZE, sources, **ask)
