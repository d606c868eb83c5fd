"""The tables of the policy, and of what its testers agreed to."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class PolicyVersion(Record):
    """One announced policy (programme/policy.py). Never changed: a new one gets the next number.

    words  what changed and why, as its testers read it
    """

    __tablename__ = "policies"
    __table_args__ = (
        CheckConstraint("sharing IN ('free', 'review', 'private')", name="policy_sharing"),
        CheckConstraint("prompts IN ('artist', 'reviewers', 'admins')", name="policy_prompts"),
        CheckConstraint("marked IN ('none', 'others', 'all')", name="policy_marked"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sharing: Mapped[str] = mapped_column(String(16))
    review_hours: Mapped[int]
    keep_days: Mapped[int | None]
    prompts: Mapped[str] = mapped_column(String(16))
    marked: Mapped[str] = mapped_column(String(16))
    open_numbers: Mapped[bool]
    words: Mapped[str] = mapped_column(String(1000))
    announced_at: Mapped[int] = mapped_column(BigInteger)


class PolicyAcceptance(Record):
    """One tester agreed to one version of the policy."""

    __tablename__ = "policy_acceptances"

    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    accepted_at: Mapped[int] = mapped_column(BigInteger)


class Consent(Record):
    """A tester's word on one use: of one clip, or with `clip_id` empty of all they make.

    Without a row it is no. What was said before stands in the audit log.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("purpose IN ('training', 'publicity', 'analytics')", name="consent_use"),
    )

    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16), primary_key=True)
    clip_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    given: Mapped[bool]
    said_at: Mapped[int] = mapped_column(BigInteger)
