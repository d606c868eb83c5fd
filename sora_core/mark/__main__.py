"""`python -m sora_core.mark trace leaked.mp4`: whose film is this?"""

import argparse
import sys
import time
from pathlib import Path

from auth import audit
from database import Database
from errors import GreenroomError
from jobs.marks import Found, find_mark
from jobs.records import Mark
from settings import Settings
from sora_core.mark.keys import mark_key
from sora_core.store import Store


def main(arguments: list[str] | None = None) -> int:
    """0 where a mark was found, 1 where none was, 2 where it is no film."""
    parser = argparse.ArgumentParser(prog="python -m sora_core.mark")
    command = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "trace", help="read the invisible mark of a film and say whose it is"
    )
    command.add_argument("film", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    settings = Settings.read()
    database = Database(settings.database_url)
    try:
        store = Store(settings.media, scratch=settings.data / "drafts")
        found = find_mark(database, store, given.film, mark_key(settings.mark_key))
    except (GreenroomError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if found.mark is not None:
        with database.begin() as db:
            audit.record(
                db,
                actor=audit.OPERATOR,
                action="mark.trace",
                subject=f"job:{found.mark.job_id}",
                details={"z": f"{found.z:.1f}"},
                now_ms=time.time_ns() // 1_000_000,
            )
    print("\n".join(describe(found)))
    return 0 if found.mark else 1


def describe(found: Found) -> list[str]:
    told = []
    if found.mark is None:
        told.append(f"no mark found   among {found.compared:,} numbers; z {found.z:.1f}")
    else:
        told += whose(found.mark)
        told.append(f"confidence  z {found.z:.1f}, and {found.like_z:.1f} for this number alone")
        told.append(f"by chance   at most {found.chance:.0e}")
    if found.other_keys:
        told.append(f"not compared    {found.other_keys:,} marks written with other keys")
    for mark, share in found.hints:
        told.append(f"looks like      job {mark.job_id}, {share:.0%} of the fingerprint differs")
    if found.hints:
        told.append("                of unlike films half differs; a look names nobody")
    return told


def whose(mark: Mark) -> list[str]:
    nobody = "forgotten: their data was erased"
    return [
        f"job         {mark.job_id}",
        f"token       {mark.admission_id or nobody}",
        f"tester      {mark.owner_id or nobody}",
    ]


if __name__ == "__main__":
    sys.exit(main())
