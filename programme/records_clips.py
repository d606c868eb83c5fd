"""The tables of what becomes of clips. A row outlives its clip, which the artist may delete."""

from sqlalchemy import BigInteger, CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class Review(Record):
    """One look of a reviewer at a clip. `round`: 1 the review, 2 the appeal to another reviewer.

    `waiting` → `approved` | `rejected` | `withdrawn`; what was withdrawn may wait again.

    plea         what its artist wrote for whoever looks
    reason       of a rejection: a code of programme/reasons.py; `words` go with it
    reviewer_id  who decided. Testers are told the role, admins see it in the audit log
    """

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint("round IN (1, 2)", name="review_round"),
        CheckConstraint(
            "state IN ('waiting', 'approved', 'rejected', 'withdrawn')", name="review_state"
        ),
        Index("ix_reviews_state", "state", "submitted_at"),
    )

    clip_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner_id: Mapped[str] = mapped_column(String(32), index=True)
    state: Mapped[str] = mapped_column(String(16))
    plea: Mapped[str] = mapped_column(String(1000))
    reason: Mapped[str | None] = mapped_column(String(32))
    words: Mapped[str] = mapped_column(String(1000), default="")
    reviewer_id: Mapped[str | None] = mapped_column(String(32))
    submitted_at: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)


class Shown:
    """A clip that others can see, until `ended_at`: by whom, and why, stays here.

    credit    whom it names, as the artist wishes; empty: nobody
    ended_by  `artist` | `admin`; an admin gives words, and a reason of programme/reasons.py where
              the whole clip is taken down
    """

    owner_id: Mapped[str] = mapped_column(String(32), index=True)
    credit: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
    ended_by: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(32))
    words: Mapped[str] = mapped_column(String(1000), default="")


class Share(Shown, Record):
    """A link to a clip: whoever has `secret` may look. `id` names it where it must not be known."""

    __tablename__ = "shares"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    clip_id: Mapped[str] = mapped_column(String(32), index=True)
    secret: Mapped[str] = mapped_column(String(32), unique=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)


class Publication(Shown, Record):
    """A clip in the gallery, for everybody. `prompt_shown`: whether its prompt stands beside it."""

    __tablename__ = "publications"
    __table_args__ = (Index("ix_publications_ended", "ended_at", "published_at"),)

    clip_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    prompt_shown: Mapped[bool]
    published_at: Mapped[int] = mapped_column(BigInteger)
