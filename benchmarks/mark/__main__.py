"""`python -m benchmarks.mark`: which copies of a film the invisible mark is read back from.

Films we made (Sprout, 448 × 256) and films we did not (720p: the example films and photographs that
Gradio's package brings along, photographs with a slow camera, and what ffmpeg draws by itself; most
are enlarged, so they have less fine detail than a camera's 720p). Each is written by our own
encoder with a mark and without, changed in each way, and traced among 10,000 issued numbers: by the
mark alone, and where that finds nothing, beside the stored films that look like the copy.

Also told: luma PSNR and SSIM of the marked film beside the unmarked one, CPU time of embedding a
frame, time to decode, and how often films that do not have the mark give a number (unmarked.py).

Each result goes into a journal at once; a second run goes on from there, as long as the code that
it measures is the same. On two calm cores the whole takes half an hour.
"""

import argparse
import hashlib
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import sora_core.mark
from benchmarks.mark.changes import HARD, USUAL, change
from benchmarks.mark.quality import measure
from benchmarks.mark.subjects import Subject, not_ours, ours
from benchmarks.mark.unmarked import read_by_chance, trace_equals
from sora_core.mark.embedding import Mark
from sora_core.mark.fingerprint import fingerprint_of, nearest
from sora_core.mark.pattern import pattern_of
from sora_core.mark.tracing import trace

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


def measured_code() -> str:
    """8 hex digits: a result belongs to the code that it measured."""
    folders = Path(sora_core.mark.__file__).parent, Path(__file__).parent
    files = sorted(file for folder in folders for file in folder.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def store(subject: Subject, number: int, folder: Path, journal: Journal) -> str:
    """Its film as it would be stored, NUMBER.mp4 and NUMBER-plain.mp4, and its fingerprint."""
    quality = measure(subject, Mark(number, PATTERN), folder)
    if f"{subject.name} | quality" not in journal.rows:
        journal.keep(f"{subject.name} | quality", quality)
    for name, kept in (("marked", stored(folder, number)), ("plain", plain(folder, number))):
        (folder / f"{name}.mp4").rename(kept)
    return fingerprint_of(stored(folder, number))


def stored(folder: Path, number: int) -> Path:
    return folder / f"{number}.mp4"


def plain(folder: Path, number: int) -> Path:
    return folder / f"{number}-plain.mp4"


def attack(
    subject: Subject, number: int, shown: list[tuple[int, str]], folder: Path, journal: Journal
) -> None:
    """Whatever the journal does not know of this film yet."""
    for name, options in {**USUAL, **HARD}.items():
        if f"{subject.name} | {name}" in journal.rows:
            continue
        copy, before = change(stored(folder, number), options, name), time.process_time()
        found = trace(copy, PATTERN, ISSUED)
        alone = found.number == number
        if found.number is None:
            alike = nearest(fingerprint_of(copy), shown)
            films = {one: stored(folder, one) for one, _ in alike}
            found = trace(copy, PATTERN, ISSUED, films)
        row = {
            "right": found.number == number,
            "alone": alone,
            "wrong": found.number not in (None, number),
            "z": round(found.z, 1),
            "like_z": round(found.like_z, 1),
            "decode_s": round(time.process_time() - before, 1),
        }
        journal.keep(f"{subject.name} | {name}", row)


def tell(title: str, subjects: list[Subject], journal: Journal) -> None:
    """One group of films, as the document has it."""
    names = {subject.name for subject in subjects}
    rows = {tuple(name.split(" | ")): row for name, row in journal.rows.items()}
    rows = {key: row for key, row in rows.items() if key[0] in names}
    print(f"\n| {title} | right | by the mark alone |\n|---|---|---|")
    for change_name in (*USUAL, *HARD):
        here = [row for (_, what), row in rows.items() if what == change_name]
        right, alone = (sum(row[name] for row in here) for name in ("right", "alone"))
        print(f"| {change_name} | {right}/{len(here)} | {alone} |")
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
    for what in ("by chance", "equals"):
        rows = [row for name, row in journal.rows.items() if name.endswith(f"| {what}")]
        tried, named = (sum(row[name] for row in rows) for name in ("tried", "named"))
        highest = max((row["highest"] for row in rows), default=0.0)
        # Of n tries without one that is wrong, the rate is below 3/n with 95 % (rule of three).
        print(f"\nFilms without the mark, {what}: {tried} tried, {named} named; highest {highest}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mark")
    parser.add_argument("--films", type=int, default=99, help="how many of each group, at most")
    parser.add_argument("--readings", type=int, default=30_000, help="of films without a mark")
    parser.add_argument("--journal", type=Path, help="default: .cache/marks-CODE.jsonl")
    given = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    journal = Journal(given.journal or Path(f".cache/marks-{measured_code()}.jsonl"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        groups = {
            "films we made, 448 × 256": ours(folder)[: given.films],
            "films we did not make, 1280 × 720": not_ours()[: given.films],
        }
        every = [subject for subjects in groups.values() for subject in subjects]
        numbers = dict(zip(ISSUED, every, strict=False))
        shown = [(one, store(subject, one, folder, journal)) for one, subject in numbers.items()]
        for number, subject in numbers.items():
            attack(subject, number, shown, folder, journal)
        for number, subject in numbers.items():
            film, film_marked = plain(folder, number), stored(folder, number)
            if f"{subject.name} | equals" not in journal.rows:
                row = trace_equals(film, film_marked, number, ISSUED, PATTERN)
                journal.keep(f"{subject.name} | equals", row)
            if f"{subject.name} | by chance" not in journal.rows:
                row = read_by_chance(film, -(-given.readings // len(every)), ISSUED, PATTERN)
                journal.keep(f"{subject.name} | by chance", row)
    for title, subjects in groups.items():
        tell(title, subjects, journal)
    tell_false(journal)


if __name__ == "__main__":
    main()
