"""`python -m auth` as an admin runs it: the real command, beside a server, in a data folder."""

import argparse
import csv
import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from auth import tokens, waitlist
from auth.__main__ import main, make_parser
from auth.gate import Gate
from database import Database
from errors import TokenInvalid, WrongDevice
from settings import Settings
from tests.auth.conftest import DAY_MS
from tests.devices import signed_by

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/gate.md").read_text()
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    ours = {"GREENROOM_DATA": str(tmp_path / "data"), "PYTHONUTF8": "1"}
    return {"PATH": os.environ["PATH"], **ours}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """The whole command, in this process: a new one takes a second to begin."""

    def command(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, environment | more, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                code: Any = main(list(words))
            except SystemExit as ended:
                code = ended.code
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    return command


@pytest.fixture
def start(environment: dict[str, str]) -> Run:
    """The command as a process of its own."""

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "auth", *words],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return command


def facts(run: Run, *words: str) -> dict[str, str]:
    answer = run(*words, "--json")
    assert answer.returncode == 0, answer.stderr
    parsed: dict[str, str] = json.loads(answer.stdout)
    return parsed


def test_token_issue_prints_the_token_alone_on_stdout_and_once(
    run: Run, environment: dict[str, str]
) -> None:
    assert run("tester", "add", "Ada").returncode == 0
    issued = run("token", "issue", "Ada", "--expires", "12h")
    text = issued.stdout.removesuffix("\n")
    assert tokens.parse(text).kind == "access"
    secret = tokens.parse(text).secret
    later = [run("token", "list"), run("token", "list", "--json"), run("tester", "list")]
    said = issued.stderr + "".join(answer.stdout + answer.stderr for answer in later)
    assert secret not in said
    settings = Settings.read(environment)
    database = Database(settings.database_url)
    with database.begin() as db:
        gate = Gate.from_settings(settings)
        now_ms = tokens.list(db)[0][0].created_at
        assert gate.sign_in(db, text, signed_by("Ada"), "", now_ms)[0].name == "Ada"
        with pytest.raises(TokenInvalid):
            gate.sign_in(db, text, signed_by("Ada"), "", now_ms + DAY_MS // 2)
    database.close()


def test_json_answers_have_the_members_that_scripts_rely_on(run: Run) -> None:
    added = facts(run, "tester", "add", "Ada Łovelace", "--admin")
    assert (added.keys(), added["role"]) == ({"id", "name", "role"}, "admin")
    issued = facts(run, "token", "issue", "Ada Łovelace", "--expires", "30d")
    assert issued.keys() == {"id", "token", "tester", "kind", "expires_at"}
    assert issued["token"].startswith(f"grm_access_{issued['id']}_")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", issued["expires_at"])
    linked = facts(run, "link", "Ada Łovelace")
    assert linked.keys() == {"id", "link", "tester", "expires_at"}
    revoked = facts(run, "token", "revoke", issued["id"], "--reason", "pasted")
    assert revoked == {
        "id": issued["id"],
        "tester": "Ada Łovelace",
        "sign_ins_ended": 0,
        "clips_stopping": 0,
    }
    states = {row["id"]: row["state"] for row in json.loads(run("token", "list", "--json").stdout)}
    assert states == {issued["id"]: "revoked", linked["id"]: "good"}
    (tester,) = json.loads(run("tester", "list", "--json").stdout)
    assert (tester["name"], tester["limits"]["rate_per_minute"]) == ("Ada Łovelace", 5)


def test_tester_reviewer_says_who_reviews_and_takes_it_back(run: Run) -> None:
    facts(run, "tester", "add", "Rhea")
    for rule, granted in (("on", True), ("off", False)):
        told = facts(run, "tester", "reviewer", "Rhea", rule)
        assert told == {"name": "Rhea", "reviewer": granted}
        (tester,) = json.loads(run("tester", "list", "--json").stdout)
        assert (tester["role"], tester["reviewer"]) == ("tester", granted)


def test_link_carries_its_secret_where_browsers_send_it_nowhere(run: Run) -> None:
    run("tester", "add", "Ada")
    link = run("link", "Ada", GREENROOM_PUBLIC_URL="https://clips.example/").stdout.strip()
    address, _, secret = link.partition("#link=")
    assert address == "https://clips.example/sign-in"
    assert tokens.parse(secret).kind == "link"


def test_token_issue_with_a_scope_is_for_scripts_and_says_what_a_bearer_risks(run: Run) -> None:
    run("tester", "add", "Ada")
    bearer = run("token", "issue", "Ada", "--scope", "api", "--bearer")
    assert tokens.parse(bearer.stdout).kind == "api"
    assert "Whoever holds it can use it" in bearer.stderr
    worker = facts(run, "token", "issue", "Ada", "--scope", "worker")
    assert worker["kind"] == "worker"
    rows = {row["id"]: row for row in json.loads(run("token", "list", "--json").stdout)}
    assert rows[worker["id"]]["scopes"] == ["worker"]
    api = rows[tokens.parse(bearer.stdout).id]
    assert (api["scopes"], api["bearer"]) == (["generate", "read"], True)


def test_token_rotate_prints_the_new_token_and_says_when_the_old_one_ends(run: Run) -> None:
    run("tester", "add", "Ada")
    old = facts(run, "token", "issue", "Ada", "--expires", "30d")
    new = facts(run, "token", "rotate", old["id"], "--overlap", "1h")
    assert tokens.parse(new["token"]).id == new["id"]
    assert (new["replaces"], new["old_expires_at"] < old["expires_at"]) == (old["id"], True)
    again = run("token", "rotate", old["id"])
    assert (again.returncode, again.stderr.split(".")[0]) == (
        1,
        "This token has ended or was replaced already",
    )
    rows = {row["id"]: row for row in json.loads(run("token", "list", "--json").stdout)}
    assert rows[old["id"]]["replaced_by"] == new["id"]


def test_tester_import_prints_one_link_a_person_and_rehearses_first(
    run: Run, tmp_path: Path
) -> None:
    run("tester", "add", "Ben")
    run("cohort", "add", "First")
    (tmp_path / "people.csv").write_text("name,email\n=Ada,ada@example.org\nBen,\nIda,\n")
    file = str(tmp_path / "people.csv")
    rehearsed = run("tester", "import", file, "--cohort", "First", "--dry-run")
    assert (rehearsed.returncode, rehearsed.stdout) == (0, "")
    assert "2 people would be invited. 1 left out" in rehearsed.stderr
    assert json.loads(run("invite", "list", "--json").stdout) == []
    imported = run("tester", "import", file, "--cohort", "First")
    rows = list(csv.DictReader(imported.stdout.splitlines()))
    assert [(row["name"], row["email"]) for row in rows] == [
        ("'=Ada", "ada@example.org"),
        ("Ida", ""),
    ]
    assert all("/invite#invite=grm_invite_" in row["link"] for row in rows)
    assert "Line 3: Ben is in the programme already." in imported.stderr
    again = run("tester", "import", file)
    assert (again.returncode, "0 people invited" in again.stderr) == (0, True)


def test_invites_waitlist_and_cohorts_have_the_members_that_scripts_rely_on(
    run: Run, environment: dict[str, str]
) -> None:
    run("tester", "add", "Ada")
    cohort = facts(run, "cohort", "add", "First")
    moved = facts(run, "cohort", "move", "First", "Ada")
    assert (cohort["name"], moved["testers"]) == ("First", ["Ada"])
    [row] = json.loads(run("cohort", "list", "--json").stdout)
    assert (row["name"], row["testers"]) == ("First", 1)
    database = Database(Settings.read(environment).database_url)
    with database.begin() as db:
        waitlist.join(db, "Ida", "ida@example.org", "films about rain", 1)
    database.close()
    [waiting] = json.loads(run("waitlist", "list", "--json").stdout)
    assert (waiting["email"], waiting["state"]) == ("ida@example.org", "waiting")
    made = facts(run, "waitlist", "invite", "IDA@example.org", "--cohort", "First")
    assert made.keys() == {"id", "link", "name", "email", "expires_at"}
    assert facts(run, "invite", "revoke", made["id"], "--yes")["state"] == "revoked"
    facts(run, "waitlist", "remove", "ida@example.org", "--yes")
    assert json.loads(run("waitlist", "list", "--json").stdout) == []
    facts(run, "invite", "make", "--expires", "45m")
    states = [row["state"] for row in json.loads(run("invite", "list", "--json").stdout)]
    assert sorted(states) == ["open", "revoked"]


def test_lists_show_names_as_plain_text(run: Run) -> None:
    run("tester", "add", "[bold]Ada[/bold]")
    assert "[bold]Ada[/bold]" in run("tester", "list").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("token issue Nobody", "There is no tester named Nobody."),
        ("token revoke nothing --reason x", "There is no token nothing."),
        ("link Nobody", "There is no tester named Nobody."),
        ("token rotate nothing", "There is no token nothing."),
        ("token issue Nobody --bearer", "This is for a script's token:"),
        ("token issue Nobody --scope all", "The scopes are read, generate, review, admin,"),
        ("invite revoke nothing", "There is no invite nothing."),
        ("invite make --cohort Nowhere", "There is no cohort named Nowhere."),
        ("invite make --expires 25h", "An invite is good for at most 24 hours."),
        ("waitlist invite nobody@example.org", "Nobody waits with the address nobody@example.org."),
        ("cohort move Nowhere Ada", "There is no cohort named Nowhere."),
        ("tester import /nowhere.csv", "/nowhere.csv cannot be read"),
        ("tester add ''", "A name has 1 to 80 characters that can be printed."),
    ],
)
def test_refusals_are_one_sentence_on_stderr_and_exit_1(
    run: Run, words: str, sentence: str
) -> None:
    refused = run(*shlex.split(words))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(sentence)
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        "",
        "token",
        "dance",
        "tester add",
        "token revoke someid",
        "token revoke someid --reason ' '",
        "token issue Ada --expires soon",
        "token issue Ada --expires 0d",
        "token issue Ada --expires -1d",
        "token issue Ada --expires 30",
        "token issue Ada --expires ٣d",
    ],
)
def test_words_not_understood_are_one_line_on_stderr_and_exit_2(
    capsys: pytest.CaptureFixture[str], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(words))
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert said.err.endswith("--help` says more.\n")


