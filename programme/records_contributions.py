"""The tables of what testers give to the programme, and of what it owes them."""

from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class Feedback(Record):
    """What a tester says: of a clip, or in general.

    `new` → `accepted` | `declined`, `accepted` → `fixed` | `declined`.

    kind      `rating` (of a clip), `bug`, `harm` or `note`
    rating    1 to 5, of a rating
    settings  what the clip was asked for with, where its artist attached it
    answer    what the programme says about it; its tester reads it
    """

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("kind IN ('rating', 'bug', 'harm', 'note')", name="feedback_kind"),
        CheckConstraint("state IN ('new', 'accepted', 'fixed', 'declined')", name="feedback_state"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="feedback_rating"),
        Index("ix_feedback_state", "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    clip_id: Mapped[str | None] = mapped_column(String(32))
    rating: Mapped[int | None]
    words: Mapped[str] = mapped_column(String(4000))
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    answer: Mapped[str] = mapped_column(String(1000))
    created_at: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)


class Rate(Record):
    """What a contribution of one kind is worth from `set_at` on: the newest row of a kind holds.

    amount_minor  in minor units of `currency` (ISO 4217): for an hour, or for one piece
    """

    __tablename__ = "rates"
    __table_args__ = (CheckConstraint("amount_minor >= 0", name="rate_amount"),)

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    set_at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class Credit(Record):
    """One contribution of one tester, and what is owed for it at the rate of when it came in.

    `owed` → `paid`; either → `disputed` → `owed` | `void`.

    kind      `hours`, `report`, `fix` or `review`
    about     what it is for; nothing is credited twice: `feedback:…`, `clip:…`, `day:…`
    day       it belongs to, as YYYY-MM-DD (UTC)
    minutes   of hours; `measured`: by us from when they asked for clips, else as declared
    words     what its tester says about it
    dispute   the last word of a dispute, of either side
    paid_ref  how it was paid, as the admin wrote it down
    """

    __tablename__ = "credits"
    __table_args__ = (
        CheckConstraint("kind IN ('hours', 'report', 'fix', 'review')", name="credit_kind"),
        CheckConstraint("state IN ('owed', 'paid', 'disputed', 'void')", name="credit_state"),
        Index("uq_credits_kind_about", "kind", "about", unique=True),
        Index("ix_credits_tester_state", "tester_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"))
    kind: Mapped[str] = mapped_column(String(16))
    about: Mapped[str] = mapped_column(String(80))
    day: Mapped[str] = mapped_column(String(10))
    minutes: Mapped[int | None]
    measured: Mapped[bool] = mapped_column(default=False)
    words: Mapped[str] = mapped_column(String(400))
    rate_minor: Mapped[int] = mapped_column(BigInteger)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(16))
    dispute: Mapped[str] = mapped_column(String(400), default="")
    paid_ref: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)
