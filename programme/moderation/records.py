"""The decision log of moderation: whatever was not drawn, and what became of it."""

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class Refusal(Record):
    """What met a rule. What was drawn is in `jobs`; what was not is here, and nowhere else.

    `refused` → `appealed` → `upheld` | `allowed`, which lets the same of the same artist pass.

    kind          a `prompt`, or a `picture` or `film` that a clip was to begin with
    text          of a prompt; empty else
    text_sha256   of the text, or of the file, for that
    picture_id    the picture, or the still of the film that was refused; it may be gone
    rules_sha256  of the rules it was held against
    decided_by    the reviewer who read the appeal; the artist is told the role
    """

    __tablename__ = "refusals"
    __table_args__ = (
        CheckConstraint(
            "state IN ('refused', 'appealed', 'upheld', 'allowed')", name="refusal_state"
        ),
        CheckConstraint("kind IN ('prompt', 'picture', 'film')", name="refusal_kind"),
        Index("ix_refusals_text", "tester_id", "text_sha256"),
        Index("ix_refusals_state", "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tester_id: Mapped[str] = mapped_column(String(32))
    rule_id: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(400))
    kind: Mapped[str] = mapped_column(String(16), default="prompt")
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(String(64))
    picture_id: Mapped[str | None] = mapped_column(String(40))
    rules_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    plea: Mapped[str] = mapped_column(String(1000), default="")
    words: Mapped[str] = mapped_column(String(1000), default="")
    decided_by: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[int] = mapped_column(BigInteger)
    appealed_at: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
