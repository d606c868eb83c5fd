"""Statements: the ledger's rows on paper, with nothing in them that a spreadsheet would run."""

import csv
import io

from programme import hours, ledger, payments, statements
from programme.ledger import HOURS
from programme.statements import Statement
from tests.programme.conftest import NOW, Room


def statement(room: Room, name: str = "Ada") -> Statement:
    with room.database.read() as db:
        return Statement(name, NOW, ledger.credits_of(db, room.ada), ledger.totals(db, room.ada))


def fill(room: Room, words: str) -> None:
    with room.database.begin() as db:
        ledger.set_rate(db, HOURS, 6000, "EUR", by="operator", now_ms=NOW)
        row = hours.add(db, room.ada, ledger.day_of(NOW), 90, words, NOW)
        payments.dispute(db, row.id, "@SUM(A1)", by=room.ada, is_admin=False, now_ms=NOW)


def test_csv_says_every_amount_in_minor_units_and_in_words(room: Room) -> None:
    fill(room, "Rain, and looms")
    [row] = csv.DictReader(io.StringIO(statements.as_csv(statement(room))))
    assert row["tester"] == "Ada"
    assert (row["amount_minor"], row["amount"], row["currency"]) == ("9000", "90.00", "EUR")
    assert (row["minutes"], row["measured"], row["state"]) == ("90", "false", "disputed")


def test_csv_has_no_cell_that_begins_like_a_formula(room: Room) -> None:
    fill(room, "=HYPERLINK(1)")
    text = statements.as_csv(statement(room, "+Ada"))
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["tester"], row["words"], row["dispute"]) == (
        "'+Ada",
        "'=HYPERLINK(1)",
        "'@SUM(A1)",
    )


def test_pdf_is_one_with_any_letters_and_any_number_of_rows(room: Room) -> None:
    fill(room, "<b>bold</b> & Ωμέγα 数" * 8)
    with room.database.begin() as db:
        for number in range(150):
            ledger.credit(db, room.ada, "report", about=f"feedback:{number}", now_ms=NOW)
    pdf = statements.as_pdf(statement(room, "Ада & <Co>"))
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert pdf.count(b"/Type /Page\n") >= 3


def test_pdf_of_an_empty_ledger_says_so(room: Room) -> None:
    assert statements.as_pdf(statement(room)).startswith(b"%PDF-")
    assert statements.total_lines({}) == ["Nothing is owed, and nothing was paid."]


def test_totals_stand_in_one_sentence_for_each_currency(room: Room) -> None:
    lines = statements.total_lines(
        {"JPY": {"owed": 5, "paid": 0, "disputed": 0}, "EUR": {"owed": 1, "paid": 2, "disputed": 3}}
    )
    assert lines == [
        "Owed 0.01 EUR, paid 0.02 EUR, in dispute 0.03 EUR.",
        "Owed 5 JPY, paid 0 JPY, in dispute 0 JPY.",
    ]
