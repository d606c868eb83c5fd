"""`python -m tests.crashes --kills 200`: the rehearsal and its table. Exits 1 if it went wrong."""

import argparse
import sys

from tests.crashes.rehearsal import Outcome, rehearse


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of what is killed, and when")
    parser.add_argument("--keep", action="store_true", help="leave the folder and its logs behind")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two, on average")
    given = parser.parse_args()
    outcome = rehearse(given.kills, given.seed, given.pause, keep=given.keep)
    print(table(outcome))
    return int(any(outcome.wrong.values()))


def table(outcome: Outcome) -> str:
    killed = ", ".join(f"{count} × {what}" for what, count in outcome.kills.most_common())
    ended = ", ".join(f"{count} {how}" for how, count in outcome.ended.most_common())
    answers = ", ".join(
        f"{count} × {status or 'none'}" for status, count in outcome.answers.items()
    )
    rows = [
        ("killed", f"{outcome.kills.total()}: {killed}"),
        ("took", f"{outcome.took_s:.0f} s"),
        ("clips promised", f"{outcome.promised}"),
        ("they ended", ended),
        ("answers", answers),
        *((what, f"{count}") for what, count in outcome.wrong.items()),
    ]
    return "\n".join(f"| {what} | {figure} |" for what, figure in rows)


if __name__ == "__main__":
    sys.exit(main())
