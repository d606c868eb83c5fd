"""A prompt becomes a film, step by step, and can be stopped between any two of them."""

import hashlib
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from errors import NotFound, Stopped, WeightsCorrupt
from sora_core import render as rendering
from sora_core import sprout
from sora_core.render import Progress, render
from sora_core.sources import read_film
from sora_core.spec import OPERATIONS, ClipSpec
from tests.sora_core.sprout.parts import tiny_pipeline

SPEC = ClipSpec.parse(
    {"prompt": "a red ball with zorp", "size": "256x256", "seconds": 1, "seed": 7,
     "style": "neon", "variant": "turbo"}
)  # fmt: skip
STEPS = SPEC.way.steps
ROOT = Path(__file__).parents[2]


def ignore(_: Progress) -> None:
    """Nobody watches."""


def test_render_writes_the_film_that_was_asked_for(tmp_path: Path) -> None:
    seen: list[Progress] = []
    film = render(SPEC, tmp_path / "clip.mp4", on_progress=seen.append)

    assert [progress.step for progress in seen] == list(range(1, seen[-1].steps + 1))
    assert all(isinstance(look.preview, np.ndarray) for look in seen)
    assert all(look.left_ms is not None and look.left_ms >= 0 for look in seen)
    with av.open(str(film.path)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == film.frame_count == 24
    with Image.open(film.poster) as picture:
        assert picture.size == (256, 256)
    assert film.sha256 == hashlib.sha256(film.path.read_bytes()).hexdigest()
    assert film.bytes == film.path.stat().st_size
    assert (film.width, film.height, film.fps) == (256, 256, 24)
    assert (film.native_width, film.native_height, film.native_fps) == (80, 80, 12)
    assert film.reading["understood"]["subject"] == "ball"
    assert film.reading["unknown"] == ["zorp"]
    assert "spans" not in film.reading
    assert film.gpu_ms > 0


def test_render_makes_the_same_film_from_the_same_seed(tmp_path: Path) -> None:
    films = [render(SPEC, tmp_path / f"{n}.mp4", on_progress=ignore) for n in (1, 2)]
    assert films[0].sha256 == films[1].sha256


@pytest.mark.parametrize("asked_until", [0, 1, 5, STEPS, STEPS + 1])
def test_render_stops_at_the_next_question_and_leaves_nothing(
    tmp_path: Path, asked_until: int
) -> None:
    """Before the first step, between steps, after the last, and while the film is written."""
    questions, seen = iter([None] * asked_until), []
    with pytest.raises(Stopped) as caught:
        render(
            SPEC,
            tmp_path / "clip.mp4",
            on_progress=seen.append,
            stop_requested=lambda: next(questions, "revoked"),
        )
    assert caught.value.reason == "revoked"
    assert len(seen) == min(asked_until, STEPS)
    assert list(tmp_path.iterdir()) == []


def test_render_leaves_nothing_of_a_film_half_written_when_stopped(tmp_path: Path) -> None:
    """The first window is being encoded while the second is drawn."""
    long = replace(SPEC, seconds=4)

    def stop() -> str | None:
        return "cancelled" if len(seen) > STEPS else None

    seen: list[Progress] = []
    with pytest.raises(Stopped):
        render(long, tmp_path / "clip.mp4", on_progress=seen.append, stop_requested=stop)
    assert len(seen) == STEPS + 1
    assert list(tmp_path.iterdir()) == []


def test_render_draws_on_from_a_film_and_follows_a_storyboard(tmp_path: Path) -> None:
    film = render(SPEC, tmp_path / "one.mp4", on_progress=ignore)
    longer = replace(
        SPEC, seconds=2, operation="extend", sources=("one",), storyboard=("a cat", "a zorp")
    )
    opened: list[str] = []

    def open_source(key: str) -> Path:
        opened.append(key)
        return film.path

    both = render(longer, tmp_path / "two.mp4", on_progress=ignore, open_source=open_source)
    assert set(opened) == {"one"}  # to be drawn on from, and to be named as where it came from
    assert both.frame_count == 48
    assert [span["understood"].get("subject") for span in both.reading["spans"]] == ["cat", None]
    assert both.reading["unknown"] == ["zorp"]
    before, after = (read_film(path, (80, 80), 12, "film") for path in (film.path, both.path))
    assert len(after) == 24
    assert np.abs(after[:12].astype(int) - before).mean() < 6


@pytest.mark.parametrize("operation", OPERATIONS)
def test_render_refuses_sources_that_are_not_there(tmp_path: Path, operation: str) -> None:
    if OPERATIONS[operation][1] == 0:
        pytest.skip("begins with nothing")
    spec = replace(SPEC, operation=operation, sources=("gone",) * OPERATIONS[operation][1])
    with pytest.raises(NotFound):
        render(spec, tmp_path / "clip.mp4", on_progress=ignore)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seconds", [1, 3])
def test_settled_gives_the_clip_piece_by_piece(seconds: int) -> None:
    pipe, pieces, step = tiny_pipeline(), [], None
    for step in pipe.draw("a ball", aspect="1:1", drawings=12 * seconds, seed=1, steps=2):
        pieces.append(pipe.settled(step, sum(map(len, pieces))))
    whole = pipe.decode(step)
    assert sum(len(piece) > 0 for piece in pieces) == len(step.plan.windows())
    assert np.abs(np.concatenate(pieces).astype(int) - whole).max() <= 1


def test_render_leaves_nothing_when_progress_cannot_be_told(tmp_path: Path) -> None:
    def fail(_: Progress) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        render(SPEC, tmp_path / "clip.mp4", on_progress=fail)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def corrupt_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights with one of their files cut in half."""
    folder = tmp_path / "weights"
    shutil.copytree(sprout.WEIGHTS, folder)
    file = max(folder.rglob("*.safetensors"), key=lambda path: path.stat().st_size)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    monkeypatch.setattr(sprout.load, "__defaults__", (folder,))
    rendering.pipeline.cache_clear()
    yield
    rendering.pipeline.cache_clear()


@pytest.mark.usefixtures("corrupt_weights")
def test_render_says_so_when_the_weights_are_corrupt(tmp_path: Path) -> None:
    with pytest.raises(WeightsCorrupt):
        render(SPEC, tmp_path / "clip.mp4", on_progress=ignore)


def command(*arguments: str, folder: Path) -> list[str]:
    return [sys.executable, "-m", "sora_core", *arguments, "-o", str(folder / "clip.mp4")]


def test_command_writes_the_clip_and_says_what_it_understood(tmp_path: Path) -> None:
    words = ["a red ball with zorp", "--size", "256x256", "--seconds", "1", "--seed", "7"]
    ended = subprocess.run(
        command(*words, folder=tmp_path), cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert "subject: ball" in ended.stdout
    assert "zorp" in ended.stdout
    assert "100%" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_command_draws_on_from_files(tmp_path: Path) -> None:
    """In turbo, towards a picture, from nothing before it; files are named on the command line."""
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "last.png")
    words = ["a ball", "--turbo", "--size", "256x256", "--seconds", "1", "--last-image"]
    ended = subprocess.run(
        command(*words, str(tmp_path / "last.png"), folder=tmp_path),
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    teal = read_film(tmp_path / "clip.mp4", (80, 80), 12, "film")[-1].mean((0, 1))
    assert np.abs(teal - [0, 128, 128]).max() < 12


@pytest.mark.parametrize(
    "words", [[""], ["a ball", "--seconds", "11"], ["a ball", "--size", "9x9"], ["--turbo"],
              ["a ball", "--loop", "--remix", "a.mp4"], ["a ball", "--extend", "missing.mp4"]]
)  # fmt: skip
def test_command_refuses_words_with_one_sentence(tmp_path: Path, words: list[str]) -> None:
    ended = subprocess.run(
        command(*words, folder=tmp_path), cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_command_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    ended = subprocess.run(
        command("a ball", folder=tmp_path / "no"), cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.strip().endswith("cannot be written: there is no such folder.")


@pytest.mark.usefixtures("corrupt_weights")
def test_command_ends_with_a_sentence_when_the_weights_are_corrupt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sora_core.__main__ import main

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main(["a ball", "-o", str(tmp_path / "clip.mp4")]) == 1
    told = capsys.readouterr().err.strip().splitlines()
    assert "Traceback" not in told[-1]
    assert told[-1].endswith(".")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_leaves_no_file_when_it_is_interrupted(tmp_path: Path, number: int) -> None:
    words = ["a ball", "--seconds", "10", "--size", "1280x720"]
    with subprocess.Popen(
        command(*words, folder=tmp_path),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # Shells start what runs in the background deaf to SIGINT, and children inherit it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as drawing:
        assert drawing.stderr is not None
        told = ""
        while "1/" not in told:
            told += drawing.stderr.read(1)
        drawing.send_signal(number)
        told += drawing.stderr.read()
    assert drawing.returncode == 130
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []
