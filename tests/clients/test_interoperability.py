"""Clients that somebody else wrote sign, and we verify."""

import json
import shutil
import subprocess
from pathlib import Path

from tests.services import find_program
from tests.studio.conftest import House, Person

PACKAGES = ("dpop@2.1.2", "oauth4webapi@3.8.8")


def test_independent_clients_are_told_the_nonce_and_then_served(
    house: House, ada: Person, tmp_path: Path
) -> None:
    node, npm = find_program("node"), find_program("npm")
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts")
    subprocess.run([npm, "install", *quiet, *PACKAGES], cwd=tmp_path, check=True, timeout=120)
    script = shutil.copy(Path(__file__).with_name("sign.mjs"), tmp_path)
    before = house.count_jobs()
    done = subprocess.run(
        [node, script, house.url, house.api_token(ada), house.api_token(ada)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"dpop": [401, 202], "oauth4webapi": ["nonce", 202]}
    assert house.count_jobs() == before + 2
