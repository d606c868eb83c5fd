"""What is marked: films we made, and films we did not."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import gradio
import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from sora_core.render import render
from sora_core.spec import ClipSpec
from sora_core.video import Format

ASSETS = Path(gradio.__file__).parent / "media_assets"
SECONDS, FPS = 2, 24
LARGE, SMALL = Format(1280, 720, FPS), Format(448, 256, FPS)
PROMPTS = (
    "a red ball bouncing in a snowy forest",
    "a green ufo in the city, neon",
    "an orange robot swaying in a meadow, sketch",
    "a white rocket rises in outer space",
)
#: ffmpeg's own sources, by the name they get here.
DRAWN = {
    "drawn: mandelbrot": "mandelbrot=size=1280x720:rate=24",
    # Of colours and places that are named: others are drawn by lot, seed or not.
    "drawn: gradients": "gradients=size=1280x720:rate=24:nb_colors=5:seed=3:speed=0.02"
    ":c0=0x203060:c1=0xd08030:c2=0x309060:c3=0xc0c0d0:c4=0x802040:x0=100:y0=80:x1=1180:y1=640",
    "drawn: test card": "testsrc2=size=1280x720:rate=24",
}


@dataclass(frozen=True)
class Subject:
    """A film as it comes: its name and its pictures, (h, w, 3) uint8, of the size `drawn`."""

    name: str
    drawn: Format
    wanted: Format
    drawings: Callable[[], Iterator[np.ndarray]]


def filmed(file: str, start_s: float) -> Callable[[], Iterator[np.ndarray]]:
    cover = "1280:720:force_original_aspect_ratio=increase:flags=lanczos,crop=1280:720"
    film = ("-ss", str(start_s), "-i", str(ASSETS / "videos" / file))
    return read(*film, "-vf", f"fps={FPS},scale={cover}")


def read(*source: str) -> Callable[[], Iterator[np.ndarray]]:
    """The first SECONDS of what ffmpeg makes of `source`."""
    command = [get_ffmpeg_exe(), "-loglevel", "error", *source, "-frames:v", str(SECONDS * FPS),
               "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]  # fmt: skip

    def drawings() -> Iterator[np.ndarray]:
        quiet = subprocess.DEVNULL  # it complains where nobody wants its last picture
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet) as ffmpeg:
            assert ffmpeg.stdout is not None
            while content := ffmpeg.stdout.read(1280 * 720 * 3):
                yield np.frombuffer(content, np.uint8).reshape(720, 1280, 3)

    return drawings


def panned(file: str) -> Callable[[], Iterator[np.ndarray]]:
    """A photograph under a camera that goes one pixel a frame."""

    def drawings() -> Iterator[np.ndarray]:
        photo = Image.open(ASSETS / "images" / file).convert("RGB")
        width = 1280 + SECONDS * FPS
        size = (width, max(720, round(photo.height * width / photo.width)))
        whole = np.asarray(photo.resize(size, Image.Resampling.LANCZOS))
        for at in range(SECONDS * FPS):
            yield whole[:720, at : at + 1280]

    return drawings


def not_ours() -> list[Subject]:
    made = {
        "film a": filmed("a.mp4", 0),
        "film a, later": filmed("a.mp4", 4),
        "film b": filmed("b.mp4", 1),
        "world": filmed("world.mp4", 2),
        "world, later": filmed("world.mp4", 16),
        "photograph: figure": panned("groot.jpeg"),
        "photograph: tower": panned("tower.jpg"),
        "photograph: cheetah": panned("cheetah.jpg"),
    }
    made |= {name: read("-f", "lavfi", "-i", source) for name, source in DRAWN.items()}
    return [Subject(name, LARGE, LARGE, drawings) for name, drawings in made.items()]


def ours(folder: Path) -> list[Subject]:
    """Drawn once; what the model drew is read back from a film that lost next to nothing."""
    subjects = []
    for seed, prompt in enumerate(PROMPTS):
        form = {"prompt": prompt, "size": "448x256", "seconds": SECONDS, "seed": seed}
        spec = ClipSpec.parse({**form, "variant": "turbo"})
        film = render(spec, folder / f"ours{seed}.mp4", on_progress=lambda _: None)
        native = Format(film.native_width, film.native_height, FPS)
        small = [
            np.asarray(Image.fromarray(drawing).resize((native.width, native.height)))
            for drawing in decoded(film.path)
        ]
        subjects.append(Subject(prompt, native, SMALL, lambda small=small: iter(small)))
    return subjects


def decoded(film: Path) -> Iterator[np.ndarray]:
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", film, "-f", "rawvideo", "-pix_fmt",
               "rgb24", "pipe:1"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True).stdout
    yield from np.frombuffer(done, np.uint8).reshape(-1, SMALL.height, SMALL.width, 3)
