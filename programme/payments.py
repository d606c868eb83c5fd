"""What becomes of what is owed: paid, disputed by either side, settled.

Each move is one guarded UPDATE; nobody decides about what is owed to themselves.
"""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.rows import changed
from errors import BadSpec, Conflict, NotFound, OwnWork
from programme.ledger import DISPUTED, OWED, PAID, VOID, tell
from programme.records_contributions import Credit
from programme.words import plain_words

OUTCOMES = (OWED, PAID, VOID)
AT_ONCE, REF_MAX_CHARS, WORDS_MAX_CHARS = 1000, 120, 400


def pay(db: Session, credit_ids: Sequence[str], ref: str, *, by: str, now_ms: int) -> int:
    """Write down that all of these were paid, and how; says how many. Does not commit.

    All or none: whoever pays names the rows they saw. Raises BadSpec, OwnWork for the payer's
    own, Conflict where one is not owed any more, or at no rate yet.
    """
    ref = plain_words(ref, "reference", least=1, most=REF_MAX_CHARS, lines=False)
    ids = sorted(set(credit_ids))
    if not 0 < len(ids) <= AT_ONCE:
        raise BadSpec(f"Pay 1 to {AT_ONCE:,} rows at once.", field="credits")
    rows = db.scalars(select(Credit).where(Credit.id.in_(ids)).with_for_update()).all()
    if any(row.tester_id == by for row in rows):
        raise OwnWork
    owed = update(Credit).where(Credit.id.in_(ids), Credit.state == OWED, Credit.currency != "XXX")
    paid = changed(db, owed.values(state=PAID, paid_ref=ref, changed_at=now_ms))
    if paid != len(ids):
        raise Conflict(
            "Not all of these are owed: something changed, or has no rate yet. Look again; "
            "nothing was written down."
        )
    for row in rows:
        told = {"amount_minor": row.amount_minor, "currency": row.currency, "ref": ref}
        tell(db, f"tester:{by}", "credit.pay", f"credit:{row.id}", told, now_ms=now_ms)
    return paid


def dispute(
    db: Session, credit_id: str, words: str, *, by: str, is_admin: bool, now_ms: int
) -> Credit:
    """Say that a row is wrong, or was not paid. Testers say so of their own, admins of others'.

    Raises BadSpec without words, NotFound, OwnWork, Conflict where it is disputed or void.
    """
    words = plain_words(words, "words", least=1, most=WORDS_MAX_CHARS, lines=False)
    row = db.get(Credit, credit_id, populate_existing=True)
    if row is None or (row.tester_id != by and not is_admin):
        raise NotFound
    standing = update(Credit).where(Credit.id == credit_id, Credit.state.in_((OWED, PAID)))
    if not changed(db, standing.values(state=DISPUTED, dispute=words, changed_at=now_ms)):
        raise Conflict("This is disputed already, or void.")
    subject = f"credit:{credit_id}"
    tell(db, f"tester:{by}", "credit.dispute", subject, {}, reason=words, now_ms=now_ms)
    db.refresh(row)
    return row


def settle(
    db: Session, credit_id: str, outcome: str, words: str, *, by: str, now_ms: int
) -> Credit:
    """End a dispute as the admin `by`: it is owed after all, was paid, or is void. No commit.

    Its tester reads the words. Raises BadSpec, NotFound, OwnWork, Conflict where none is open.
    """
    if outcome not in OUTCOMES:
        raise BadSpec(f"A dispute ends as one of {', '.join(OUTCOMES)}.", field="outcome")
    words = plain_words(words, "words", least=1, most=WORDS_MAX_CHARS, lines=False)
    row = db.get(Credit, credit_id, populate_existing=True)
    if row is None:
        raise NotFound
    if row.tester_id == by:
        raise OwnWork
    if outcome == PAID and not row.paid_ref:
        raise BadSpec("This was never paid: let it be owed, and pay it.", field="outcome")
    open_one = update(Credit).where(Credit.id == credit_id, Credit.state == DISPUTED)
    if not changed(db, open_one.values(state=outcome, dispute=words, changed_at=now_ms)):
        raise Conflict("There is no dispute about this any more.")
    subject, told = f"credit:{credit_id}", {"outcome": outcome}
    tell(db, f"tester:{by}", "credit.settle", subject, told, reason=words, now_ms=now_ms)
    db.refresh(row)
    return row
