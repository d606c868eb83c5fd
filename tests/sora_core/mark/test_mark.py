"""A number goes into a film unseen, and comes back out of copies that were changed."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from errors import BadSpec
from sora_core.mark.apart import fingerprint_apart, trace_apart
from sora_core.mark.code import encode
from sora_core.mark.embedding import WEAK_Z, Mark
from sora_core.mark.film import even_out, finer, frames, windows
from sora_core.mark.fingerprint import ALIKE, difference, fingerprint, fingerprint_of
from sora_core.mark.pattern import PERIODS, pattern_of
from sora_core.mark.reading import fold, placed
from sora_core.mark.tracing import strength_in, trace
from sora_core.video import Format
from sora_core.video import encode as write
from tests.sora_core.mark.films import wall_film

KEY = bytes(range(32))
PATTERN = pattern_of(KEY)
NUMBER = 0x123456789ABC
ISSUED = [1, 2, NUMBER, 2**48 - 1]
ELSEWHERE = 0xA5C3_0F96_D21B
NATIVE, WANTED = Format(112, 64, 24), Format(448, 256, 24)
FRAMES = 48


def scene() -> Iterator[np.ndarray]:
    """(64, 112, 3) uint8 each: soft colours behind a square that moves."""
    x, y = np.linspace(0, 1, 112), np.linspace(0, 1, 64)[:, None]
    for at in range(FRAMES):
        sky = np.stack([120 + 80 * np.sin(6 * x + at / 9) * np.cos(5 * y), 90 + 60 * y + 0 * x,
                        80 + 40 * np.cos(9 * y) + 0 * x], -1)  # fmt: skip
        sky[20:36, 10 + at : 26 + at] = (220, 40, 40)
        yield sky.astype(np.uint8)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same film with the mark and without."""
    folder = tmp_path_factory.mktemp("films")
    made = {"marked": Mark(NUMBER, PATTERN), "plain": None}
    for name, mark in made.items():
        write(scene(), folder / f"{name}.mp4", NATIVE, WANTED, FRAMES, mark)
    return {name: folder / f"{name}.mp4" for name in made}


def changed(film: Path, *options: str, suffix: str = ".mp4") -> Path:
    copy = film.with_name(f"copy{suffix}")
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-y", "-i", film, *options, copy]
    subprocess.run(command, check=True)
    return copy


CRF23 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23")
WORN = ("-vf", "rotate=1.2*PI/180,scale=372:-2", "-c:v", "libx264", "-preset", "veryfast",
        "-crf", "36")  # fmt: skip
CHANGES = {
    "as it is": ("-c", "copy"),
    "encoded again": CRF23,
    "cropped": ("-vf", "crop=iw*0.8:ih*0.8:31:17", *CRF23),
    "mirrored": ("-vf", "hflip", *CRF23),
    "enlarged": ("-vf", "scale=iw*1.5:-2", *CRF23),
    "squeezed": ("-vf", "scale=400:256", *CRF23),
    "quarter turn": ("-vf", "transpose=1", *CRF23),
    "brighter": ("-vf", "eq=brightness=0.08:contrast=1.2:gamma=0.9", *CRF23),
    "fewer frames": ("-vf", "fps=15", *CRF23),
    "trimmed": ("-ss", "0.7", *CRF23),
}


@pytest.mark.parametrize("change", CHANGES)
def test_trace_finds_the_number_in_a_copy_that_is(films: dict[str, Path], change: str) -> None:
    found = trace(changed(films["marked"], *CHANGES[change]), PATTERN, ISSUED)
    assert found.number == NUMBER


def test_trace_finds_each_half_of_two_clips_cut_together(
    tmp_path: Path, films: dict[str, Path]
) -> None:
    """Parts are looked at one by one where the whole is a mixture."""
    joined = tmp_path / "joined.mp4"
    inputs = ("-i", films["plain"], "-i", films["plain"], "-i", films["marked"])
    graph = ("-filter_complex", "[0:v][1:v][2:v]concat=n=3", *CRF23)
    subprocess.run([get_ffmpeg_exe(), "-loglevel", "error", *inputs, *graph, joined], check=True)
    assert trace(joined, PATTERN, ISSUED).number == NUMBER


