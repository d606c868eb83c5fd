"""The ledger: what testers gave to the programme, what it owes them for it, and what was paid.

A contribution is worth what its rate was when it came in; a new rate changes nothing that stands
here, but for what came in before any rate was set. Testers and admins read the same rows.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.rows import changed, insert_new
from errors import BadSpec, Conflict
from programme import money
from programme.records_contributions import Credit, Rate

HOURS, REPORT, FIX, REVIEW = KINDS = ("hours", "report", "fix", "review")
OWED, PAID, DISPUTED, VOID = STATES = ("owed", "paid", "disputed", "void")


def set_rate(
    db: Session, kind: str, amount_minor: int, currency: str, *, by: str, now_ms: int
) -> None:
    """What a contribution of this kind is worth from now on: an hour, or a piece. No commit.

    What is owed for one that came before any rate was set gets this one. Raises BadSpec.
    """
    if kind not in KINDS:
        raise BadSpec(f"A rate is for one of {', '.join(KINDS)}.", field="kind")
    amount, currency = money.plain_amount(amount_minor), money.plain_currency(currency)
    if not insert_new(db, Rate, kind=kind, set_at=now_ms, amount_minor=amount, currency=currency):
        raise Conflict("Somebody set this rate just now. Look at it first.")
    unrated = select(Credit).where(
        Credit.kind == kind, Credit.currency == money.NO_CURRENCY, Credit.state == OWED
    )
    for row in db.scalars(unrated.with_for_update()).all():
        now_worth = worth(db, kind, row.minutes)
        changed(
            db, update(Credit).where(Credit.id == row.id).values(**now_worth, changed_at=now_ms)
        )
    details = {"amount_minor": amount, "currency": currency}
    tell(db, by, "rate.set", f"rate:{kind}", details, now_ms=now_ms)


def rates(db: Session) -> dict[str, Rate]:
    """The rate of each kind that has one, as it is now."""
    rows = db.scalars(select(Rate).order_by(Rate.set_at))
    return {row.kind: row for row in rows}


def credit(
    db: Session,
    tester_id: str,
    kind: str,
    *,
    about: str,
    day: str | None = None,
    minutes: int | None = None,
    measured: bool = False,
    words: str = "",
    now_ms: int,
) -> bool:
    """Write down one contribution, owed at today's rate; once for each `about`. Does not commit.

    Says whether it is new.
    """
    return insert_new(
        db,
        Credit,
        id=uuid.uuid4().hex,
        tester_id=tester_id,
        kind=kind,
        about=about,
        day=day or day_of(now_ms),
        minutes=minutes,
        measured=measured,
        words=words,
        **worth(db, kind, minutes),
        state=OWED,
        dispute="",
        paid_ref="",
        created_at=now_ms,
        changed_at=now_ms,
    )


def worth(db: Session, kind: str, minutes: int | None) -> dict[str, Any]:
    """The columns that say what a contribution is worth at the rate of now."""
    rate = rates(db).get(kind)
    if rate is None:
        return {"rate_minor": 0, "amount_minor": 0, "currency": money.NO_CURRENCY}
    each = rate.amount_minor
    amount = each if minutes is None else money.for_minutes(each, minutes)
    return {"rate_minor": each, "amount_minor": amount, "currency": rate.currency}


def credits_of(db: Session, tester_id: str) -> Sequence[Credit]:
    """All that stands here of one tester, the newest first."""
    theirs = select(Credit).where(Credit.tester_id == tester_id)
    return db.scalars(theirs.order_by(Credit.day.desc(), Credit.created_at.desc(), Credit.id)).all()


def totals(db: Session, tester_id: str | None = None) -> Mapping[str, Mapping[str, int]]:
    """Of one tester or of all: by currency, the minor units that are owed, paid and disputed."""
    summed = select(Credit.currency, Credit.state, func.sum(Credit.amount_minor)).where(
        Credit.currency != money.NO_CURRENCY, Credit.state != VOID
    )
    if tester_id is not None:
        summed = summed.where(Credit.tester_id == tester_id)
    found: dict[str, dict[str, int]] = {}
    for currency, state, amount in db.execute(summed.group_by(Credit.currency, Credit.state)):
        found.setdefault(currency, {OWED: 0, PAID: 0, DISPUTED: 0})[state] = int(amount)
    return found


def day_of(now_ms: int) -> str:
    """UTC."""
    return f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y-%m-%d}"


def tell(
    db: Session,
    actor: str,
    action: str,
    subject: str,
    facts: Mapping[str, Any],
    *,
    now_ms: int,
    reason: str = "",
) -> None:
    audit.record(
        db,
        actor=actor,
        action=action,
        subject=subject,
        reason=reason,
        details=facts,
        now_ms=now_ms,
    )
