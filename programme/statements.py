"""What a tester is owed and was paid, on paper: CSV for a spreadsheet, PDF for a file."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import reportlab
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from auth.answers import iso, minute
from auth.audit_file import harmless
from programme import money
from programme.ledger import DISPUTED, FIX, HOURS, OWED, PAID, REPORT, REVIEW
from programme.records_contributions import Credit

COLUMNS = (
    "day",
    "kind",
    "minutes",
    "measured",
    "words",
    "rate_minor",
    "amount_minor",
    "amount",
    "currency",
    "state",
    "dispute",
    "paid_ref",
    "changed_at",
    "id",
)
KIND_WORDS = {
    HOURS: "Hours",
    REPORT: "Report, accepted",
    FIX: "Report, led to a fix",
    REVIEW: "Clip, reviewed",
}
VERA = Path(reportlab.__file__).parent / "fonts"
FACE, BOLD = "Vera", "VeraBd"


@dataclass(frozen=True)
class Statement:
    """One tester's ledger as it stood at `at_ms`; totals as in `ledger.totals`."""

    name: str
    at_ms: int
    credits: Sequence[Credit]
    totals: Mapping[str, Mapping[str, int]]


def as_csv(statement: Statement) -> str:
    """RFC 4180, with a heading; no cell that a spreadsheet would calculate."""
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(("tester", *COLUMNS))
    for row in statement.credits:
        cells = [str(value) for value in (statement.name, *cells_of(row))]
        table.writerow([harmless(cell) for cell in cells])
    return file.getvalue()


def cells_of(row: Credit) -> Iterable[object]:
    shown = {
        "minutes": "" if row.minutes is None else row.minutes,
        "measured": "" if row.minutes is None else str(row.measured).lower(),
        "amount": money.decimal(row.amount_minor, row.currency),
        "changed_at": iso(row.changed_at),
    }
    return (shown[name] if name in shown else getattr(row, name) for name in COLUMNS)


def as_pdf(statement: Statement) -> bytes:
    """The same rows on A4. A letter that the face has not stands as a box; the CSV has them all."""
    for name in (FACE, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(VERA / f"{name}.ttf")))
    body = ParagraphStyle("body", fontName=FACE, fontSize=8, leading=11)
    small = ParagraphStyle("small", parent=body, textColor=colors.HexColor("#5a5f58"))
    title = ParagraphStyle("title", fontName=BOLD, fontSize=16, leading=22)
    story = [
        Paragraph("What the programme owes", title),
        Paragraph(f"{escape(statement.name)}, as it stood on {minute(statement.at_ms)}", body),
        Spacer(1, 5 * mm),
        *(Paragraph(line, body) for line in total_lines(statement.totals)),
        Spacer(1, 5 * mm),
        rows_table(statement.credits, body, small),
    ]
    file = io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), 18 * mm)
    name = f"Greenroom: statement for {statement.name}"
    SimpleDocTemplate(file, pagesize=A4, title=name, author="Greenroom", **margins).build(story)
    return file.getvalue()


def total_lines(totals: Mapping[str, Mapping[str, int]]) -> list[str]:
    """One sentence for each currency."""
    if not totals:
        return ["Nothing is owed, and nothing was paid."]
    return [
        f"Owed {money.said(sums[OWED], currency)}, paid {money.said(sums[PAID], currency)}, "
        f"in dispute {money.said(sums[DISPUTED], currency)}."
        for currency, sums in sorted(totals.items())
    ]


def rows_table(rows: Sequence[Credit], body: ParagraphStyle, small: ParagraphStyle) -> Table:
    cells = [[Paragraph(text, small) for text in ("Day", "What", "Amount", "State", "Words")]]
    for row in rows:
        what = KIND_WORDS[row.kind]
        if row.minutes is not None:
            how = "measured" if row.measured else "declared"
            what = f"{what}: {row.minutes // 60} h {row.minutes % 60:02} min, {how}"
        words = "; ".join(text for text in (row.words, row.dispute, row.paid_ref) if text)
        amount = money.said(row.amount_minor, row.currency)
        texts = (row.day, what, amount, row.state, words)
        cells.append([Paragraph(escape(text), body) for text in texts])
    widths = [22 * mm, 46 * mm, 28 * mm, 20 * mm, 58 * mm]
    table = Table(cells, colWidths=widths, repeatRows=1, splitInRow=1)
    line = ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.HexColor("#e3e2dc"))
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), line]))
    return table
