"""Which latent frames are drawn together, and which given frames they see.

Whatever is asked for, a clip is a row of latent frames of which some are known. The gaps between
them are closed window by window: forwards from what is known on the left, backwards from what is
known on the right alone, and the last window of a gap with both ends in sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 8  # latent frames the transformer was trained on: 2 s
CONTEXT = 3  # given latent frames a window begins with: 0.75 s
CLOSING = 3  # latent frames left at least for the last window of a gap


class Window(NamedTuple):
    """A stretch of the clip that the transformer sees at once.

    frames  latent frames of the clip in the order seen; around the end of a loop
    drawn   for each of them whether this window draws it; the others are given
    """

    frames: tuple[int, ...]
    drawn: tuple[bool, ...]


def plan_windows(known: Sequence[bool], *, loops: bool = False) -> list[Window]:
    """Windows that draw every frame not `known` exactly once, in the order of drawing.

    known  for each latent frame of the clip; of a loop, a beginning or nothing
    loops  the last frame is followed by the first
    Each window has at most `LONGEST` frames, and as many given ones as fit.
    """
    ready = list(known)
    windows = []
    while not all(ready):
        window = _next_window(ready, loops)
        for frame, drawn in zip(window.frames, window.drawn, strict=True):
            ready[frame] = ready[frame] or drawn
        windows.append(window)
    return windows


def _next_window(ready: list[bool], loops: bool) -> Window:
    """The window that draws from the first gap."""
    n, first = len(ready), ready.index(False)
    gap = next((i for i in range(first, n) if ready[i]), n) - first
    left, right = _run(ready, first, -1, loops), _run(ready, first + gap - 1, 1, loops)
    if right and not left:
        count = min(gap, LONGEST - min(right, CONTEXT))
        return _window(n, 0, first + gap - count, count, min(right, LONGEST - count))
    if right and gap <= LONGEST - 2:
        room = LONGEST - gap
        before = min(left, room - min(right, max(1, room // 2)))
        return _window(n, before, first, gap, min(right, room - before))
    count = min(gap, LONGEST - min(left, CONTEXT))
    if right or loops:
        count = max(1, min(count, gap - CLOSING))
    return _window(n, min(left, LONGEST - count), first, count, 0)


def _window(n: int, before: int, first: int, count: int, after: int) -> Window:
    """Frames `first` to `first + count` drawn between given ones, around the end if need be."""
    frames = tuple(i % n for i in range(first - before, first + count + after))
    return Window(frames, (False,) * before + (True,) * count + (False,) * after)


def _run(ready: list[bool], frame: int, way: int, loops: bool) -> int:
    """How many ready frames, up to `LONGEST`, follow on `frame` in direction `way`."""
    for distance in range(1, LONGEST + 1):
        at = frame + way * distance
        inside = 0 <= at < len(ready)
        if not (inside or loops) or not ready[at % len(ready)]:
            return distance - 1
    return LONGEST
