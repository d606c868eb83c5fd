"""The OpenAPI document is true: schemathesis asks a running Greenroom for everything in it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth import scopes, testers, tokens
from auth.addresses import Addresses
from auth.tallies import LocalTally
from database import Database
from studio.clock import now_ms
from studio.doors import DOORS, Who, find_door
from studio.openapi import describe
from tests.studio.conftest import GENEROUS, House, serving, wire

# What a request may bring that is not in the document, Greenroom reads on purpose ("5" is 5), and
# a method that is not there is nothing, like a path that is not there: 404 instead of 405.
ST = Path(sys.executable).with_name("st")
ON_PURPOSE_ELSEWISE = (
    "negative_data_rejection",
    "positive_data_acceptance",
    "unsupported_method",
    "allow_header_conformance",
)
# Answers that are no JSON, or are for our own pages.
NOT_IN_IT = {"/", "/theme.css", "/sign-out", "/me/provider", "/webhooks"}
FOR_PAGES = (
    "assets", "gradio", "clips", "passkeys", "touches", "calls", "transparency", "refusals",
    "showing", "policy", "data", "feedback", "ledger", "sessions",
)  # fmt: skip


class Forgetful(LocalTally):
    """Counts nothing: after ten bad credentials it would answer for everything behind it."""

    def count(self, network: str, now_ms: int) -> int:
        return 0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    database = Database(f"sqlite:///{folder / 'greenroom.db'}")
    database.migrate()
    limits = {"GREENROOM_CLIPS_PER_DAY": "100000", "GREENROOM_GPU_SECONDS_PER_DAY": "10000000"}
    parts = wire(database, folder, **limits, **GENEROUS)
    object.__setattr__(parts, "addresses", Addresses(Forgetful()))
    with serving(parts) as house:
        yield house
    database.close()


def test_schemathesis_finds_nothing(house: House, tmp_path: Path) -> None:
    with house.parts.database.begin() as db:
        ada = testers.add(db, "Ada", now_ms=now_ms())
        token = tokens.mint(
            db,
            house.parts.gate.keys,
            ada.id,
            kind=tokens.API,
            given=frozenset({scopes.READ, scopes.GENERATE}),
            bearer=True,
            lifetime_ms=3_600_000,
            now_ms=now_ms(),
        )
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(describe()))
    asking = subprocess.run(
        [
            ST,
            "run",
            document,
            f"--url={house.url}",
            f"--header=Authorization: Bearer {token.text}",
            f"--exclude-checks={','.join(ON_PURPOSE_ELSEWISE)}",
            "--max-examples=5",
            "--seed=1",
            "--suppress-health-check=all",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert asking.returncode == 0, asking.stdout[-6000:]
    assert "ignored_auth" not in asking.stdout
    assert f"{len(operations())} selected" in asking.stdout, asking.stdout


def filled(path: str) -> str:
    """The path with an id in each place for one."""
    for name, prefix in (("endpoint_id", "we_"), ("picture_id", "picture_")):
        path = path.replace(f"{{{name}}}", prefix + "0" * 32)
    return re.sub(r"\{[a-z_]+\}", "0" * 32, path)


def operations() -> set[tuple[str, str]]:
    """Method and path of everything in the document."""
    return {
        (method.upper(), path)
        for path, methods in describe()["paths"].items()
        for method in methods
        if method != "parameters"
    }


def test_document_holds_every_door_that_answers_scripts() -> None:
    """What is neither in it nor for pages, streams or admins does not exist."""
    found = {find_door(method, filled(path)) for method, path in operations()}
    assert None not in found
    ours = [
        row
        for row in DOORS
        if row.who is Who.SIGNED_IN
        and not row.stream
        and not any(row.pattern.fullmatch(path) for path in NOT_IN_IT)
        and not any(word in row.pattern.pattern for word in FOR_PAGES)
    ]
    assert set(ours) == found
