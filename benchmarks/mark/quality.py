"""What a mark costs a film: likeness, bytes, time."""

import resource
from itertools import islice
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks.mark.subjects import FPS, SECONDS, Subject
from sora_core.mark.embedding import Mark
from sora_core.mark.film import frames
from sora_core.mark.tracing import strength_in
from sora_core.video import encode

CLEAR = 2  # x264's constant quality where next to nothing is lost


def measure(subject: Subject, mark: Mark, folder: Path) -> dict[str, float]:
    """Writes `plain.mp4` and `marked.mp4` into `folder`.

    psnr_db, ssim  of luma, the mark alone: both films written with next to no loss
    delivered_*    the same of the films as they are delivered, where the codec differs too
    """
    count, sizes, costs_s, told = SECONDS * FPS, [], [], {}
    for name, given in (("plain", None), ("marked", mark)):
        before = cpu_s()
        encode(
            subject.drawings(), folder / f"{name}.mp4", subject.drawn, subject.wanted, count, given
        )
        costs_s.append(cpu_s() - before)
        sizes.append((folder / f"{name}.mp4").stat().st_size)
        clear = folder / f"clear-{name}.mp4"
        encode(subject.drawings(), clear, subject.drawn, subject.wanted, FPS, given, crf=CLEAR)
    for prefix, kind in (("", "clear-"), ("delivered_", "")):
        psnr_db, ssim = compared(folder / f"{kind}marked.mp4", folder / f"{kind}plain.mp4")
        told |= {f"{prefix}psnr_db": psnr_db, f"{prefix}ssim": ssim}
    told["z"] = strength_in(folder / "marked.mp4", mark.number, mark.pattern)
    told["ms_a_frame"] = 1000 * (costs_s[1] - costs_s[0]) / count
    told["bytes_ratio"], told["bytes_more_a_s"] = (
        sizes[1] / sizes[0],
        (sizes[1] - sizes[0]) / SECONDS,
    )
    return told


def compared(one: Path, other: Path) -> tuple[float, float]:
    """PSNR in dB and SSIM of luma."""
    pairs = list(islice(zip(frames(one, 2, 6), frames(other, 2, 6), strict=False), 6))
    errors = [np.mean((a.astype(np.float32) - b) ** 2) for a, b in pairs]
    alike = [likeness(a, b) for a, b in pairs[::3]]
    return float(10 * np.log10(255**2 / np.mean(errors))), float(np.mean(alike))


def cpu_s() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """SSIM of two pictures (Wang et al. 2004), windows of 7 × 7."""
    x, y = one.astype(np.float32), other.astype(np.float32)

    def mean(picture: np.ndarray) -> np.ndarray:
        return ndimage.uniform_filter(picture, 7)

    mx, my = mean(x), mean(y)
    vx, vy, both = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    a, b = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    same = (2 * mx * my + a) * (2 * both + b)
    return float((same / ((mx**2 + my**2 + a) * (vx + vy + b))).mean())