def test_trace_names_one_of_two_whose_equal_films_were_averaged(tmp_path: Path) -> None:
    """The same prompt and seed, drawn for two people: what they have in common is no mark."""
    one = wall_film(tmp_path / "one.mp4", Mark(NUMBER, PATTERN))
    other = wall_film(tmp_path / "other.mp4", Mark(ISSUED[0], PATTERN))
    blend = ("-filter_complex", "[0:v][1:v]blend=all_mode=average", *CRF23)
    mean = changed(one, "-i", str(other), *blend)
    assert trace(mean, PATTERN, ISSUED).number in (NUMBER, ISSUED[0])


def test_trace_finds_the_number_in_a_copy_of_half_the_size(tmp_path: Path) -> None:
    """A small film has too few tiles to tell by itself: the sizes that films have here do."""
    film = wall_film(tmp_path / "film.mp4", Mark(NUMBER, PATTERN))
    half = changed(film, "-vf", "scale=iw/2:-2", *CRF23)
    assert trace(half, PATTERN, ISSUED).number == NUMBER


def test_trace_knows_a_worn_copy_beside_the_stored_film_and_no_equal_one(tmp_path: Path) -> None:
    """Drawn alike for a job that is not compared, or without a mark: the look names nobody."""
    made = {"stored": Mark(NUMBER, PATTERN), "equal": Mark(ELSEWHERE, PATTERN), "plain": None}
    films = {name: wall_film(tmp_path / f"{name}.mp4", mark) for name, mark in made.items()}
    beside = {NUMBER: films["stored"]}
    worn = changed(films["stored"], *WORN)
    assert trace(worn, PATTERN, ISSUED).number is None
    assert trace(worn, PATTERN, ISSUED, beside).number == NUMBER
    assert trace(changed(films["equal"], *WORN), PATTERN, ISSUED, beside).number is None
    assert trace(changed(films["plain"], *WORN), PATTERN, ISSUED, beside).number is None


