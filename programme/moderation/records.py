"""The decision log of moderation: every text that was not drawn, and what became of it."""

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class Refusal(Record):
    """A text that met a rule. What was drawn is in `jobs`; what was not is here, and nowhere else.

    `refused` → `appealed` → `upheld` | `allowed`, which lets the same text of the same artist pass.

    text_sha256   of the text, for that
    rules_sha256  of the rules it was held against
    decided_by    the admin who read the appeal; the artist is told the role
    """

    __tablename__ = "refusals"
    __table_args__ = (
        CheckConstraint(
            "state IN ('refused', 'appealed', 'upheld', 'allowed')", name="refusal_state"
        ),
        Index("ix_refusals_text", "tester_id", "text_sha256"),
        Index("ix_refusals_state", "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tester_id: Mapped[str] = mapped_column(String(32))
    rule_id: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(400))
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(String(64))
    rules_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    plea: Mapped[str] = mapped_column(String(1000), default="")
    words: Mapped[str] = mapped_column(String(1000), default="")
    decided_by: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[int] = mapped_column(BigInteger)
    appealed_at: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
