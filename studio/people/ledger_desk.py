"""The ledger on pages: a tester's own, and everybody's backstage. Both read the same rows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from auth import testers
from auth.records import Tester
from errors import BadSpec, NotFound
from programme import hours, ledger, money, payments, statements
from programme.records_contributions import Credit
from programme.statements import Statement
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts
from studio.requests import actor_of, read_form, read_text
from studio.transactions import read_json, write_json

KINDS = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}


async def show_ledger(_parts: Parts, _request: Request) -> Response:
    return await send_page("ledger")


async def list_own(parts: Parts, request: Request) -> Response:
    """The asker's rows, their totals, and the rates in force."""
    return await read_json(parts, lambda db: ledger_facts(db, request.state.principal.tester_id))


async def list_of(parts: Parts, _request: Request, tester_id: str) -> Response:
    """The same of any tester, for admins. Raises NotFound."""

    def look(db: Session) -> dict[str, Any]:
        if db.get(Tester, tester_id) is None:
            raise NotFound
        return ledger_facts(db, tester_id)

    return await read_json(parts, look)


def ledger_facts(db: Session, tester_id: str) -> dict[str, Any]:
    now = now_ms()
    return {
        "now": now,
        "today": ledger.day_of(now),
        "totals": totals_facts(ledger.totals(db, tester_id)),
        "rates": rates_facts(db),
        "credits": [credit_facts(row) for row in ledger.credits_of(db, tester_id)],
    }


def totals_facts(totals: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Minor units, and beside them the words for people."""
    return [
        {
            "currency": currency,
            **sums,
            "said": {state: money.said(amount, currency) for state, amount in sums.items()},
        }
        for currency, sums in sorted(totals.items())
    ]


def rates_facts(db: Session) -> list[dict[str, Any]]:
    found = ledger.rates(db)
    return [
        {
            "kind": kind,
            "amount_minor": found[kind].amount_minor,
            "currency": found[kind].currency,
            "said": money.said(found[kind].amount_minor, found[kind].currency),
        }
        for kind in ledger.KINDS
        if kind in found
    ]


def credit_facts(row: Credit) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "day": row.day,
        "minutes": row.minutes,
        "measured": row.measured,
        "words": row.words,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "said": money.said(row.amount_minor, row.currency),
        "state": row.state,
        "dispute": row.dispute,
        "paid_ref": row.paid_ref,
    }


async def add_hours(parts: Parts, request: Request) -> Response:
    """A day's work: `day`, `minutes`, `words`; without minutes as it was measured. 201.

    Raises BadSpec, Conflict.
    """
    form, tester_id = await read_form(request), request.state.principal.tester_id
    day, minutes = read_text(form, "day"), form.get("minutes")
    words = read_text(form, "words") if form.get("words") else ""
    if minutes is not None and (isinstance(minutes, bool) or not isinstance(minutes, int)):
        raise BadSpec("The minutes are a whole number.", field="minutes")

    def act(db: Session) -> dict[str, Any]:
        return credit_facts(hours.add(db, tester_id, day, minutes, words, now_ms()))

    return await write_json(parts, act, 201)


async def dispute(parts: Parts, request: Request, credit_id: str) -> Response:
    """Say with `words` what is wrong with a row. Raises BadSpec, NotFound, Conflict."""
    words, principal = read_text(await read_form(request), "words"), request.state.principal
    told = {"by": principal.tester_id, "is_admin": principal.is_admin}

    def act(db: Session) -> dict[str, Any]:
        return credit_facts(payments.dispute(db, credit_id, words, **told, now_ms=now_ms()))

    return await write_json(parts, act)


async def settle(parts: Parts, request: Request, credit_id: str) -> Response:
    """End a dispute as `outcome`, with `words`. Raises BadSpec, NotFound, OwnWork, Conflict."""
    form, by = await read_form(request), request.state.principal.tester_id
    outcome, words = read_text(form, "outcome"), read_text(form, "words")

    def act(db: Session) -> dict[str, Any]:
        row = payments.settle(db, credit_id, outcome, words, by=by, now_ms=now_ms())
        return credit_facts(row)

    return await write_json(parts, act)


async def pay(parts: Parts, request: Request) -> Response:
    """All of `credits` were paid, as `reference` says. Raises BadSpec, OwnWork, Conflict."""
    form, by = await read_form(request), request.state.principal.tester_id
    ids, ref = form.get("credits"), read_text(form, "reference")
    if not isinstance(ids, list) or not all(isinstance(row, str) for row in ids):
        raise BadSpec("Name the rows by their ids.", field="credits")
    return await write_json(
        parts, lambda db: {"paid": payments.pay(db, ids, ref, by=by, now_ms=now_ms())}
    )


async def set_rate(parts: Parts, request: Request) -> Response:
    """What a contribution of `kind` is worth: `amount` in minor units of `currency`.

    Raises BadSpec, Conflict.
    """
    form, by = await read_form(request), actor_of(request)
    kind, currency = read_text(form, "kind"), read_text(form, "currency")
    amount = money.plain_amount(form.get("amount"))

    def act(db: Session) -> dict[str, Any]:
        ledger.set_rate(db, kind, amount, currency, by=by, now_ms=now_ms())
        return {"rates": rates_facts(db)}

    return await write_json(parts, act, 201)


async def show_ledgers(_parts: Parts, _request: Request) -> Response:
    return await send_page("ledgers")


async def list_all(parts: Parts, _request: Request) -> Response:
    """Everybody, what each is owed and was paid, and all of it together."""

    def look(db: Session) -> dict[str, Any]:
        return {
            "now": now_ms(),
            "rates": rates_facts(db),
            "kinds": ledger.KINDS,
            "totals": totals_facts(ledger.totals(db)),
            "testers": [
                {
                    "id": tester.id,
                    "name": tester.name,
                    "totals": totals_facts(ledger.totals(db, tester.id)),
                }
                for tester in testers.list(db)
            ],
        }

    return await read_json(parts, look)


async def send_own_statement(parts: Parts, request: Request, kind: str) -> Response:
    return await send_statement(parts, request, request.state.principal.tester_id, kind)


async def send_statement(parts: Parts, _request: Request, tester_id: str, kind: str) -> Response:
    """A tester's ledger as `csv` or `pdf`. Raises NotFound."""
    now = now_ms()

    def make() -> bytes:
        with parts.database.read() as db:
            tester = db.get(Tester, tester_id)
            if tester is None:
                raise NotFound
            rows, totals = ledger.credits_of(db, tester_id), ledger.totals(db, tester_id)
        statement = Statement(tester.name, now, rows, totals)
        if kind == "csv":
            return statements.as_csv(statement).encode()
        return statements.as_pdf(statement)

    name = f'attachment; filename="greenroom-statement-{ledger.day_of(now)}.{kind}"'
    headers = {"content-disposition": name}
    return Response(await run_in_threadpool(make), media_type=KINDS[kind], headers=headers)