def test_trace_goes_on_where_the_stored_film_cannot_be_read(
    tmp_path: Path, films: dict[str, Path]
) -> None:
    """Damaged, or swept away meanwhile: that is no fault of the film that was brought."""
    (tmp_path / "damaged.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 400)
    for kept in (tmp_path / "damaged.mp4", tmp_path / "gone.mp4"):
        assert trace(films["plain"], PATTERN, ISSUED, {NUMBER: kept}).number is None


def test_trace_tells_the_best_look_and_not_the_first_that_is_sure(films: dict[str, Path]) -> None:
    """Looks at other sizes, or from the mirror side, come first or last; none fits better."""
    waves = fold(finer(windows(films["marked"])[0]), np.eye(2) * PATTERN.period(NUMBER))
    here = placed(waves, np.zeros(2), PATTERN)
    fits = float(encode([NUMBER])[0] @ here.soft / np.linalg.norm(here.soft))
    found = trace(films["marked"], PATTERN, ISSUED)
    assert (found.z, found.like_z) == pytest.approx((here.z, fits), rel=1e-5)


def test_trace_finds_nothing_where_no_mark_is(films: dict[str, Path]) -> None:
    assert trace(films["plain"], PATTERN, ISSUED).number is None


def test_trace_finds_nothing_with_another_key(films: dict[str, Path]) -> None:
    assert (
        trace(films["marked"], pattern_of(b"another key of thirty-two bytes."), ISSUED).number
        is None
    )


def test_trace_names_only_numbers_that_were_issued(films: dict[str, Path]) -> None:
    others = [number for number in ISSUED if number != NUMBER]
    assert trace(films["marked"], PATTERN, others).number is None
    assert trace(films["marked"], PATTERN, []).number is None


def test_mark_stands_out_in_the_encoded_film_and_another_number_does_not(
    films: dict[str, Path],
) -> None:
    assert strength_in(films["marked"], NUMBER, PATTERN) >= WEAK_Z
    assert strength_in(films["plain"], NUMBER, PATTERN) == 0
    assert strength_in(films["marked"], NUMBER + 1, PATTERN) == 0


def test_marked_film_differs_by_less_than_eyes_see(films: dict[str, Path]) -> None:
    """Luma PSNR of at least 45 dB in a film as flat as this."""
    pairs = zip(*(frames(films[name], 2, 24) for name in ("marked", "plain")), strict=True)
    errors = [np.mean((one.astype(float) - other) ** 2) for one, other in pairs]
    assert len(errors) == FRAMES
    assert 10 * np.log10(255**2 / np.mean(errors)) >= 45


def test_marked_film_keeps_size_length_and_colour_tags(films: dict[str, Path]) -> None:
    told = [
        subprocess.run(
            [get_ffmpeg_exe(), "-i", films[name]], capture_output=True, text=True, check=False
        ).stderr
        for name in ("marked", "plain")
    ]
    lines = [next(row for row in text.splitlines() if "Video:" in row) for text in told]
    assert lines[0].split(", ")[:3] == lines[1].split(", ")[:3]
    assert "yuv420p(tv, bt709" in lines[0]
    assert list(films["marked"].parent.glob("*.mark")) == []


def test_code_is_the_same_for_ever() -> None:
    """The first signs of a number as version 1 wrote them."""
    signs = encode([0, NUMBER])
    assert signs.shape == (2, 216)
    assert "".join("+" if sign > 0 else "-" for sign in signs[1][:48]) == FIRST_SIGNS
    assert set(np.unique(signs)) == {-1.0, 1.0}


def test_code_keeps_numbers_far_apart_that_differ_in_one_bit() -> None:
    """At least 18 signs, the code's free distance, and the check's besides."""
    near = encode([NUMBER, *(NUMBER ^ (1 << bit) for bit in range(48))])
    assert (near[1:] != near[0]).sum(1).min() >= 18 * 2


def test_pattern_is_the_same_for_ever() -> None:
    """Clips that left long ago must still be read: this is what version 1 writes."""
    assert PATTERN.waves[:3].tolist() == FIRST_WAVES
    assert [PATTERN.period(number) for number in ISSUED] == THEIR_PERIODS
    assert {PATTERN.period(number) for number in range(200)} == set(PERIODS)
    tile = PATTERN.tile(NUMBER)
    assert (round(float(tile.std()), 4), round(float(abs(tile.mean())), 4)) == (1.0, 0.0)


FIRST_SIGNS = "+++++++++---+---+-++-++-++++-++----++-++-+++++-+"
FIRST_WAVES = [[13, 19], [14, 4], [-15, 2]]
THEIR_PERIODS = [116, 140, 120, 132]


@pytest.mark.parametrize(
    "content", [b"", b"no film at all", b"\0\0\0\x18ftypmp42" + b"\0" * 400, b"RIFF" + b"\0" * 99]
)
def test_trace_refuses_what_is_no_film(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(BadSpec, match="could not be read"):
        trace(tmp_path / "film.mp4", PATTERN, ISSUED)


def test_trace_refuses_a_file_of_four_gigabytes_before_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "film.mp4").open("wb") as file:
        file.truncate(4 * 2**30)
    with pytest.raises(BadSpec, match="more than 256 MB"):
        trace(tmp_path / "film.mp4", PATTERN, ISSUED)


def test_fingerprint_knows_a_worn_copy_and_no_other_film(films: dict[str, Path]) -> None:
    ours = fingerprint(list(scene()))
    worn = changed(films["marked"], "-vf", "scale=224:-2", "-c:v", "libx264", "-crf", "40")
    assert difference(fingerprint_of(worn), ours) < ALIKE
    noise = np.random.default_rng(1).integers(0, 255, (9, 64, 112, 3), dtype=np.uint8)
    assert difference(fingerprint(list(noise)), ours) > 2 * ALIKE


def test_even_out_stays_finite_beside_a_place_where_nothing_is() -> None:
    """A filter that runs along a row may come out a trace below zero there."""
    picture = np.zeros((200, 300), np.float32)
    picture[20:90, :140] = np.random.default_rng(0).uniform(-12, 12, (70, 140)) / 7
    assert np.isfinite(even_out(picture)).all()


def test_trace_apart_finds_what_trace_finds(films: dict[str, Path]) -> None:
    here = trace(films["marked"], PATTERN, ISSUED)
    alike = {NUMBER: films["plain"], 1: None}
    assert asyncio.run(trace_apart(films["marked"], KEY, ISSUED, alike)).number == NUMBER
    assert here.number == NUMBER


def test_fingerprint_apart_is_the_fingerprint(films: dict[str, Path]) -> None:
    assert asyncio.run(fingerprint_apart(films["plain"])) == fingerprint_of(films["plain"])


def test_trace_apart_gives_up_in_time_and_says_so(films: dict[str, Path]) -> None:
    with pytest.raises(BadSpec, match="takes too long"):
        asyncio.run(trace_apart(films["marked"], KEY, ISSUED, {}, limit_s=0.05))


def test_trace_apart_says_that_no_film_is_one(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"RIFF" + b"\0" * 99)
    with pytest.raises(BadSpec, match="could not be read"):
        asyncio.run(trace_apart(tmp_path / "film.mp4", KEY, ISSUED, {}))
