"""The five styles: how backgrounds, subjects and finished drawings are treated.

Pictures are channels-last, (..., H, W, 3), in [0, 1].
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

PAPER = (0.97, 0.95, 0.89)
INK = (0.10, 0.09, 0.16)
_LUMA = (0.299, 0.587, 0.114)
#: Pixel art has this many square blocks along the shorter side.
BLOCKS = 32


def luma(rgb: Tensor) -> Tensor:
    """Brightness (..., H, W) of a channels-last picture."""
    return rgb @ rgb.new_tensor(_LUMA)


def _edges(bright: Tensor) -> Tensor:
    """How sharply brightness changes at each pixel, wrapped at the sides; (B, H, W)."""
    across = (bright.roll(-1, -1) - bright.roll(1, -1)).abs()
    padded = F.pad(bright.unsqueeze(1), (0, 0, 1, 1), mode="replicate").squeeze(1)
    down = (padded[:, 2:] - padded[:, :-2]).abs()
    return across + down


def style_backdrop(rgb: Tensor, style: str) -> Tensor:
    """Redraw backgrounds (B, H, W, 3) in a style."""
    bright = luma(rgb)
    if style == "noir":
        return ((bright - 0.5) * 1.15 + 0.42).clamp(0, 1).unsqueeze(-1).expand_as(rgb)
    if style == "sketch":
        ink = (2.6 * _edges(bright)).clamp(0, 0.75) + 0.14 * (1 - bright)
        return rgb.new_tensor(PAPER) * (1 - ink.unsqueeze(-1))
    if style == "neon":
        line = (2.2 * _edges(bright)).clamp(0, 1).unsqueeze(-1)
        night = rgb * 0.16 + rgb.new_tensor((0.03, 0.01, 0.09))
        return (night + line * rgb.new_tensor((0.20, 0.55, 0.75)) * 0.8).clamp(0, 1)
    return rgb


def ink_width(style: str) -> float:
    """Width of the subject's outline, in units of the frame's shorter side."""
    return {"sketch": 0.026, "neon": 0.034, "pixel art": 0.030}.get(style, 0.024)


def style_subject(
    fill: Tensor, inside: Tensor, outline: Tensor, main: Tensor, style: str
) -> tuple[Tensor, Tensor]:
    """Draw a subject in a style.

    fill     (B, F, h, w, 3) painted colours;  inside, outline  (B, F, h, w) coverage
    main     (B, 1, 1, 1, 3) the subject's colour
    Returns its colours, and its opacity (B, F, h, w, 1).
    """
    inside, outline = inside.unsqueeze(-1), outline.unsqueeze(-1)
    ink = fill.new_tensor(INK)
    if style == "noir":
        grey = ((luma(fill) - 0.5) * 1.1 + 0.56).clamp(0, 1).unsqueeze(-1).expand_as(fill)
        return ink * (1 - inside) + grey * inside, outline
    if style == "sketch":
        tinted = fill.new_tensor(PAPER) * 0.30 + fill * 0.70
        return ink * (1 - inside) + tinted * inside, outline
    if style == "neon":
        dim = fill * 0.30 + main * 0.12
        glow = (main * 1.05 + 0.10).clamp(0, 1)
        return glow * (1 - inside) + dim * inside, outline
    return ink * (1 - inside) + fill * inside, outline


def finish(frames: Tensor, style: str) -> Tensor:
    """Last touch on whole drawings (B, F, H, W, 3)."""
    if style != "pixel art":
        return frames
    b, f, h, w, _ = frames.shape
    side = max(1, round(min(h, w) / BLOCKS))
    flat = frames.reshape(b * f, h, w, 3).permute(0, 3, 1, 2)
    blocks = F.avg_pool2d(flat, side, ceil_mode=True, count_include_pad=False)
    blocks = torch.round(blocks * 5) / 5
    big = blocks.repeat_interleave(side, 2).repeat_interleave(side, 3)[:, :, :h, :w]
    return big.permute(0, 2, 3, 1).reshape(b, f, h, w, 3)
