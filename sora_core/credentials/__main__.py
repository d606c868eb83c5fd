"""`python -m sora_core.credentials verify clip.mp4`: does it hold what was signed into it?"""

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

from errors import BootRefused, GreenroomError
from settings import Settings
from sora_core.credentials.identity import open_identity, utc
from sora_core.credentials.reading import VERDICTS, Step, read_credentials


def main(arguments: list[str] | None = None) -> int:
    """0 where the film and all that it came from is trusted, 1 where not, 2 where it is no film."""
    parser = argparse.ArgumentParser(prog="python -m sora_core.credentials")
    verify = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "verify", help="check a film's credentials and show what it came from"
    )
    verify.add_argument("film", type=Path, metavar="FILE", help="an MP4")
    verify.add_argument(
        "--roots", type=Path, help="whom to trust, PEM (else this Greenroom's own, as it is set)"
    )
    given = parser.parse_args(arguments)
    try:
        steps = read_credentials(given.film, read_roots(given.roots))
    except (BootRefused, GreenroomError) as error:
        print(error, file=sys.stderr)
        return 2
    print(VERDICTS[steps[0].state])
    for step in steps:
        print("  " * step.depth + describe(step))
    return 0 if all(step.state == "trusted" for step in steps if says_more(step)) else 1


def says_more(step: Step) -> bool:
    """A picture that somebody brought has no credentials, and need have none."""
    return step.depth == 0 or step.state != "none"


def read_roots(path: Path | None) -> str:
    if path is not None:
        return path.read_text()
    settings = Settings.read()
    return open_identity(
        settings.data,
        utc(time.time_ns() // 1_000_000),
        settings.signing_certificates,
        settings.signing_key,
        settings.signing_roots,
    ).roots


def describe(step: Step) -> str:
    facts = asdict(step) | {"when": step.when.isoformat() if step.when else None}
    told = [f"{name}: {facts[name]}" for name in NAMES if facts[name]]
    return f"{step.relation} ({step.state}) {'; '.join(told)}"


NAMES = ("title", "what", "model", "software", "when", "signer", "mark")

if __name__ == "__main__":
    sys.exit(main())
