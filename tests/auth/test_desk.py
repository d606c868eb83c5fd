"""What cannot be undone is asked for first, where somebody sits who can answer."""

import io
from argparse import Namespace

import pytest

from auth.commands.desk import Refused, ask

QUESTION, OTHERWISE = "Stop everybody?", "Nothing was stopped."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("typed", ["y\n", "Y\n", " yes \n", "YES\n"])
def test_ask_lets_whoever_says_yes_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    ask(Namespace(yes=False), QUESTION, OTHERWISE)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Stop everybody? [y/N] ")


@pytest.mark.parametrize("typed", ["", "\n", "n\n", "yess\n", "xx\n"])
def test_ask_refuses_whoever_says_anything_else(
    monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    with pytest.raises(Refused) as refusal:
        ask(Namespace(yes=False), QUESTION, OTHERWISE)
    assert str(refusal.value) == OTHERWISE


@pytest.mark.parametrize(("stdin", "yes"), [(Terminal("n\n"), True), (io.StringIO("n\n"), False)])
def test_ask_asks_nobody_who_said_so_before_or_cannot_answer(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stdin: io.StringIO,
    yes: bool,
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    ask(Namespace(yes=yes), QUESTION, OTHERWISE)
    assert capsys.readouterr().err == ""
