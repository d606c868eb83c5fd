"""Long clips as windows: each begins with clean latent frames of the one before."""

from __future__ import annotations

from typing import NamedTuple

LONGEST = 8  # latent frames the transformer was trained on: 2 s
CONTEXT = 3  # latent frames carried over: 0.75 s


class Window(NamedTuple):
    """Latent frames `first` to `first + length`, of which the leading `context` are given."""

    first: int
    length: int
    context: int


def plan_windows(frames: int, longest: int = LONGEST, context: int = CONTEXT) -> list[Window]:
    """Cover `frames` latent frames with windows of at most `longest`.

    The last window is moved back to be full, so it may have more than `context` given frames.
    """
    windows = [Window(0, min(frames, longest), 0)]
    done = windows[0].length
    while done < frames:
        first = min(done - context, frames - longest)
        windows.append(Window(first, longest, done - first))
        done = first + longest
    return windows
