"""A list of people as a spreadsheet keeps it: read whole or not at all, and written safely."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from auth import cohorts, invites, names
from auth.invites import MintedInvite
from auth.keys import Keys
from errors import BadSpec, NotFound

COLUMNS = ("name", "email", "cohort")
ROWS_MAX, FILE_MAX_BYTES = 1_000, 1_000_000
PROBLEMS_SHOWN = 20
# What a spreadsheet takes for a formula (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class RosterInvalid(Exception):
    """Every problem found, one line each, with the line of the file it is in."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - PROBLEMS_SHOWN
        shown = [*problems[:PROBLEMS_SHOWN], *([f"And {more} more."] if more > 0 else [])]
        super().__init__("\n".join([*shown, "Nobody was invited. Correct the file and try again."]))
        self.problems = problems


@dataclass(frozen=True)
class Row:
    """One person of the file; `line` is where they stand."""

    line: int
    name: str
    email: str | None
    cohort: str | None


@dataclass(frozen=True)
class Imported:
    """`invited`: each person with their invite. `known`: why the others were left out."""

    invited: Sequence[tuple[Row, MintedInvite]]
    known: Sequence[str]


def read(content: bytes) -> Sequence[Row]:
    """The people of a CSV file in UTF-8, whose first row names its columns: name, email, cohort.

    Only `name` is needed. Raises RosterInvalid with every problem.
    """
    if len(content) > FILE_MAX_BYTES:
        raise RosterInvalid([f"The file is larger than {FILE_MAX_BYTES // 1000} kB."])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RosterInvalid([f"Line {line}: not UTF-8. Save the file as CSV in UTF-8."]) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    problems: list[str] = []
    try:
        check_header(reader.fieldnames)
        for cells in reader:
            read_row(reader.line_num, cells, rows, problems)
    except csv.Error as error:
        problems.append(f"Line {reader.line_num}: not CSV ({error}).")
    if not rows and not problems:
        problems.append("Line 2: nobody is in this file.")
    if len(rows) > ROWS_MAX:
        problems.append(f"Line {ROWS_MAX + 2}: more than {ROWS_MAX} people. Split the file.")
    if problems:
        raise RosterInvalid(problems)
    return rows


def check_header(header: Sequence[str] | None) -> None:
    found = [(cell or "").strip().lower() for cell in header or ()]
    if "name" not in found or len(set(found)) < len(found) or not set(found) <= set(COLUMNS):
        wanted = ", ".join(COLUMNS)
        raise RosterInvalid([f"Line 1: the first row names the columns, out of {wanted}."])


def read_row(line: int, cells: dict[str, str], rows: list[Row], problems: list[str]) -> None:
    """Add the row of this line to `rows`, or what is wrong with it to `problems`."""
    given = {key.strip().lower(): value for key, value in cells.items() if key is not None}
    if None in cells or None in given.values():
        problems.append(f"Line {line}: not as many cells as the first row has.")
        return
    if not any(value.strip() for value in given.values()):
        return
    try:
        email = given.get("email", "").strip()
        row = Row(
            line,
            names.plain_name(given["name"]),
            names.plain_email(email) if email else None,
            given.get("cohort", "").strip() or None,
        )
    except BadSpec as error:
        problems.append(f"Line {line}: {error}")
        return
    for other in rows:
        if names.look(other.name) == names.look(row.name) or (
            row.email and other.email == row.email
        ):
            problems.append(f"Line {line}: the same person as in line {other.line}.")
            return
    rows.append(row)


def load(
    db: Session,
    keys: Keys,
    rows: Sequence[Row],
    *,
    by: str,
    cohort: str | None,
    lifetime_ms: int,
    now_ms: int,
) -> Imported:
    """Invite everybody who is neither in the programme nor invited. Does not commit.

    `cohort` counts where a row has none. Raises RosterInvalid for cohorts that do not exist.
    """
    rows = [replace(row, cohort=row.cohort or cohort) for row in rows]
    ids = cohort_ids(db, rows)
    invited: list[tuple[Row, MintedInvite]] = []
    known: list[str] = []
    for row in rows:
        if reason := invites.taken(db, row.name, row.email, now_ms):
            known.append(f"Line {row.line}: {reason}")
            continue
        made = invites.make(
            db,
            keys,
            by=by,
            name=row.name,
            email=row.email,
            cohort_id=ids.get(row.cohort or ""),
            lifetime_ms=lifetime_ms,
            now_ms=now_ms,
        )
        invited.append((row, made))
    return Imported(invited, known)


def cohort_ids(db: Session, rows: Sequence[Row]) -> dict[str, str]:
    found: dict[str, str] = {}
    problems: list[str] = []
    for row in rows:
        if row.cohort is None or row.cohort in found:
            continue
        try:
            found[row.cohort] = cohorts.find(db, row.cohort).id
        except NotFound:
            problems.append(
                f"Line {row.line}: there is no cohort named {safe(row.cohort)[:80]!r}. "
                "`python -m auth cohort add` makes one."
            )
    if problems:
        raise RosterInvalid(problems)
    return found


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV that a spreadsheet shows as it is, and calculates nothing from."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().removesuffix("\n")


def safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
