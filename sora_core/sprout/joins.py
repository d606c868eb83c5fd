"""The finished clip: given drawings put back in place, without a visible jump beside them."""

from __future__ import annotations

import numpy as np

from sora_core.sprout.plan import Plan

FADE = 6  # drawings over which what the autoencoder lost of a given neighbour fades out


def finish(plan: Plan, decoded: np.ndarray) -> np.ndarray:
    """The clip (drawings, H, W, 3) from every decoded drawing (3n, H, W, 3), both uint8.

    Given drawings are put back as they were. The autoencoder gives back a little less than it
    was given; beside a given drawing that difference is added on, falling to nothing over `FADE`
    drawings, so that neither brightness nor sharpness jumps there.
    """
    if plan.source is None:
        return decoded[plan.lead : plan.lead + plan.drawings]
    clip = decoded.astype(np.float32)
    for begin, end in plan.exact:
        for edge, way in ((begin, -1), (end - 1, 1)):
            lost = plan.source[edge].astype(np.float32) - decoded[edge]
            for distance in range(1, FADE + 1):
                at = edge + way * distance
                if plan.loops or 0 <= at < len(clip):
                    clip[at % len(clip)] += lost * (1 - distance / (FADE + 1))
    for begin, end in plan.exact:
        clip[begin:end] = plan.source[begin:end]
    return clip[plan.lead : plan.lead + plan.drawings].round().clip(0, 255).astype(np.uint8)
