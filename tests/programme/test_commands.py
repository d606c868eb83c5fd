"""`python -m programme`: the policy, rates and consents from the command line."""

import json
from pathlib import Path

import pytest

from auth import testers
from database import Database
from programme import consent
from programme.__main__ import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'greenroom.db'}")
    database.migrate()
    return database


def test_policy_is_announced_and_shown(here: Database, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        "policy",
        "announce",
        "--keep-days",
        "30",
        "--open-numbers",
        "off",
        "--words",
        "Disks.",
    ]
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lost"] == [
        "Clips are kept for less long: 30 days.",
        "The programme's numbers are no longer public.",
    ]
    assert main([*asked, "--yes"]) == 1
    assert "policy in force already" in capsys.readouterr().err
    assert main(["policy", "announce", "--keep-days", "always", "--words", "Room."]) == 0
    assert main(["policy", "show", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert [(row["number"], row["keep_days"], row["open_numbers"]) for row in shown] == [
        (2, None, False),
        (1, 30, False),
        (0, None, True),
    ]


def test_announce_refuses_days_that_are_no_number(
    here: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "announce", "--keep-days", "ten", "--words", "So."]) == 1
    assert "a number of days" in capsys.readouterr().err


def test_rate_is_set_and_its_currency_checked(
    here: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rate", "hours", "2500", "eur"]) == 0
    assert capsys.readouterr().out == "hours: 25.00 EUR from now on.\n"
    assert main(["rate", "hours", "2500", "euro"]) == 1


def test_consent_lists_the_clips_whose_artists_say_yes(
    here: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with here.begin() as db:
        ada = testers.add(db, "Ada", now_ms=1).id
        consent.say(db, ada, consent.TRAINING, True, now_ms=1)
    assert main(["consent", "training", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