def test_refusals_of_lifetimes_and_settings_are_sentences_too(run: Run) -> None:
    run("tester", "add", "Ada")
    assert "at most 1 day" in run("link", "Ada", "--expires", "2d").stderr
    assert "There is a tester named Ada already." in run("tester", "add", "Ada").stderr
    assert run("tester", "list", GREENROOM_SECRET="").stderr.startswith("GREENROOM_SECRET is empty")
    unreachable = run("tester", "list", GREENROOM_DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert unreachable.stderr == "The database cannot be opened. Check GREENROOM_DATABASE_URL.\n"
    assert unreachable.returncode == 1


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 1), ("no\n", 1)])
def test_token_revoke_asks_at_a_terminal(
    run: Run, environment: dict[str, str], answer: str, code: int
) -> None:
    run("tester", "add", "Ada")
    token_id = facts(run, "token", "issue", "Ada")["id"]
    ours, theirs = pty.openpty()
    revoking = subprocess.Popen(
        [sys.executable, "-m", "auth", "token", "revoke", token_id, "--reason", "pasted"],
        cwd=ROOT,
        env=environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, answer.encode())
    _, asked = revoking.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert revoking.returncode == code
    assert asked.startswith(f"Revoke token {token_id} of Ada, and end all it opened? [y/N]")
    (token,) = json.loads(run("token", "list", "--json").stdout)
    assert token["state"] == ("good" if code else "revoked")


