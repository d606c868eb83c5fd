"""`python -m auth audit …`: read the log, prove it whole, carry its end outside."""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime
from typing import Any

from auth import audit, checkpoints
from auth.answers import Answer, add_row, make_table, minute
from auth.audit import Search
from auth.audit_file import as_csv, as_lines, facts
from auth.checkpoints import Checkpoint
from auth.commands.desk import Desk, Refused
from auth.verification import every_row, verify
from errors import BadRequest


def declare(nouns: Any, output: ArgumentParser) -> None:
    verbs = nouns.add_parser("audit", help="who did what, in a log that shows every change")
    verbs = verbs.add_subparsers(required=True)
    show = verbs.add_parser("list", parents=[output], help="the newest rows")
    show.add_argument("--actor", metavar="tester:ID|operator")
    show.add_argument("--action", metavar="token|token.revoke")
    show.add_argument("--subject", metavar="token:ID")
    show.add_argument("--since", type=moment_ms, metavar="2026-11-22[T08:00Z]")
    show.add_argument("--until", type=moment_ms, metavar="2026-11-23[T08:00Z]")
    show.add_argument("--limit", type=int, default=50)
    show.set_defaults(command=list_entries)
    export = verbs.add_parser("export", parents=[output], help="every row, oldest first, on stdout")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    export.set_defaults(command=export_entries)
    keep = verbs.add_parser("checkpoint", parents=[output], help="one signed line to keep outside")
    keep.set_defaults(command=make_checkpoint)
    check = verbs.add_parser("verify", parents=[output], help="is the log whole?")
    check.add_argument("--checkpoint", action="append", default=[], type=checkpoint, metavar="LINE")
    check.set_defaults(command=verify_log)


def list_entries(desk: Desk, arguments: Namespace) -> Answer:
    search = Search(
        arguments.actor,
        arguments.action,
        arguments.subject,
        arguments.since,
        arguments.until,
    )
    with desk.database.read() as db:
        found = audit.entries(db, search, arguments.limit)
    table = make_table("Row", "When", "Who", "What", "To", "Reason")
    for row in found:
        add_row(
            table,
            str(row.seq),
            minute(row.at_ms),
            row.actor,
            row.action,
            row.subject,
            row.reason,
        )
    return Answer([facts(row) for row in found], table)


def export_entries(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.read() as db:
        rows = [facts(row) for row in every_row(db)]
    text = as_csv(rows) if arguments.format == "csv" else as_lines(rows)
    return Answer(rows, text.rstrip("\n"))


def make_checkpoint(desk: Desk, _arguments: Namespace) -> Answer:
    key = checkpoints.signing_key(desk.settings.secret)
    with desk.database.begin() as db:
        made = checkpoints.sign(db, key, now_ms=desk.now_ms)
    if made is None:
        raise Refused("The log is empty: there is nothing to sign yet.")
    return Answer(
        {"checkpoint": made.line, "seq": made.seq, "public_key": made.public_key},
        made.line,
        "Keep this line where nobody with the database can reach it. "
        "`audit verify --checkpoint LINE` shows what was cut off or replaced since.",
    )


def verify_log(desk: Desk, arguments: Namespace) -> Answer:
    keys = checkpoints.trusted_keys(desk.settings)
    with desk.database.read() as db:
        verdict = verify(db, keys, arguments.checkpoint)
    found = {"rows": verdict.rows, "signed_seq": verdict.signed_seq, "bad_seq": verdict.bad_seq}
    if verdict.bad_seq is None:
        return Answer({**found, "public_key": keys[0]}, verdict.sentence, f"Signed by {keys[0]}.")
    if arguments.json:
        print(json.dumps({**found, "sentence": verdict.sentence}, indent=2))
    raise Refused(f"The log is not whole. {verdict.sentence}")


def moment_ms(text: str) -> int:
    """A day or an RFC 3339 time; without a zone it is UTC. Raises ArgumentTypeError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("give a time like 2026-11-22 or 2026-11-22T08:00Z") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def checkpoint(text: str) -> Checkpoint:
    try:
        return Checkpoint.parse(text)
    except BadRequest as error:
        raise ArgumentTypeError(str(error)) from None
