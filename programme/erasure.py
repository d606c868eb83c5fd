"""Leaving: what a tester made and said is deleted, what must stay stays without a name; a receipt.

Everything happens in one transaction, or nothing. Files go after it: a row never names a missing
one, and a file without a row is found by the store's sweeper.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from auth import audit, revocation, testers
from auth.answers import iso
from auth.records import Tester, Token
from errors import BadSpec, Conflict, NotFound
from jobs import erasing
from jobs.pictures import file_name
from jobs.records import Job, Picture, Reel
from jobs.reels import reel_name
from programme.holdings import HOLDINGS, Holding
from programme.ledger import DISPUTED, OWED, totals

Release = Callable[[Session, str, int], None]
REASON = "The tester left and had their data erased."


@dataclass(frozen=True)
class Erased:
    """What has gone.

    receipt  for whoever left: what was deleted, what stays and why, in numbers
    jobs     whose files are to be discarded now
    brought  names of the files of pictures and films to discard now
    tokens   whose open pages end now
    """

    receipt: dict[str, Any]
    jobs: Sequence[Job]
    brought: Sequence[str]
    tokens: Sequence[str]


def erase(
    db: Session,
    tester_id: str,
    name: str,
    *,
    release: Release,
    now_ms: int,
    holdings: Sequence[Holding] = HOLDINGS,
) -> Erased:
    """Delete a tester, who writes their own name to say that they mean it. Does not commit.

    Clips under way end uncharged. `release(db, job_id, now_ms)` gives back what a job holds.
    Raises BadSpec for another name, NotFound, Conflict for the last admin.
    """
    tester = db.get(Tester, tester_id, populate_existing=True)
    if tester is None:
        raise NotFound
    if name.strip() != tester.name:
        raise BadSpec("Write your name as it stands here, to say that you mean it.", field="name")
    require_another_admin(db, tester)
    receipt = write_receipt(db, tester_id, now_ms, holdings)
    tokens = db.scalars(select(Token.id).where(Token.tester_id == tester_id)).all()
    for token_id in sorted(tokens):
        revocation.revoke(db, token_id, REASON, now_ms)
    gone = erase_jobs(db, tester_id, now_ms, release)
    pictures = db.scalars(select(Picture.id).where(Picture.owner_id == tester_id)).all()
    reels = db.scalars(select(Reel.id).where(Reel.owner_id == tester_id)).all()
    brought = [*map(file_name, pictures), *map(reel_name, reels)]
    for holding in holdings:
        let_go(db, holding, tester_id)
    testers.rename(db, tester_id, nameless(tester_id))
    audit.record(
        db,
        actor=f"tester:{tester_id}",
        action="tester.erase",
        subject=f"tester:{tester_id}",
        details={"deleted": receipt["deleted"], "unpaid": receipt["unpaid"]},
        now_ms=now_ms,
    )
    return Erased(receipt, gone, brought, tokens)


def write_receipt(
    db: Session, tester_id: str, now_ms: int, holdings: Sequence[Holding]
) -> dict[str, Any]:
    """What there is of a tester before anything goes, and what becomes of it.

    `unpaid`: minor units by currency, owed or in dispute.
    """
    counts = [(holding, count(db, holding, tester_id)) for holding in holdings]
    unpaid = {
        currency: sums[OWED] + sums[DISPUTED] for currency, sums in totals(db, tester_id).items()
    }
    return {
        "tester": tester_id,
        "erased_at": iso(now_ms),
        "deleted": {holding.name: found for holding, found in counts if found and not holding.kept},
        "kept": [
            {"what": holding.name, "rows": found, "how": holding.outcome, "why": holding.kept}
            for holding, found in counts
            if found and holding.kept
        ],
        "unpaid": {currency: amount for currency, amount in unpaid.items() if amount},
    }


def count(db: Session, holding: Holding, tester_id: str) -> int:
    theirs = select(func.count()).select_from(holding.record).where(holding.whose(tester_id))
    return db.scalar(theirs) or 0


def require_another_admin(db: Session, tester: Tester) -> None:
    others = select(func.count()).where(Tester.role == testers.ADMIN, Tester.id != tester.id)
    if tester.role == testers.ADMIN and not db.scalar(others):
        raise Conflict("You are the only admin. Make somebody else one before you leave.")


def erase_jobs(db: Session, tester_id: str, now_ms: int, release: Release) -> list[Job]:
    """All locked before the first goes: a worker that ends one waits for nothing we hold."""
    theirs = select(Job).where(Job.owner_id == tester_id).order_by(Job.id)
    jobs = db.scalars(theirs.with_for_update()).all()
    return [erasing.erase(db, job.id, tester_id, now_ms, release) for job in jobs]


def let_go(db: Session, holding: Holding, tester_id: str) -> None:
    """Delete, blank or leave a tester's rows of one kind."""
    whose = holding.whose(tester_id)
    if not holding.kept:
        db.execute(delete(holding.record).where(whose))
    elif holding.blanked:
        db.execute(update(holding.record).where(whose).values(**holding.blanked))


def nameless(tester_id: str) -> str:
    return f"Somebody who left ({tester_id[:8]})"
