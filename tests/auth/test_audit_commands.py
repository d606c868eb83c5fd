"""`python -m auth audit`: listed, exported, signed and proved whole."""

import csv
import io
import json
from pathlib import Path

import pytest

from auth import audit
from auth.__main__ import main
from auth.audit_file import COLUMNS, harmless
from database import Database
from tests.auth.conftest import NOON
from tests.auth.test_audit import forget_triggers

CSV_TRICKS = ["=1+1", "+1", "-1", "@SUM(A1)"]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Four rows, their reasons written by somebody who hopes for a spreadsheet."""
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'greenroom.db'}")
    database.migrate()
    for number, reason in enumerate(CSV_TRICKS):
        with database.begin() as db:
            audit.record(
                db,
                actor="operator" if number else "tester:a",
                action="token.revoke" if number % 2 else "token.issue",
                subject=f"token:{number}",
                reason=reason,
                now_ms=NOON + number * 86_400_000,
            )
    return database


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["audit", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ([], [4, 3, 2, 1]),
        (["--limit", "1"], [4]),
        (["--actor", "tester:a"], [1]),
        (["--action", "token.revoke"], [4, 2]),
        (["--action", "token"], [4, 3, 2, 1]),
        (["--subject", "token:2"], [3]),
        (["--since", "2026-12-15"], [4, 3]),
        (["--until", "2026-12-15T00:00Z"], [2, 1]),
        (["--until", "2026-12-14T12:00+00:30"], [1]),
    ],
)
def test_list_shows_what_is_asked_for(
    log: Database, capsys: pytest.CaptureFixture[str], words: list[str], rows: list[int]
) -> None:
    code, out, _ = ask(capsys, "list", "--json", *words)
    assert (code, [row["seq"] for row in json.loads(out)]) == (0, rows)
    code, out, _ = ask(capsys, "list", *words)
    assert (code, out.count("token:")) == (0, len(rows))


def test_export_gives_lines_that_hash_to_what_they_say(
    log: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = ask(capsys, "export")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4]
    assert [audit.hash_of(row) for row in rows] == [row["hash"] for row in rows]
    assert [row["reason"] for row in rows] == CSV_TRICKS


def test_export_as_csv_has_no_cell_a_spreadsheet_would_run(
    log: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = ask(capsys, "export", "--format", "csv")
    header, *rows = list(csv.reader(io.StringIO(out)))
    assert header == list(COLUMNS)
    assert [row[5] for row in rows] == [f"'{trick}" for trick in CSV_TRICKS]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


@pytest.mark.parametrize("cell", ["=x", "+x", "-x", "@x", "\tx", "\rx"])
def test_cell_that_begins_like_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless(f"x{cell}") == f"x{cell}"


def test_checkpoint_line_kept_outside_shows_what_was_cut_off(
    log: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    code, line, aside = ask(capsys, "checkpoint")
    assert (code, line.split()[:2]) == (0, ["greenroom-audit-1", "4"])
    assert aside == (
        "Keep this line where nobody with the database can reach it. "
        "`audit verify --checkpoint LINE` shows what was cut off or replaced since.\n"
    )
    assert ask(capsys, "verify", "--checkpoint", line)[0] == 0
    forget_triggers(log)
    with log.begin() as db:
        for statement in (
            "DELETE FROM audit_entries WHERE seq = 4",
            "DELETE FROM audit_checkpoints",
            "UPDATE audit_head SET checkpoint_seq = 0, seq = 3,"
            " hash = (SELECT hash FROM audit_entries WHERE seq = 3)",
        ):
            db.connection().exec_driver_sql(statement)
    assert ask(capsys, "verify")[0] == 0
    code, out, err = ask(capsys, "verify", "--checkpoint", line)
    assert (code, out) == (1, "")
    assert err.startswith("The log is not whole. Row 4 is missing")


def test_verify_prints_the_public_key_and_names_the_first_bad_row(
    log: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ask(capsys, "verify")
    assert (code, out) == (0, "The log is whole: 4 rows. The last 4 are not signed yet.\n")
    key = json.loads(ask(capsys, "verify", "--json")[1])["public_key"]
    assert err == f"Signed by {key}.\n"
    forget_triggers(log)
    with log.begin() as db:
        db.connection().exec_driver_sql("UPDATE audit_entries SET actor = 'x' WHERE seq = 2")
    code, out, err = ask(capsys, "verify", "--json")
    assert (code, json.loads(out)["bad_seq"]) == (1, 2)
    assert err.startswith("The log is not whole. Row 2 was edited")


def test_checkpoint_of_an_empty_log_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GREENROOM_DATA", str(tmp_path))
    code, out, err = ask(capsys, "checkpoint")
    assert (code, out) == (1, "")
    assert err == "The log is empty: there is nothing to sign yet.\n"


@pytest.mark.parametrize(
    "words", ["verify --checkpoint nonsense", "list --since soon", "export --format xml", ""]
)
def test_words_not_understood_exit_2(capsys: pytest.CaptureFixture[str], words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["audit", *words.split()])
    assert ended.value.code == 2


def test_checkpoint_under_the_secret_before_still_counts_while_that_is_kept(
    log: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_SECRET", "the first secret, of more than thirty-two characters")
    assert ask(capsys, "checkpoint")[0] == 0
    monkeypatch.setenv("GREENROOM_SECRET", "the second secret, of more than thirty-two characters")
    code, _, err = ask(capsys, "verify")
    assert (code, "not this server's key" in err) == (1, True)
    old = "the first secret, of more than thirty-two characters"
    monkeypatch.setenv("GREENROOM_SECRET_PREVIOUS", old)
    assert ask(capsys, "verify")[0] == 0
