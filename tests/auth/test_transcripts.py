"""The gate's command line as it is typed and as it answers: the files of tests/auth/transcripts.

A line after `$` is typed; what follows is what comes back, on stderr where it begins with `! `. The
first is typed at noon of 2026-12-13, each a second after the one before. What is random is numbered
in the order it comes up, `[1]`; `<link of [2]>` is the whole link with that public id. Where a
line ends in `(answers no)`, a person at a terminal does.
"""

import io
import os
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from auth import testers, waitlist
from auth.__main__ import main
from auth.gate import Gate
from auth.identities import Identity
from auth.records import Tester
from auth.touching import Passkey
from database import Database
from settings import Settings
from tests.auth.conftest import NOON, sign_in_by_link

FOLDER = Path(__file__).parent / "transcripts"
SECRET = re.compile(r"grm_([a-z]+)_([0-9A-Za-z]{12})_\w+")
ANSWERS = re.compile(r" \(answers (.*)\)$")
PUBLIC = re.compile(r"[0-9a-f]{32,64}|\b[0-9A-Za-z_-]{43}\b")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Desk:
    """One data folder, and what is random in what was said of it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.known: dict[str, str] = {}
        self.now_ms = NOON

    def type(self, words: str) -> str:
        for text, short in self.known.items():
            words = words.replace(short, text)
        out, err = io.StringIO(), io.StringIO()
        answers = ANSWERS.search(words)
        stdin = Terminal(answers[1] + "\n") if answers else io.StringIO()
        with (
            patch.dict(os.environ, self.environment, clear=True),
            patch("time.time_ns", return_value=self.now_ms * 1_000_000),
            patch("sys.stdin", stdin),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                code: object = main(shlex.split(ANSWERS.sub("", words)))
            except SystemExit as ended:
                code = ended.code
        self.now_ms += 1000
        told = [f"! {line}" for line in err.getvalue().splitlines()]
        if code:
            told.append(f"exit code {code}")
        return self.named("\n".join(line.rstrip() for line in [*out.getvalue().split("\n"), *told]))

    def named(self, text: str) -> str:
        for kind, public_id in SECRET.findall(text):
            self.known.setdefault(public_id, f"[{len(self.known) + 1}]")
            text = re.sub(rf"grm_{kind}_{public_id}_\w+", f"<{kind} of {public_id}>", text)
        for found in PUBLIC.findall(text):
            self.known.setdefault(found, f"[{len(self.known) + 1}]")
        for found, short in self.known.items():
            text = text.replace(found, short)
        return text.strip("\n")


def settle_in(environment: dict[str, str]) -> None:
    """What no command makes: somebody who waits, an account, a passkey."""
    database = Database(Settings.read(environment).database_url)
    with database.begin() as db:
        waitlist.join(db, "Ida", "ida@example.org", "films about rain", NOON)
        waitlist.join(db, "Uwe", "uwe@example.org", "", NOON + 1)
        tester_id = db.query(Tester.id).filter(Tester.name == "Ada").scalar()
        db.add(
            Identity(
                issuer="https://id.example",
                subject="7",
                tester_id=tester_id,
                created_at=NOON,
            )
        )
        db.add(
            Passkey(
                id=b"k".hex() * 16,
                tester_id=tester_id,
                credential_id="credential",
                public_key="key",
                sign_count=0,
                label="Ada's phone",
                enrolled_at=NOON,
                last_used_at=NOON,
            )
        )
    database.close()


def sign_in(environment: dict[str, str]) -> None:
    """Ada, in a browser, which no command does either."""
    settings = Settings.read(environment)
    database, gate = Database(settings.database_url), Gate.from_settings(settings)
    with database.begin() as db:
        sign_in_by_link(db, gate, testers.find(db, "Ada").id, "Ada's laptop")
    database.close()


BY_HAND = {"(settle in)": settle_in, "(sign in)": sign_in}


@pytest.mark.parametrize("name", ["people", "tokens", "limits", "coming_in", "asking", "audit"])
def test_commands_answer_as_their_transcript_says(name: str, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "GREENROOM_DATA": str(tmp_path / "data")}
    desk = Desk(environment)
    expected = (FOLDER / f"{name}.txt").read_text()
    said = []
    for words in re.findall(r"^\$ (.*)$", expected, flags=re.M):
        if by_hand := BY_HAND.get(words):
            by_hand(environment)
            said.append(f"$ {words}\n")
        else:
            said.append(f"$ {words}\n{desk.type(words)}\n")
    assert "\n".join(said) == expected
