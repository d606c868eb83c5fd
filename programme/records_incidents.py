"""The table of what went wrong, as an admin tells it."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Record


class Incident(Record):
    """Something that went wrong, and what was done. `withdrawn_at`: an admin took the note back.

    day  when it happened, as its admin tells it (ISO 8601)
    """

    __tablename__ = "incidents"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(120))
    words: Mapped[str] = mapped_column(String(4000))
    written_at: Mapped[int] = mapped_column(BigInteger)
    withdrawn_at: Mapped[int | None] = mapped_column(BigInteger)
