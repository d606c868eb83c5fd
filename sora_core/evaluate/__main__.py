"""`python -m sora_core.evaluate`: figures over held-out prompts, the rulers' own, and sheets.

--held-out        draw 400 prompts in every variant, judge them, write docs/sprout/held-out.*
--pairs           200 prompts with two subjects, read by the finder; writes docs/sprout/pairs.*
--split train     the same on combinations of the training split, printed alone: to tune by
--checker 600     how well the checker reads rendered clips that its training never saw
--finder 600      how well the finder reads such clips of two subjects, and of one
--sheets          contact sheets of everything the pipeline does
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from sora_core.evaluate import gallery, report
from sora_core.evaluate.checker import Checker
from sora_core.evaluate.finder import Finder
from sora_core.evaluate.held_out import VARIANTS, journal_path, judge
from sora_core.evaluate.measure import ONE, PAIRS, Measure
from sora_core.evaluate.prompts import draw_prompts
from sora_core.evaluate.real import draw_takes, fidelity, read_all, rebuild, shoot
from sora_core.evaluate.tally import confusion, confusion_lines, markdown, tally, tally_pairs
from sora_core.sprout import WEIGHTS, load

PROMPTS = 400
PROMPTS_OF_PAIRS = 200


def _judge(options: argparse.Namespace, measure: Measure, count: int) -> None:
    prompts = draw_prompts(
        count, split=options.split, seed=options.seed, new_phrasings=options.new_phrasings,
        pairs=measure.pairs,
    )  # fmt: skip
    journal = journal_path(options.folder, options.weights, prompts, measure.ruler)
    readings = judge(prompts, options.weights, journal, options.workers, ruler=measure.ruler)
    autoencoder = load(options.weights).autoencoder
    found = report.figures(prompts, readings, autoencoder, options.workers, measure)
    print(report.page(found, measure))
    report.print_confusion(found, VARIANTS, measure)
    if options.split == "held-out":
        name = f"{measure.name}-new-phrasings" if options.new_phrasings else measure.name
        report.write(found, options.out, name, measure)


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


def _find(options: argparse.Namespace) -> None:
    finder, counts = Finder.load(), {}
    for kind, pairs in (("two subjects", 1.0), ("one subject", 0.0)):
        takes = draw_takes(options.finder, seed=options.seed, pairs=pairs)
        seen = read_all(finder, shoot(takes))
        counts[kind] = tally_pairs([take.visible() for take in takes], seen)
    print(markdown(counts))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    p = argparse.ArgumentParser(
        prog="python -m sora_core.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--held-out", type=int, nargs="?", const=PROMPTS, metavar="N")
    p.add_argument("--pairs", type=int, nargs="?", const=PROMPTS_OF_PAIRS, metavar="N")
    p.add_argument("--split", choices=("held-out", "train"), default="held-out")
    p.add_argument("--new-phrasings", action="store_true", help="in sentences never trained on")
    p.add_argument("--seed", type=int, default=0, help="of the prompts and their clips")
    p.add_argument("--checker", type=int, metavar="N", help="read N rendered clips")
    p.add_argument("--finder", type=int, metavar="N", help="read N of each kind")
    p.add_argument("--sheets", nargs="*", choices=tuple(gallery.SHEETS), help="all, or those named")
    p.add_argument("--weights", type=Path, default=WEIGHTS)
    p.add_argument("--out", type=Path, default=Path("docs/sprout"))
    p.add_argument("--folder", type=Path, default=Path(".train/held-out"), help="kept readings")
    p.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    return p.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Do what was asked for; everything but the rulers' own figures without a word."""
    options = parse(arguments)
    torch.set_num_threads(1)
    train = options.split == "train"
    scored = options.held_out or options.pairs or train
    asked = scored or options.checker or options.finder or options.sheets is not None
    if options.checker:
        _check(options)
    if options.finder:
        _find(options)
    if options.held_out or not asked or (train and not options.pairs):
        _judge(options, ONE, options.held_out or PROMPTS)
    if options.pairs or not asked:
        _judge(options, PAIRS, options.pairs or PROMPTS_OF_PAIRS)
    if options.sheets is not None or not asked:
        pipeline = load(options.weights)
        for name in options.sheets or gallery.SHEETS:
            gallery.make(name, pipeline, options.out)


if __name__ == "__main__":
    main()
