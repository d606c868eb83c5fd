"""The tables of the webhooks."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from database import Record

COMPLETED, FAILED = "video.completed", "video.failed"
EVENT_TYPES = (COMPLETED, FAILED)


class WebhookEndpoint(Record):
    """Where a tester wants to hear of their videos.

    event_types    of EVENT_TYPES, one space between
    sealed_secret  what messages are signed with, readable with the server's secret alone
    previous_secret, previous_until  the one of before, sealed too, which signs beside it until then
    seen_until     jobs that ended before this have been told of, or need not be
    tested_at      when a test message was last sent
    updated_at     when it was changed, or got a new secret, if it ever did
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(2000))
    event_types: Mapped[str] = mapped_column(String(80))
    sealed_secret: Mapped[str] = mapped_column(Text)
    previous_secret: Mapped[str | None] = mapped_column(Text)
    previous_until: Mapped[int | None] = mapped_column(BigInteger)
    seen_until: Mapped[int] = mapped_column(BigInteger)
    tested_at: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int | None] = mapped_column(BigInteger)


class WebhookDelivery(Record):
    """One event on its way to one endpoint: `waiting` → `delivered` | `failed`.

    Of one job each endpoint hears once, whoever finds out first. `next_at`: not before this; while
    one is being sent, when another may take over.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="delivery_state"),
        UniqueConstraint("endpoint_id", "job_id", name="uq_webhook_deliveries_endpoint_job"),
        Index("ix_webhook_deliveries_due", "state", "next_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoints.id"))
    job_id: Mapped[str] = mapped_column(String(32))
    event_type: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[int] = mapped_column(BigInteger)
    last_status: Mapped[int | None]
    created_at: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[int | None] = mapped_column(BigInteger)
