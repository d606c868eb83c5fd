"""The tables of open calls."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class Call(Record):
    """An invitation to submit clips. What it says does not change once it is published.

    jury        who decides, in words
    decides_at  by when a decision is promised
    decided_at  when it was published, with `words` about it
    """

    __tablename__ = "calls"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    brief: Mapped[str] = mapped_column(Text)
    rules: Mapped[str] = mapped_column(Text)
    prize: Mapped[str] = mapped_column(String(400))
    jury: Mapped[str] = mapped_column(String(400))
    entries_each: Mapped[int]
    opens_at: Mapped[int] = mapped_column(BigInteger)
    closes_at: Mapped[int] = mapped_column(BigInteger)
    decides_at: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    words: Mapped[str] = mapped_column(String(4000), default="")


class Entry(Record):
    """A clip in a call: `entered` → `chosen` | `not_chosen` | `withdrawn`, which may enter again.

    shortlisted  whether the jury kept it for the decision; stays true after it
    """

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint(
            "state IN ('entered', 'chosen', 'not_chosen', 'withdrawn')", name="entry_state"
        ),
    )

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    clip_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(32), index=True)
    note: Mapped[str] = mapped_column(String(1000))
    state: Mapped[str] = mapped_column(String(16))
    shortlisted: Mapped[bool] = mapped_column(default=False)
    entered_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)
