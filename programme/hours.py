"""Hours of work in the ledger: as a tester declares them, or as they were measured. Theirs to say.

Measured is what the jobs show: from asking for a clip to the end of the last one, without pauses.
"""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.rows import changed
from errors import BadSpec, Conflict
from jobs.records import Job
from programme.ledger import HOURS, OWED, credit, day_of, tell, worth
from programme.records_contributions import Credit
from programme.words import plain_words

DAY_MINUTES, DAYS_BACK, DAY_MS = 24 * 60, 92, 86_400_000
SITTING_MS = 15 * 60_000  # a longer pause between two clips is no work
WORDS_MAX_CHARS = 400


def add(
    db: Session, tester_id: str, day: str, minutes: int | None, words: str, now_ms: int
) -> Credit:
    """A day's work of a tester: as they declare it, or with `minutes` None as it was measured.

    Said again it replaces what was said, at the rate of now, while that is neither paid nor
    disputed. Does not commit. Raises BadSpec naming the field, Conflict.
    """
    plain_day(day, now_ms)
    words = plain_words(words, "words", most=WORDS_MAX_CHARS, lines=False)
    measured = minutes is None
    spent = plain_minutes(measured_minutes(db, tester_id, day) if measured else minutes, measured)
    key = {"about": f"day:{tester_id}:{day}", "minutes": spent, "measured": measured}
    if not credit(db, tester_id, HOURS, day=day, words=words, now_ms=now_ms, **key):  # type: ignore[arg-type]
        replace(db, key | {"words": words}, now_ms)
    said = select(Credit).where(Credit.kind == HOURS, Credit.about == key["about"])
    row = db.scalars(said.execution_options(populate_existing=True)).one()
    facts = {"day": day, "minutes": spent, "measured": measured}
    tell(db, f"tester:{tester_id}", "credit.hours", f"credit:{row.id}", facts, now_ms=now_ms)
    return row


def replace(db: Session, said: dict[str, object], now_ms: int) -> None:
    """Raises Conflict."""
    stands = update(Credit).where(
        Credit.kind == HOURS, Credit.about == said["about"], Credit.state == OWED
    )
    values = said | worth(db, HOURS, int(str(said["minutes"])))
    if not changed(db, stands.values(**values, changed_at=now_ms)):
        raise Conflict("The hours of this day are paid or in dispute, and stay as they are.")


def plain_minutes(minutes: object, measured: bool) -> int:
    """Raises BadSpec."""
    whole = isinstance(minutes, int) and not isinstance(minutes, bool)
    if whole and 1 <= minutes <= DAY_MINUTES:  # type: ignore[operator]
        return int(str(minutes))
    raise BadSpec(
        "No clip was made on this day, so nothing was measured: declare your hours instead."
        if measured
        else f"A day's work is 1 to {DAY_MINUTES:,} whole minutes.",
        field="minutes",
    )


def measured_minutes(db: Session, tester_id: str, day: str) -> int:
    """How long a tester sat here on this day (UTC): from asking for a clip to the last one's end.

    Pauses of more than SITTING_MS are left out; begun minutes count.
    """
    start = day_start_ms(day)
    rows = db.execute(
        select(Job.created_at, func.coalesce(Job.ended_at, Job.created_at))
        .where(Job.owner_id == tester_id, Job.created_at >= start, Job.created_at < start + DAY_MS)
        .order_by(Job.created_at)
    )
    total_ms, end = 0, None
    for asked, ended in rows:
        if end is None or asked - end > SITTING_MS:
            total_ms, end = total_ms + ended - asked, ended
        elif ended > end:
            total_ms, end = total_ms + ended - end, ended
    return min(DAY_MINUTES, -(-total_ms // 60_000))


def plain_day(text: str, now_ms: int) -> str:
    """Raises BadSpec for what is no day, lies ahead or further back than DAYS_BACK."""
    today = date.fromisoformat(day_of(now_ms))
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadSpec("Give a day like 2026-11-22.", field="day") from None
    if text != day.isoformat() or not today - timedelta(days=DAYS_BACK) <= day <= today:
        raise BadSpec(f"Give a day of the last {DAYS_BACK}, like {today}.", field="day")
    return text


def day_start_ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000
