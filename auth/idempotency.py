"""One wish, however often it is sent: `Idempotency-Key`.

draft-ietf-httpapi-idempotency-key-header, with 409 for another wish under the same key.
"""

import hashlib
import json
import re
from collections.abc import Mapping

from sqlalchemy import BigInteger, String, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.rows import insert_new
from database import Record
from errors import BadRequest, Conflict

KEPT_MS = 24 * 3_600_000
SHAPE = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotencyKey(Record):
    """A tester's key and the job it made. `body_sha256` tells another wish under the same key."""

    __tablename__ = "idempotency_keys"

    tester_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[int] = mapped_column(BigInteger)


def first_job(
    db: Session, tester_id: str, key: str, wish: Mapping[str, object], job_id: str, now_ms: int
) -> str:
    """The job that this key stands for: `job_id` where nobody used it for 24 hours, else the first.

    Waits for a parallel first use, and is that where it rolled back. Does not commit.
    Raises BadRequest for what is no key, Conflict for one that stood for another wish.
    """
    key = key.strip().strip('"')
    if not SHAPE.fullmatch(key):
        raise BadRequest("An Idempotency-Key has 1 to 255 printable characters, without spaces.")
    mine = IdempotencyKey.tester_id == tester_id
    db.execute(delete(IdempotencyKey).where(mine, IdempotencyKey.created_at <= now_ms - KEPT_MS))
    body = json.dumps(wish, sort_keys=True, separators=(",", ":"))
    body_sha256 = hashlib.sha256(body.encode()).hexdigest()
    use = {"body_sha256": body_sha256, "job_id": job_id, "created_at": now_ms}
    if insert_new(db, IdempotencyKey, tester_id=tester_id, key=key, **use):
        return job_id
    first = db.get_one(IdempotencyKey, (tester_id, key), populate_existing=True)
    if first.body_sha256 != body_sha256:
        raise Conflict(
            "This Idempotency-Key was used for another wish within the last 24 hours. "
            "Use a new one for a new wish."
        )
    return first.job_id


def forget_old(db: Session, now_ms: int) -> None:
    """Remove every key that stands for nothing any more. Does not commit."""
    db.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now_ms - KEPT_MS))
