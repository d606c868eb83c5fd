"""The tables of step-up: passkeys, what they are asked, and what their touch opens."""

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class Passkey(Record):
    """A WebAuthn credential of one tester, for ever: one that was removed is not made again.

    credential_id  as its authenticator calls it, base64url
    public_key     COSE, base64url
    sign_count     its authenticator's counter; 0 for one that keeps none
    """

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1364), unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(60))
    enrolled_at: Mapped[int] = mapped_column(BigInteger)
    last_used_at: Mapped[int | None] = mapped_column(BigInteger)
    removed_at: Mapped[int | None] = mapped_column(BigInteger)


class Challenge(Record):
    """One that waits for its answer. It counts for this sign-in and this purpose alone."""

    __tablename__ = "challenges"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), index=True)
    sign_in_id: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(8))
    until_ms: Mapped[int] = mapped_column(BigInteger, index=True)


class Touch(Record):
    """What a tester's latest touch still opens: `clips_left` clips, until `until_ms`.

    One row a tester: another touch fills it up anew and adds nothing to what was left.
    """

    __tablename__ = "touches"

    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), primary_key=True)
    passkey_id: Mapped[str] = mapped_column(ForeignKey("passkeys.id"))
    sign_in_id: Mapped[str] = mapped_column(String(64))
    given_at: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int] = mapped_column(BigInteger)
    clips_left: Mapped[int]
