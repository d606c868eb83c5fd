"""The tables that tie a credential to a device."""

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class Device(Record):
    """A key that one tester holds and that never leaves its browser, or its file.

    jkt  its RFC 7638 thumbprint: a key belongs to one tester, for ever
    """

    __tablename__ = "devices"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tester_id: Mapped[str] = mapped_column(ForeignKey("testers.id"), index=True)
    jkt: Mapped[str] = mapped_column(String(43), unique=True)
    label: Mapped[str] = mapped_column(String(60))
    enrolled_at: Mapped[int] = mapped_column(BigInteger)
    last_used_at: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)


class SpentProof(Record):
    """A proof that was taken, until its age alone refuses it."""

    __tablename__ = "spent_proofs"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    until_ms: Mapped[int] = mapped_column(BigInteger, index=True)
