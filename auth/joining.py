"""The tables of joining: who waits, who is invited, who accepted which terms."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class Invite(Record):
    """A place in the programme for whoever holds its secret, once, until `expires_at`.

    `name` and `email` are given to the tester it becomes; without a name they choose one.
    `used_at` and `tester_id` are set together, by the redemption that won.
    """

    __tablename__ = "invites"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    pepper_version: Mapped[int]
    name: Mapped[str | None] = mapped_column(String(80), index=True)
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    cohort_id: Mapped[str | None] = mapped_column(ForeignKey("cohorts.id"))
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)
    tester_id: Mapped[str | None] = mapped_column(ForeignKey("testers.id"))


class WaitlistEntry(Record):
    """Somebody who would like a place. `invited_at` is set by the invitation that won."""

    __tablename__ = "waitlist"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    about: Mapped[str] = mapped_column(String(400))
    created_at: Mapped[int] = mapped_column(BigInteger)
    invited_at: Mapped[int | None] = mapped_column(BigInteger)
    invite_id: Mapped[str | None] = mapped_column(ForeignKey("invites.id"))


class TermsAcceptance(Record):
    """One tester accepted one version of the terms. `sha256` is of the text that was shown."""

    __tablename__ = "terms_acceptances"
    __table_args__ = (CheckConstraint("length(sha256) = 64", name="terms_sha256"),)

    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), primary_key=True)
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    accepted_at: Mapped[int] = mapped_column(BigInteger)
