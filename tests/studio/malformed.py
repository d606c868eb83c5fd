"""Requests made up by schemathesis: `python -m tests.studio.malformed 10000 [SEED]`.

Right ones and wrong ones, pass after pass, each of another seed, until so many were sent. None may
break the server, answer with a stack trace, or leave a hold behind. Prints how many there were.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from database import Database
from observe import metrics
from studio.openapi import describe
from tests.studio.conftest import House, Person, serving, wire
from tests.studio.test_openapi import ON_PURPOSE_ELSEWISE, ST
from tests.studio.videos.fuzz import UNLIMITED, assert_nothing_held

ROOT = Path(__file__).parent.parent.parent


def answered() -> int:
    """How many requests this process has answered."""
    [family] = metrics.HTTP_SECONDS.collect()
    return int(sum(row.value for row in family.samples if row.name.endswith("_count")))


def one_pass(house: House, person: Person, folder: Path, seed: int) -> None:
    """Raises AssertionError with what schemathesis found."""
    token = house.api_token(person, bearer=True)
    document = folder / "openapi.json"
    document.write_text(json.dumps(describe()))
    asking = subprocess.run(
        [
            ST,
            "run",
            document,
            f"--url={house.url}",
            f"--header=Authorization: Bearer {token}",
            f"--exclude-checks={','.join(ON_PURPOSE_ELSEWISE)}",
            "--max-examples=20",
            "--request-timeout=60",
            f"--seed={seed}",
            "--suppress-health-check=all",
            "--no-color",
        ],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.studio.malformed_hooks"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asking.returncode == 0, f"seed {seed}\n{asking.stdout[-6000:]}{asking.stderr[-2000:]}"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as name:
        folder, seed = Path(name), first
        database = Database(f"sqlite:///{folder / 'greenroom.db'}")
        database.migrate()
        with serving(wire(database, folder, **UNLIMITED)) as house:
            person = house.person("Ada")
            before = answered()
            while answered() - before < count:
                house.forget_strangers()
                one_pass(house, person, folder, seed)
                print(f"{answered() - before:,} after seed {seed}", flush=True)
                seed += 1
            assert_nothing_held(house)
        database.close()


if __name__ == "__main__":
    main()
