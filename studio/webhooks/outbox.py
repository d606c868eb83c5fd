"""What has to be told: found in the jobs' own rows, kept until it is heard, tried again and again.

Nothing that ends a job has to think of this. A pass looks for ended jobs of owners with endpoints
that no delivery names yet, so an event is found however its job ended, and after any outage.
"""

import random
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from auth.rows import insert_new
from jobs.records import Job
from studio.webhooks.records import COMPLETED, FAILED, WebhookDelivery, WebhookEndpoint
from studio.webhooks.signing import Seal, event

# A job's end may become visible this long after its time: other clocks, long transactions.
LATE_MS = 10 * 60_000
# Longer than one try takes; after it another process may take over.
LEASE_MS = 60_000
KEPT_MS = 30 * 86_400_000
NEWS_MAX = 200  # of one pass; the rest is the next one's
SECOND_MS = 1000
# Waits between tries: about a day and a half in all, longer and longer.
WAITS_MS = tuple(SECOND_MS * s for s in (5, 60, 300, 1800, 7200, 18_000, 36_000, 72_000))
JITTER = 0.1


@dataclass(frozen=True)
class Parcel:
    """One try: what goes where. `signed_by`: secrets, none where they can no longer be read."""

    delivery_id: str
    endpoint_id: str
    url: str
    signed_by: Sequence[str]
    body: bytes
    attempts: int


def find_news(db: Session) -> list[tuple[str, str, str]]:
    """(endpoint, job, event type) of each end that its owner's endpoints were not told. Reads."""
    wanted = or_(
        and_(Job.state == "finished", WebhookEndpoint.event_types.contains(COMPLETED)),
        and_(Job.state != "finished", WebhookEndpoint.event_types.contains(FAILED)),
    )
    told = and_(WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.job_id == Job.id)
    query = (
        select(WebhookEndpoint.id, Job.id, Job.state)
        .join(Job, Job.owner_id == WebhookEndpoint.owner_id)
        .outerjoin(WebhookDelivery, told)
        .where(Job.ended_at >= WebhookEndpoint.seen_until, wanted, WebhookDelivery.id.is_(None))
        .order_by(Job.ended_at)
        .limit(NEWS_MAX)
    )
    return [
        (endpoint_id, job_id, COMPLETED if state == "finished" else FAILED)
        for endpoint_id, job_id, state in db.execute(query)
    ]


def write_down(db: Session, news: list[tuple[str, str, str]], now_ms: int) -> int:
    """A delivery for each, unless another process was first; how many are new."""
    return sum(
        insert_new(
            db,
            WebhookDelivery,
            id=f"evt_{secrets.token_hex(16)}",
            endpoint_id=endpoint_id,
            job_id=job_id,
            event_type=event_type,
            state="waiting",
            attempts=0,
            next_at=now_ms,
            created_at=now_ms,
        )
        for endpoint_id, job_id, event_type in news
    )


def tidy(db: Session, now_ms: int) -> None:
    """Move on what need not be looked at again, and forget deliveries that ended long ago.

    Only once all news of before is written down: what is moved past is never found.
    """
    late = now_ms - LATE_MS
    behind = update(WebhookEndpoint).where(WebhookEndpoint.seen_until < late - LATE_MS)
    db.execute(behind.values(seen_until=late))
    db.execute(delete(WebhookDelivery).where(WebhookDelivery.ended_at < now_ms - KEPT_MS))


def is_due(now_ms: int, busy: Collection[str] = ()) -> ColumnElement[bool]:
    return and_(
        WebhookDelivery.state == "waiting",
        WebhookDelivery.next_at <= now_ms,
        WebhookDelivery.endpoint_id.not_in(busy),
    )


def find_due(db: Session, most: int, now_ms: int, busy: Collection[str]) -> list[str]:
    """Deliveries whose time has come, the oldest first, none to an endpoint that is `busy`."""
    query = select(WebhookDelivery.id).where(is_due(now_ms, busy))
    return list(db.scalars(query.order_by(WebhookDelivery.next_at).limit(most)))


def claim(db: Session, delivery_id: str, seal: Seal, now_ms: int) -> Parcel | None:
    """Take one to be sent now; None where another did. One guarded UPDATE."""
    taking = (
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, is_due(now_ms))
        .values(attempts=WebhookDelivery.attempts + 1, next_at=now_ms + LEASE_MS)
        .returning(WebhookDelivery)
    )
    row = db.scalar(taking)
    if row is None:
        return None
    endpoint = db.get_one(WebhookEndpoint, row.endpoint_id)
    body = event(row.id, row.event_type, row.job_id, row.created_at)
    signed_by = seal.secrets_of(endpoint, now_ms)
    return Parcel(row.id, endpoint.id, endpoint.url, signed_by, body, row.attempts)


def note(db: Session, parcel: Parcel, status: int | None, now_ms: int) -> None:
    """How a try went: heard by any 2xx; otherwise once more later, until the waits are used up."""
    heard = status is not None and 200 <= status < 300
    over = heard or not parcel.signed_by or parcel.attempts > len(WAITS_MS)
    ends = {"state": "delivered" if heard else "failed", "ended_at": now_ms}
    again = {"next_at": now_ms + wait_ms(parcel.attempts)}
    db.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.id == parcel.delivery_id,
            WebhookDelivery.state == "waiting",
            WebhookDelivery.attempts == parcel.attempts,
        )
        .values(last_status=status, **(ends if over else again))
    )


def wait_ms(attempts: int) -> int:
    """After so many tries. A little uneven, so that many do not come back together."""
    base = WAITS_MS[min(attempts, len(WAITS_MS)) - 1]
    return round(base * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 (no secret)
