"""A file of people is read whole or not at all, and what is written calculates nothing."""

import pytest
from sqlalchemy import func, select

from auth import audit, cohorts, roster, testers
from auth.gate import Gate
from auth.joining import Invite
from auth.roster import RosterInvalid
from database import Database
from tests.auth.conftest import DAY_MS, NOON

GOOD = (
    "\ufeffName,E-mail\r\n".replace("E-mail", "Email")
    + 'Ada,ada@example.org\r\n"Łucja, the 2nd",\r\n'
)


def load(database: Database, gate: Gate, text: str, cohort: str | None = None) -> roster.Imported:
    with database.begin() as db:
        return roster.load(
            db,
            gate.keys,
            roster.read(text.encode()),
            by=audit.OPERATOR,
            cohort=cohort,
            lifetime_ms=DAY_MS,
            now_ms=NOON,
        )


def count_invites(database: Database) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(Invite)) or 0


def test_load_invites_everybody_in_the_file(database: Database, gate: Gate) -> None:
    imported = load(database, gate, GOOD)
    assert [(row.line, made.name, made.email) for row, made in imported.invited] == [
        (2, "Ada", "ada@example.org"),
        (3, "Łucja, the 2nd", None),
    ]
    assert count_invites(database) == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Line 1: the first row names the columns"),
        (b"Ada,ada@example.org\n", "Line 1: the first row names the columns"),
        (b"name,name\nAda,Ada\n", "Line 1: the first row names the columns"),
        (b"name,shoe size\nAda,38\n", "Line 1: the first row names the columns"),
        (b"name\n", "Line 2: nobody is in this file."),
        (b"name\nAda\n\n \x1b[2J\n", "Line 4: A name has 1 to 80 characters"),
        (b"name\nAda\n" + b"x" * 81 + b"\n", "Line 3: A name has 1 to 80 characters"),
        (b"name,email\nAda,nope\n", "Line 2: Give an e-mail address"),
        (b"name,email\nAda\n", "Line 2: not as many cells"),
        (b"name\nAda,ada@example.org\n", "Line 2: not as many cells"),
        (b"name\nAda\nBen\n ada \n", "Line 4: the same person as in line 2."),
        (b"name,email\nAda,a@b.org\nBen,A@b.org\n", "Line 3: the same person as in line 2."),
        ("name\nAda\nPаul\n".encode(), "Line 3: A name does not mix two alphabets"),
        (b"name\nAda\n\xff\xfe\n", "Line 3: not UTF-8."),
        (b'name\nAda\n"Ben\n', "not CSV"),
        (b"name\n" + b"x" * 1_000_000, "The file is larger than 1000 kB."),
    ],
)
def test_read_names_the_line_that_is_wrong(content: bytes, problem: str) -> None:
    with pytest.raises(RosterInvalid) as refusal:
        roster.read(content)
    assert any(line.startswith(problem) or problem in line for line in refusal.value.problems)
    assert str(refusal.value).endswith("Nobody was invited. Correct the file and try again.")


def test_read_names_every_wrong_line_at_once() -> None:
    content = "name\n" + "\n".join(f"x{'y' * 80}{number}" for number in range(30))
    with pytest.raises(RosterInvalid) as refusal:
        roster.read(content.encode())
    assert len(refusal.value.problems) == 30
    assert str(refusal.value).count("Line ") == 20
    assert "And 10 more." in str(refusal.value)


def test_load_leaves_nothing_half_done(database: Database, gate: Gate) -> None:
    with pytest.raises(RosterInvalid, match="Line 3: there is no cohort named 'Nowhere'"):
        load(database, gate, "name,cohort\nAda,\nBen,Nowhere\n")
    assert count_invites(database) == 0


def test_load_reports_and_leaves_out_who_is_here_or_invited(database: Database, gate: Gate) -> None:
    with database.begin() as db:
        testers.add(db, "Ben", now_ms=NOON)
    load(database, gate, "name\nIda\n")
    again = load(database, gate, "name\nida\nBEN\nAda\n")
    assert [made.name for _, made in again.invited] == ["Ada"]
    assert again.known == [
        "Line 2: Ida is invited already.",
        "Line 3: Ben is in the programme already.",
    ]


def test_load_puts_people_into_the_cohort_of_their_row_or_the_given_one(
    database: Database, gate: Gate
) -> None:
    with database.begin() as db:
        first, second = (
            cohorts.add(db, name, by=audit.OPERATOR, now_ms=NOON).id for name in ("First", "Second")
        )
    load(database, gate, "name,cohort\nAda,\nBen,Second\n", cohort="First")
    with database.read() as db:
        found = dict(db.execute(select(Invite.name, Invite.cohort_id)).all())
    assert found == {"Ada": first, "Ben": second}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_csv_calculates_nothing(cell: str) -> None:
    assert roster.as_csv(["name", "of"], [["Ada", "First"]]) == "name,of\nAda,First"
    assert roster.as_csv(["name"], [[cell], ["Ada, B"]]).splitlines()[0] == "name"
    assert f"'{cell}"[:2] in roster.as_csv(["name"], [[cell]])
    assert '"Ada, B"' in roster.as_csv(["name"], [["Ada, B"]])
