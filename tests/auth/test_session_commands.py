"""Sessions on the command line: seen and ended, one or all of a tester's."""

import json
from pathlib import Path

import pytest

from auth.__main__ import main, open_desk
from auth.audit import Search, entries
from auth.testers import find
from tests.auth.conftest import sign_in_by_link
from tests.auth.test_limits_commands import run


@pytest.fixture(autouse=True)
def _house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path))
    assert main(["tester", "add", "Ada"]) == 0


def come_in(device: str) -> None:
    desk = open_desk()
    with desk.database.begin() as db:
        sign_in_by_link(db, desk.gate, find(db, "Ada").id, device, desk.now_ms)
    desk.database.close()


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Device → the id of its session."""
    _, out, _ = run(capsys, "session", "list", "Ada", "--json")
    return {row["device"]: row["id"] for row in json.loads(out)}


def test_sessions_are_listed_and_ended_one_by_one_and_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for device in ("Laptop", "Phone", "Tablet"):
        come_in(device)
    found = shown(capsys)
    assert set(found) == {"Laptop", "Phone", "Tablet"}
    _, out, _ = run(capsys, "session", "end", "Ada", found["Phone"], "--yes")
    assert out == "1 session of Ada ended.\n"
    assert set(shown(capsys)) == {"Laptop", "Tablet"}
    code, _, error = run(capsys, "session", "end", "Ada", found["Phone"], "--yes")
    assert (code, "nothing here" in error) == (1, True)
    _, out, _ = run(capsys, "session", "end", "Ada", "--yes", "--json")
    assert json.loads(out) == {"tester": "Ada", "ended": 2}
    assert shown(capsys) == {}
    desk = open_desk()
    with desk.database.read() as db:
        rows = entries(db, Search(action="sign_in.end"), 9)
    assert [row.actor for row in rows] == ["operator"] * 3
    desk.database.close()


def test_sessions_of_nobody_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "session", "list", "Nobody")[0] == 1
    assert run(capsys, "session", "end", "Nobody", "--yes")[0] == 1
