"""`python -m sora_core "a red ball bouncing in a snowy forest" -o clip.mp4`: no gate, no web."""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from errors import BadSpec, GreenroomError
from sora_core.catalog import MODELS
from sora_core.render import Film, Progress, render
from sora_core.spec import ASPECTS, DEFAULT_SECONDS, SECONDS_MAX, ClipSpec


def main(arguments: list[str] | None = None) -> int:
    """Draw one clip; returns the exit status. Leaves no file where it fails or is interrupted."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in jobs/__main__.py
    given = vars(parser().parse_args(arguments))
    output: Path = given.pop("output")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        files = take_files(given)
        spec = ClipSpec.parse(given)
        film = draw(spec, output, files)
    except GreenroomError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{output} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Nothing was written.", file=sys.stderr)
        return 130
    report(spec, film)
    return 0


def parser() -> argparse.ArgumentParser:
    styles = sorted({style for model in MODELS.values() for style in model.styles})
    offered = argparse.ArgumentParser(
        prog="python -m sora_core", description="Turn one prompt into one clip."
    )
    offered.add_argument("prompt", nargs="?", help="what the clip shows, in a sentence")
    offered.add_argument("-o", "--output", type=Path, default=Path("clip.mp4"), metavar="FILE")
    offered.add_argument("--size", help=", ".join(f"{width}x{height}" for width, height in ASPECTS))
    offered.add_argument("--seconds", help=f"1 to {SECONDS_MAX}, else {DEFAULT_SECONDS}")
    offered.add_argument("--seed", help="the same seed gives the same clip; else chosen at random")
    offered.add_argument("--style", help=", ".join(styles))
    offered.add_argument("--negative-prompt", help="what to keep out of the clip", metavar="TEXT")
    offered.add_argument("--model", help=", ".join(MODELS))
    offered.add_argument(
        "--turbo", dest="variant", action="store_const", const="turbo", help="few steps: faster"
    )
    offered.add_argument(
        "--storyboard", nargs="+", metavar="PROMPT", help="prompts for equal spans of the clip"
    )
    offered.add_argument("--image", metavar="FILE", help="draw on from this picture")
    offered.add_argument("--last-image", metavar="FILE", help="draw towards this picture")
    offered.add_argument("--extend", metavar="FILE", help="draw on after this film")
    offered.add_argument("--extend-back", metavar="FILE", help="draw what comes before this film")
    offered.add_argument(
        "--loop", metavar="FILE", nargs="?", const="", help="end where it begins; with or without"
    )
    offered.add_argument("--blend", metavar="FILE", nargs=2, help="lead from one film to another")
    offered.add_argument("--remix", metavar="FILE", help="draw this film anew")
    offered.add_argument("--strength", help="of a remix: above 0, at most 1; less keeps more of it")
    return offered


def take_files(given: dict[str, Any]) -> dict[str, Path]:
    """Put what the clip begins with into `given` as a form says it; returns the files by name.

    Raises BadSpec where more than one thing is asked for, or a file is not there.
    """
    pictures = [given.pop("image"), given.pop("last_image")]
    asked = {name: given.pop(name) for name in ("extend", "extend_back", "loop", "blend", "remix")}
    if any(pictures):
        asked["image"] = pictures if pictures[1] else pictures[:1]
    chosen = {name: words for name, words in asked.items() if words is not None}
    if len(chosen) > 1:
        raise BadSpec(f"Choose one of {', '.join(chosen)}.", field="operation")
    files: dict[str, Path] = {}
    for name, words in chosen.items():
        paths = [words] if isinstance(words, str) else words
        files = {f"file {number}": Path(path) for number, path in enumerate(paths, 1) if path}
        keys = [f"file {number}" if path else "" for number, path in enumerate(paths, 1)]
        given |= {"operation": name, "sources": keys if files else []}
    for path in files.values():
        if not path.is_file():
            raise BadSpec(f"There is no file {path}.", field="sources")
    return files


def draw(spec: ClipSpec, output: Path, files: Mapping[str, Path]) -> Film:
    """The film at `output`, which is replaced only once the new one is whole."""
    if not output.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder")
    draft = output.with_name(f".{output.stem}.draft.mp4")
    with tqdm(unit="step", desc="drawing", dynamic_ncols=True) as bar:

        def on_progress(progress: Progress) -> None:
            bar.total = progress.steps
            bar.update(progress.step - bar.n)

        film = render(spec, draft, on_progress=on_progress, open_source=files.__getitem__)
    film.path.replace(output)
    film.poster.unlink()
    return film


def report(spec: ClipSpec, film: Film) -> None:
    understood = ", ".join(f"{name}: {value}" for name, value in film.reading["understood"].items())
    print(f"understood   {understood or 'nothing'}")
    if film.reading["unknown"]:
        print(f"not known    {', '.join(film.reading['unknown'])}")
    print(
        f"clip         {film.width}×{film.height}, {film.frame_count} frames at {film.fps}/s, "
        f"{film.bytes / 1e6:.2f} MB, seed {spec.seed}"
    )
    print(
        f"drawn at     {film.native_width}×{film.native_height}, {film.native_fps}/s, "
        f"in {film.gpu_ms / 1000:.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
