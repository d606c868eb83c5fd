"""The audit log as a file that goes outside: lines of JSON, or a table for a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from auth.answers import iso
from auth.records import AuditEntry

COLUMNS = ["seq", "at", "actor", "action", "subject", "reason", "details", "prev_hash", "hash"]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def facts(row: AuditEntry) -> dict[str, Any]:
    """A row as it goes outside: `details` as the text that was hashed, `at_ms` beside `at`."""
    return {
        "seq": row.seq,
        "at": iso(row.at_ms),
        "at_ms": row.at_ms,
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "reason": row.reason,
        "details": row.details,
        "prev_hash": row.prev_hash,
        "hash": row.hash,
    }


def as_lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows: Iterable[dict[str, Any]]) -> str:
    """RFC 4180; no cell that a spreadsheet would take for a formula."""
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(COLUMNS)
    for row in rows:
        table.writerow([harmless(str(row[column])) for column in COLUMNS])
    return file.getvalue()


def harmless(cell: str) -> str:
    """With an apostrophe before what begins like a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
