"""`python -m sora_core.evaluate`: figures over held-out prompts, the checker's own, and sheets.

--held-out        draw 400 prompts in every variant, judge them, write docs/sprout/held-out.*
--split train     the same on combinations of the training split, printed alone: to tune by
--checker 600     how well the checker reads rendered clips that its training never saw
--sheets          contact sheets of everything the pipeline does
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from sora_core.evaluate import gallery, report
from sora_core.evaluate.checker import Checker
from sora_core.evaluate.held_out import VARIANTS, journal_path, judge
from sora_core.evaluate.prompts import draw_prompts
from sora_core.evaluate.real import draw_takes, fidelity, read_all, rebuild, shoot
from sora_core.evaluate.tally import confusion, confusion_lines, markdown, tally
from sora_core.sprout import WEIGHTS, load

PROMPTS = 400


def _judge(options: argparse.Namespace) -> None:
    count = options.held_out or PROMPTS
    prompts = draw_prompts(
        count, split=options.split, seed=options.seed, new_phrasings=options.new_phrasings
    )
    journal = journal_path(options.folder, options.weights, prompts)
    readings = judge(prompts, options.weights, journal, options.workers)
    autoencoder = load(options.weights).autoencoder
    found = report.figures(prompts, readings, autoencoder, options.workers)
    print(report.page(found))
    report.print_confusion(found, VARIANTS)
    if options.split == "held-out":
        name = "new-phrasings" if options.new_phrasings else "held-out"
        report.write(found, options.out, name)


def _check(options: argparse.Namespace) -> None:
    takes = draw_takes(options.checker, seed=options.seed)
    named, clips = [take.visible() for take in takes], shoot(takes)
    again = rebuild(load(options.weights).autoencoder, clips)
    checker = Checker.load()
    seen = {report.REAL: read_all(checker, clips), report.REBUILT: read_all(checker, again)}
    print(markdown({kind: tally(named, found) for kind, found in seen.items()}))
    print(fidelity(clips, again))
    for attribute in ("subject", "motion"):
        for line in confusion_lines(confusion(attribute, named, seen[report.REAL])):
            print(f"  {line}")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    p = argparse.ArgumentParser(
        prog="python -m sora_core.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--held-out", type=int, nargs="?", const=PROMPTS, metavar="N")
    p.add_argument("--split", choices=("held-out", "train"), default="held-out")
    p.add_argument("--new-phrasings", action="store_true", help="in sentences never trained on")
    p.add_argument("--seed", type=int, default=0, help="of the prompts and their clips")
    p.add_argument("--checker", type=int, metavar="N", help="read N rendered clips")
    p.add_argument("--sheets", nargs="*", choices=tuple(gallery.SHEETS), help="all, or those named")
    p.add_argument("--weights", type=Path, default=WEIGHTS)
    p.add_argument("--out", type=Path, default=Path("docs/sprout"))
    p.add_argument("--folder", type=Path, default=Path(".train/held-out"), help="kept readings")
    p.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    return p.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Do what was asked for; everything but the checker's own figures without a word."""
    options = parse(arguments)
    torch.set_num_threads(1)
    asked = options.held_out or options.checker or options.sheets is not None
    if options.checker:
        _check(options)
    if options.held_out or options.split == "train" or not asked:
        _judge(options)
    if options.sheets is not None or not asked:
        pipeline = load(options.weights)
        for name in options.sheets or gallery.SHEETS:
            gallery.make(name, pipeline, options.out)


if __name__ == "__main__":
    main()