def test_commands_work_while_a_server_holds_the_database_open(
    start: Run, environment: dict[str, str]
) -> None:
    """In processes of their own, whose exit codes and streams scripts rely on."""
    assert start("tester", "add", "Ada").stdout == "Ada is in the programme.\n"
    assert start("dance").returncode == 2
    database = Database(Settings.read(environment).database_url)
    with database.read() as db:
        assert len(tokens.list(db)) == 0
        issued = start("token", "issue", "Ada")
        assert (issued.returncode, tokens.parse(issued.stdout.strip()).kind) == (0, "access")
    with database.read() as db:
        assert len(tokens.list(db)) == 1
    database.close()


@pytest.mark.parametrize("line", re.findall(r"^python -m auth (.+?)(?: +#.*)?$", PAGE, flags=re.M))
def test_gate_page_shows_only_commands_that_exist(line: str) -> None:
    arguments = make_parser().parse_args(shlex.split(line))
    assert callable(arguments.command)


def commands_of(parser: argparse.ArgumentParser) -> set[str]:
    """The words that lead to each command: `tester add`, `link`."""
    choices: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            choices = action.choices
    return {
        f"{word} {rest}".strip() for word, sub in choices.items() for rest in commands_of(sub)
    } or {""}


def test_gate_page_shows_every_command() -> None:
    lines = re.findall(r"^python -m auth (.+)$", PAGE, flags=re.M)
    commands = commands_of(make_parser())
    assert {"tester add", "link"} <= commands
    shown = {words for words in commands for line in lines if f"{line} ".startswith(f"{words} ")}
    assert commands - shown == set()


def test_token_for_one_key_is_bound_to_it_from_the_start(
    run: Run, environment: dict[str, str]
) -> None:
    run("tester", "add", "Ada")
    jkt = signed_by("Ada").jkt
    text = facts(run, "token", "issue", "Ada", "--scope", "api", "--jkt", jkt)["token"]
    assert run("token", "issue", "Ada", "--jkt", jkt).returncode == 1
    assert run("token", "issue", "Ada", "--scope", "api", "--jkt", "short").returncode == 2
    settings = Settings.read(environment)
    database = Database(settings.database_url)
    with database.read() as db:
        gate, now_ms = Gate.from_settings(settings), tokens.list(db)[0][0].created_at
        for key, fits in (("Ada", True), ("a finder", False)):
            try:
                proved = gate.authenticate(db, bearer=text, proof=signed_by(key), now_ms=now_ms)
                assert (proved.proved, fits) == (True, True)
            except WrongDevice:
                assert not fits
    database.close()
