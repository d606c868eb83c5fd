"""Prompts, read by admins: where the policy that their artist has lets them, and never unseen.

Each look is a row of the audit log with its reason, in the transaction that reads: its artist is
shown when and why. Refused prompts are not among them (moderation/refusals.py).
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth import audit
from auth.audit import REASON_MAX_CHARS, Search
from auth.records import AuditEntry, Tester
from errors import NotFound, NotGranted
from jobs.records import Job
from programme import policy
from programme.words import plain_words

ADMINS = "admins"
ACTION = "prompt.read"
SHOWN, LOOKS_SHOWN = 50, 100


def artists(db: Session) -> Sequence[tuple[Tester, bool]]:
    """Whoever asked for a clip, by name, and whether admins may read their prompts."""
    stands = policy.standings(db)
    asked = select(Tester).where(Tester.id.in_(select(Job.owner_id)))
    return [
        (tester, stands[tester.id].holds.policy.prompts == ADMINS)
        for tester in db.scalars(asked.order_by(Tester.name))
    ]


def read(
    db: Session, tester_id: str, why: str, *, by: str, now_ms: int, before: str | None = None
) -> Sequence[Job]:
    """The newest wishes of a tester, SHOWN at most, for an admin to read. Does not commit.

    why     the tester reads it, as does whoever reads the audit log
    by      the audit log's actor
    before  the id of a job: only older ones
    Raises BadSpec without a reason, NotFound, NotGranted where the policy keeps them.
    """
    why = plain_words(why, "why", least=1, most=REASON_MAX_CHARS)
    tester = db.get(Tester, tester_id)
    if tester is None:
        raise NotFound
    require_open(db, tester)
    theirs = select(Job).where(Job.owner_id == tester_id)
    if before is not None:
        theirs = theirs.where(Job.id < before)
    jobs = db.scalars(theirs.order_by(Job.id.desc()).limit(SHOWN)).all()
    audit.record(
        db,
        actor=by,
        action=ACTION,
        subject=f"tester:{tester_id}",
        reason=why,
        details={"prompts": len(jobs)},
        now_ms=now_ms,
    )
    return jobs


def require_open(db: Session, tester: Tester) -> None:
    """Raises NotGranted."""
    stands = policy.standing(db, tester.id)
    if stands.holds.policy.prompts == ADMINS:
        return
    sentence = f"The policy that holds for {tester.name} does not let admins read their prompts."
    if stands.awaits is not None and stands.awaits.policy.prompts == ADMINS:
        sentence += " They have not agreed to the one that does."
    raise NotGranted(sentence)


def looks(db: Session, tester_id: str) -> Sequence[AuditEntry]:
    """When an admin read prompts of this tester, and why: the newest LOOKS_SHOWN."""
    return audit.entries(db, Search(action=ACTION, subject=f"tester:{tester_id}"), LOOKS_SHOWN)


def count_looks(db: Session) -> int:
    return db.scalar(select(func.count()).where(AuditEntry.action == ACTION)) or 0
