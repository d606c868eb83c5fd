"""Limits and the switch on the command line."""

import json
from pathlib import Path

import pytest

from auth.__main__ import main


@pytest.fixture(autouse=True)
def _house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path))
    assert main(["tester", "add", "Ada"]) == 0


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = main(list(words))
    said = capsys.readouterr()
    return status, said.out, said.err


def test_limits_set_and_show_say_what_holds(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--rate 7/min --rate 90/day --concurrent 3 --clips 20/day --gpu 900/day --gpu 5000"
    assert main(["limits", "set", "tester", "Ada", *words.split()]) == 0
    assert main(["limits", "set", "everybody", "--concurrent", "8"]) == 0
    _, out, _ = run(capsys, "limits", "show", "--json")
    shown = {row["whose"]: row["limits"] for row in json.loads(out)}
    assert shown["Ada"] == {
        "rate_per_minute": 7,
        "rate_per_day": 90,
        "concurrent": 3,
        "clips_per_day": 20,
        "gpu_ms_per_day": 900_000,
        "gpu_ms_total": 5_000_000,
    }
    assert shown["everybody"]["concurrent"] == 8
    assert shown["each tester"]["clips_per_day"] == 50
    assert main(["limits", "set", "everybody", "--concurrent", "none"]) == 0
    assert "everybody" not in run(capsys, "limits", "show")[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tester", "Ada", "--rate", "0/min"], "auth stop"),
        (["everybody", "--clips", "0/day"], "auth stop"),
        (["everybody"], "Say which limit"),
        (["everybody", "Ada", "--clips", "5"], "no name"),
        (["tester", "--clips", "5"], "a name follows"),
        (["tester", "Nobody", "--clips", "5"], "no tester named Nobody"),
        (["cohort", "none", "--clips", "5"], "no cohort none"),
        (["token", "none", "--clips", "5"], "no token none"),
    ],
)
def test_limits_set_refuses_with_a_sentence_and_changes_nothing(
    capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    before = run(capsys, "limits", "show")
    status, _, err = run(capsys, "limits", "set", *words)
    assert (status, sentence in err) == (1, True)
    assert run(capsys, "limits", "show") == before


@pytest.mark.parametrize("word", ["5", "5/hour", "-1/min", "x/day"])
def test_limits_set_does_not_understand_another_rate(word: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["limits", "set", "everybody", "--rate", word])
    assert ended.value.code == 2


def test_stop_and_resume_are_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["stop", "everybody", "--message", "A leak", "--yes"]
    assert "stopped. Clips under way" in run(capsys, *words)[1]
    assert "stopped before" in run(capsys, *words)[1]
    assert "makes clips again" in run(capsys, "resume", "everybody")[1]
    assert "was not stopped" in run(capsys, "resume", "everybody")[1]
    log = run(capsys, "audit", "list")[1]
    assert (log.count("switch.stop"), log.count("switch.resume")) == (1, 1)
