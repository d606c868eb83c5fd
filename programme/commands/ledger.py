"""`python -m programme rate …` and `ledger …`: what is owed, paid and settled."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from auth import testers
from auth.answers import Answer, add_row, make_table
from auth.audit import OPERATOR
from auth.commands.desk import Desk, ask, find_tester
from programme import ledger, money, payments, statements
from programme.commands.acting import actor, declare_by
from programme.records_contributions import Credit
from programme.statements import Statement


def declare(nouns: Any, output: ArgumentParser) -> None:
    rate = nouns.add_parser("rate", parents=[output], help="what a contribution is worth")
    rate.add_argument("kind", choices=ledger.KINDS)
    rate.add_argument("amount", type=int, help="in minor units, such as cents")
    rate.add_argument("currency", help="ISO 4217, such as EUR")
    rate.set_defaults(command=set_rate)
    verbs = nouns.add_parser("ledger", help="owed and paid").add_subparsers(required=True)
    everybody = verbs.add_parser("list", parents=[output], help="the totals of every tester")
    everybody.set_defaults(command=list_totals)
    show = verbs.add_parser("show", parents=[output], help="the rows of one tester")
    show.add_argument("name")
    show.set_defaults(command=show_rows)
    paid = verbs.add_parser("pay", parents=[output], help="write down that rows were paid")
    paid.add_argument("ids", nargs="+", metavar="ROW")
    paid.add_argument("--reference", required=True, help="how it was paid; they read it")
    declare_by(paid, asks=True)
    paid.set_defaults(command=pay)
    end = verbs.add_parser("settle", parents=[output], help="end a dispute")
    end.add_argument("id", metavar="ROW")
    end.add_argument("outcome", choices=payments.OUTCOMES)
    end.add_argument("--words", required=True, help="they read them")
    declare_by(end)
    end.set_defaults(command=settle)
    file = verbs.add_parser("statement", parents=[output], help="CSV, or a PDF into a file")
    file.add_argument("name")
    file.add_argument("--pdf", type=Path, metavar="FILE")
    file.set_defaults(command=state)


def set_rate(desk: Desk, arguments: Namespace) -> Answer:
    currency = arguments.currency.upper()
    with desk.database.begin() as db:
        ledger.set_rate(
            db, arguments.kind, arguments.amount, currency, by=OPERATOR, now_ms=desk.now_ms
        )
    said = money.said(arguments.amount, currency)
    return Answer({"kind": arguments.kind, "rate": said}, f"{arguments.kind}: {said} from now on.")


def list_totals(desk: Desk, _arguments: Namespace) -> Answer:
    table, facts = make_table("Tester", "Owed", "Paid", "In dispute"), []
    with desk.database.read() as db:
        for tester in testers.list(db):
            for currency, sums in ledger.totals(db, tester.id).items():
                facts.append({"name": tester.name, "currency": currency, **sums})
                amounts = (sums[ledger.OWED], sums[ledger.PAID], sums[ledger.DISPUTED])
                add_row(table, tester.name, *(money.said(sum, currency) for sum in amounts))
    return Answer(facts, table)


def show_rows(desk: Desk, arguments: Namespace) -> Answer:
    table = make_table("Row", "Day", "What", "Amount", "State", "Words")
    with desk.database.read() as db:
        rows = ledger.credits_of(db, find_tester(db, arguments.name).id)
    for row in rows:
        words = "; ".join(text for text in (row.words, row.dispute, row.paid_ref) if text)
        amount = money.said(row.amount_minor, row.currency)
        add_row(table, row.id, row.day, row.kind, amount, row.state, words)
    return Answer([row_facts(row) for row in rows], table)


def row_facts(row: Credit) -> dict[str, Any]:
    named = ("id", "day", "kind", "minutes", "amount_minor", "currency", "state", "words")
    return {name: getattr(row, name) for name in (*named, "dispute", "paid_ref")}


def pay(desk: Desk, arguments: Namespace) -> Answer:
    many = len(set(arguments.ids))
    ask(arguments, f"Write down {many} rows as paid?", "Nothing was written down.")
    with desk.database.begin() as db:
        by = actor(desk, db, arguments)
        paid = payments.pay(db, arguments.ids, arguments.reference, by=by, now_ms=desk.now_ms)
    return Answer({"paid": paid}, f"{paid} rows are paid.")


def settle(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.begin() as db:
        by = actor(desk, db, arguments)
        row = payments.settle(
            db, arguments.id, arguments.outcome, arguments.words, by=by, now_ms=desk.now_ms
        )
        return Answer(row_facts(row), f"It is {row.state}.")


def state(desk: Desk, arguments: Namespace) -> Answer:
    with desk.database.read() as db:
        tester = find_tester(db, arguments.name)
        rows, totals = ledger.credits_of(db, tester.id), ledger.totals(db, tester.id)
    statement = Statement(tester.name, desk.now_ms, rows, totals)
    facts = {"name": tester.name, "rows": [row_facts(row) for row in rows], "totals": totals}
    if arguments.pdf is None:
        return Answer(facts, statements.as_csv(statement).rstrip("\r\n"))
    arguments.pdf.write_bytes(statements.as_pdf(statement))
    return Answer(facts, "", f"The statement is in {arguments.pdf}.")
