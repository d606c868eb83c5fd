"""`python -m benchmarks.mark`: which copies of a film the invisible mark is read back from.

Films we made (Sprout, 448 × 256) and films we did not (720p: the example films and photographs that
Gradio's package brings along, photographs with a slow camera, and what ffmpeg draws by itself; most
are enlarged, so they have less fine detail than a camera's 720p). Each is written by our own
encoder with a mark and without, changed in each way, and traced among 10,000 issued numbers.

Also told: luma PSNR and SSIM of the marked film beside the unmarked one, CPU time of embedding a
frame, time to decode, and how often films without a mark, read with keys of chance, give a number.

Each result goes into a journal at once; a second run goes on from there. On two calm cores the
whole takes half an hour.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mark.changes import HARD, USUAL, change
from benchmarks.mark.quality import measure
from benchmarks.mark.subjects import FPS, SECONDS, Subject, not_ours, ours
from sora_core.mark.embedding import Mark
from sora_core.mark.film import even_out, windows
from sora_core.mark.lattice import find_lattices
from sora_core.mark.pattern import PERIODS, pattern_of
from sora_core.mark.reading import LENGTHS, fold, readings
from sora_core.mark.tracing import Trace, judge, numbers_and_words, trace
from sora_core.video import encode

KEY = b"a key for this benchmark alone  "
PATTERN = pattern_of(KEY)
ISSUED = [int(n) for n in np.random.default_rng(7).integers(0, 2**48, 10_000)]


class Journal:
    """Results by name, a line of JSON each, kept as they come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        self.rows: dict[str, dict[str, Any]] = dict(map(json.loads, lines))

    def keep(self, name: str, row: dict[str, Any]) -> None:
        self.rows[name] = row
        with self.path.open("a") as file:
            print(json.dumps([name, row]), file=file)
        print(name, row, flush=True)


def attack(subject: Subject, number: int, folder: Path, journal: Journal) -> None:
    """Whatever the journal does not know of this film yet."""
    left = {
        name: how
        for name, how in {**USUAL, **HARD}.items()
        if f"{subject.name} | {name}" not in journal.rows
    }
    if not left:
        return
    quality = measure(subject, Mark(number, PATTERN), folder)
    if f"{subject.name} | quality" not in journal.rows:
        journal.keep(f"{subject.name} | quality", quality)
    for name, options in left.items():
        copy, before = change(folder / "marked.mp4", options, name), time.process_time()
        found = trace(copy, PATTERN, ISSUED)
        row = {
            "right": found.number == number,
            "wrong": found.number not in (None, number),
            "z": round(found.z, 1),
            "like_z": round(found.like_z, 1),
            "decode_s": round(time.process_time() - before, 1),
        }
        journal.keep(f"{subject.name} | {name}", row)


def read_unmarked(subject: Subject, least: int, folder: Path, journal: Journal) -> None:
    """Read a film without a mark with keys of chance, `least` times or more."""
    if f"{subject.name} | unmarked" in journal.rows:
        return
    film = folder / "plain.mp4"
    encode(subject.drawings(), film, subject.drawn, subject.wanted, SECONDS * FPS)
    picture = even_out(windows(film)[0])
    bases = [np.eye(2) * period for period in PERIODS] + find_lattices(picture, 8)
    folded = [fold(picture, basis) for basis in bases]
    numbers, words = numbers_and_words(ISSUED)
    count, named, highest = 0, 0, 0.0
    for n in range(-(-least // (len(LENGTHS) * len(folded)))):
        pattern = pattern_of(bytes([n % 256, n // 256]) * 16)
        for waves in folded:
            for reading in readings(waves, pattern):
                result: Trace = judge(reading, numbers, words)
                count, named = count + 1, named + (result.number is not None)
                highest = max(highest, reading.z)
    row = {"readings": count, "named": named, "highest_z": round(highest, 1)}
    journal.keep(f"{subject.name} | unmarked", row)


def tell(title: str, subjects: list[Subject], journal: Journal) -> None:
    """One group of films, as the document has it."""
    names = {subject.name for subject in subjects}
    rows = {tuple(name.split(" | ")): row for name, row in journal.rows.items()}
    rows = {key: row for key, row in rows.items() if key[0] in names}
    print(f"\n| {title} | right |\n|---|---|")
    for change_name in (*USUAL, *HARD):
        right = [row["right"] for (_, what), row in rows.items() if what == change_name]
        print(f"| {change_name} | {sum(right)}/{len(right)} |")
    print("\n| film | PSNR | SSIM | delivered | bytes | CPU a frame | z |")
    print(7 * "|---" + "|")
    for (film, what), row in rows.items():
        if what == "quality":
            print(
                f"| {film} | {row['psnr_db']:.1f} dB | {row['ssim']:.4f} "
                f"| {row['delivered_psnr_db']:.1f} dB, {row['delivered_ssim']:.4f} "
                f"| × {row['bytes_ratio']:.2f}, {row['bytes_more_a_s'] / 1000:+.0f} kB a second "
                f"| {row['ms_a_frame']:.1f} ms | {row['z']:.1f} |"
            )
    read_s = [row["decode_s"] for row in rows.values() if "decode_s" in row]
    wrong = sum(row.get("wrong", False) for row in rows.values())
    print(
        f"\n{len(read_s)} copies, wrong numbers {wrong}; decoding takes "
        f"{statistics.median(read_s):.1f} CPU s, at most {max(read_s):.1f}"
    )


def tell_false(journal: Journal) -> None:
    rows = [row for name, row in journal.rows.items() if name.endswith("| unmarked")]
    readings, named = (sum(row[name] for row in rows) for name in ("readings", "named"))
    highest = max((row["highest_z"] for row in rows), default=0.0)
    # Of n readings without one that is wrong, the rate is below 3/n with 95 % (rule of three).
    print(f"\n{readings} readings without a mark: {named} gave a number; highest z {highest:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mark")
    parser.add_argument("--films", type=int, default=99, help="how many of each group, at most")
    parser.add_argument("--readings", type=int, default=3900, help="of films without a mark")
    parser.add_argument("--journal", type=Path, default=Path(".cache/marks.jsonl"))
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    journal = Journal(given.journal)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        groups = {
            "films we made, 448 × 256": ours(folder)[: given.films],
            "films we did not make, 1280 × 720": not_ours()[: given.films],
        }
        every = [subject for subjects in groups.values() for subject in subjects]
        for at, subject in enumerate(every):
            attack(subject, ISSUED[at], folder, journal)
        for subject in every:
            read_unmarked(subject, -(-given.readings // len(every)), folder, journal)
    for title, subjects in groups.items():
        tell(title, subjects, journal)
    tell_false(journal)


if __name__ == "__main__":
    main()
