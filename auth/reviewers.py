"""Who decides on others' clips besides the admins: said of a tester, taken back at once."""

from sqlalchemy.orm import Session

from auth import audit
from auth.records import Tester


def set_reviewer(db: Session, tester: Tester, granted: bool, *, by: str, now_ms: int) -> None:
    """Let a tester review, or not any more; said again it changes nothing. Does not commit.

    Every credential of theirs reads the tester's row at each request, so what is taken back opens
    nothing from then on. What they decided stays decided. `by`: the audit log's actor.
    """
    if granted == (tester.reviewer_since is not None):
        return
    tester.reviewer_since = now_ms if granted else None
    db.flush()
    audit.record(
        db,
        actor=by,
        action="reviewer.grant" if granted else "reviewer.withdraw",
        subject=f"tester:{tester.id}",
        now_ms=now_ms,
    )
