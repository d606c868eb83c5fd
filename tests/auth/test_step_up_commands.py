"""Step-up, passkeys and the caps of bearer keys on the command line."""

import json
from pathlib import Path

import pytest

from auth import passkeys
from auth.__main__ import main, open_desk
from auth.audit import Search, entries
from auth.relying_party import RelyingParty
from auth.testers import find
from tests.auth.conftest import sign_in_by_link
from tests.auth.test_limits_commands import run
from tests.auth.test_passkeys import RULE
from tests.authenticator import Authenticator


@pytest.fixture(autouse=True)
def _house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path))
    assert main(["tester", "add", "Ada"]) == 0
    assert main(["cohort", "add", "artists"]) == 0


def enrol() -> None:
    """Ada signs in and adds a passkey, as her browser does."""
    desk = open_desk()
    with desk.database.begin() as db:
        now = desk.now_ms
        principal, _ = sign_in_by_link(db, desk.gate, find(db, "Ada").id, "Ada", now)
        assert principal.sign_in_id is not None
        party = RelyingParty.from_settings(desk.settings)
        options = dict(passkeys.ask_for_new(db, party, principal.sign_in_id, now))
    answer = Authenticator(origin=party.origin).create(options)
    passkeys.enrol(desk.database, party, RULE, principal.sign_in_id, answer, "Blue", now)
    desk.database.close()


@pytest.mark.parametrize(("word", "needed"), [("on", True), ("off", False), ("default", None)])
def test_step_up_says_who_must_touch_a_passkey(
    capsys: pytest.CaptureFixture[str], word: str, needed: bool | None
) -> None:
    _, out, _ = run(capsys, "tester", "step-up", "Ada", word, "--json")
    assert json.loads(out) == {
        "name": "Ada",
        "step_up": needed,
        "touch_clips": None,
        "touch_hours": None,
    }
    assert main(["cohort", "step-up", "artists", word]) == 0
    _, out, _ = run(capsys, "tester", "list", "--json")
    assert json.loads(out)[0]["step_up"] is needed
    _, out, _ = run(capsys, "cohort", "list", "--json")
    assert json.loads(out)[0]["step_up"] is needed
    _, out, _ = run(capsys, "audit", "list", "--action", "step_up.set", "--json")
    assert len(json.loads(out)) == 2


def test_step_up_says_what_a_touch_opens_and_takes_it_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("tester", "step-up", "Ada")
    assert main(["cohort", "move", "artists", "Ada"]) == 0
    assert main(["cohort", "step-up", "artists", "--clips", "3"]) == 0
    _, out, _ = run(capsys, *words, "--hours", "1")
    assert "a touch opens 3 clips, for 1 hour." in out
    assert "5 clips, for 1 hour" not in out
    _, out, _ = run(capsys, "tester", "list", "--json")
    told = json.loads(out)[0]
    assert (told["step_up"], told["touch_clips"], told["touch_hours"]) == (None, None, 1)
    _, out, _ = run(capsys, *words, "on", "--clips", "9", "--hours", "default")
    assert "a touch opens 9 clips, for 2 hours." in out
    _, out, _ = run(capsys, "audit", "list", "--action", "step_up.set", "--json")
    said = [json.loads(row["details"]) for row in json.loads(out)]
    for changes in ({"clips": 3}, {"hours": 1}, {"needed": True, "clips": 9, "hours": None}):
        assert said.count(changes) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say what to change"),
        (("--clips", "0"), "A touch opens 1 to 1000 clips"),
        (("--clips", "1001"), "A touch opens 1 to 1000 clips"),
        (("--hours", "25"), "1 to 24 whole hours"),
    ],
)
def test_step_up_refuses_what_makes_no_sense(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    status, _, aside = run(capsys, "tester", "step-up", "Ada", *words)
    assert (status, said in aside) == (1, True)


def test_step_up_does_not_understand_half_an_hour(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["tester", "step-up", "Ada", "--hours", "0.5"])
    assert ended.value.code == 2
    assert "give a whole number, or default" in capsys.readouterr().err


def test_step_up_of_nobody_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "tester", "step-up", "Nobody", "on")[0] == 1
    assert run(capsys, "cohort", "step-up", "Nobody", "on")[0] == 1


def test_passkeys_are_listed_and_reset(capsys: pytest.CaptureFixture[str]) -> None:
    enrol()
    _, out, _ = run(capsys, "passkey", "list", "Ada", "--json")
    assert [row["label"] for row in json.loads(out)] == ["Blue"]
    _, out, aside = run(capsys, "passkey", "reset", "Ada", "--yes")
    assert "1 passkey of Ada removed" in out
    assert "auth link" in aside
    assert json.loads(run(capsys, "passkey", "list", "Ada", "--json")[1]) == []


def test_bearer_key_is_issued_with_its_caps_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_BEARER_CLIPS_PER_DAY", "7")
    words = ["token", "issue", "Ada", "--scope", "api"]
    _, out, _ = run(capsys, *words, "--bearer", "--json")
    assert json.loads(out)["limits"]["clips_per_day"] == 7
    assert "7 clips and 300 s of drawing a day at most" in run(capsys, *words, "--bearer")[2]
    assert "limits" not in json.loads(run(capsys, *words, "--json")[1])
    _, out, _ = run(capsys, "limits", "show", "--json")
    shown = {row["whose"]: row["limits"] for row in json.loads(out)}
    assert shown["each bearer key"]["concurrent"] == 1


def test_rule_that_there_is_not_is_refused_and_changes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(["tester", "step-up", "Ada", "perhaps"])
    assert refusal.value.code == 2
    assert (
        "invalid choice: 'perhaps' (choose from 'on', 'off', 'default')" in capsys.readouterr().err
    )
    desk = open_desk()
    with desk.database.read() as db:
        assert entries(db, Search(action="step_up"), 9) == []
    desk.database.close()
