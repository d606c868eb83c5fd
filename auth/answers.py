"""What a command answers, to people and to machines."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_COLUMNS = 160  # the width of a table that no terminal shows


@dataclass(frozen=True)
class Answer:
    """`facts` for machines. For people: `shown` on stdout, `aside` on stderr."""

    facts: Any
    shown: str | Table
    aside: str = ""

    def show(self, *, as_json: bool) -> None:
        if as_json:
            print(json.dumps(self.facts, ensure_ascii=False, indent=2))
            return
        if isinstance(self.shown, Table):
            Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS).print(self.shown)
        elif self.shown:
            print(self.shown)
        if self.aside:
            print(self.aside, file=sys.stderr)


def make_table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    return table


def add_row(table: Table, *cells: str) -> None:
    """As plain text: a name in brackets is no markup."""
    table.add_row(*[Text(cell) for cell in cells])


def iso(ms: int | None) -> str | None:
    """RFC 3339, UTC, whole seconds."""
    return None if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def minute(ms: int | None) -> str:
    return "" if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def day(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"
