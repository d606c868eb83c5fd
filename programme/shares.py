"""Links to a clip: made by its artist, for whoever they hand them to, until they end."""

import secrets
import uuid
from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.rows import changed
from errors import BadSpec, Conflict, LinkEnded, NotFound
from jobs.records import Clip
from programme.records_clips import Share
from programme.showing import (
    ADMIN,
    ARTIST,
    NAMED,
    not_expired,
    plain_credit,
    require_showable,
    told,
)
from programme.words import plain_words

DAYS_MAX = 365
DAY_MS = 86_400_000
LINKS_MAX = 20


def make(
    db: Session,
    clip_id: str,
    owner_id: str,
    *,
    mode: str,
    credit: str,
    days: int | None,
    now_ms: int,
) -> Share:
    """A new link to the owner's clip, for `days` (1 to DAYS_MAX), or until it is ended. No commit.

    Raises what `require_showable` raises, BadSpec, and Conflict for more than LINKS_MAX links.
    """
    require_showable(db, clip_id, owner_id, mode)
    if days is not None and not 1 <= days <= DAYS_MAX:
        raise BadSpec(f"A link is good for 1 to {DAYS_MAX} days.", field="days")
    mine = select(func.count()).where(
        Share.clip_id == clip_id, Share.ended_at.is_(None), not_expired(now_ms)
    )
    if (db.scalar(mine) or 0) >= LINKS_MAX:
        raise Conflict(f"This clip has {LINKS_MAX} links. End one of them first.")
    share = Share(
        id=uuid.uuid4().hex,
        clip_id=clip_id,
        owner_id=owner_id,
        secret=secrets.token_hex(16),
        credit=plain_credit(credit),
        words="",
        created_at=now_ms,
        expires_at=None if days is None else now_ms + days * DAY_MS,
    )
    db.add(share)
    db.flush()
    told(db, "share.make", f"share:{share.id}", owner_id, now_ms, clip=clip_id, days=days)
    return share


def end(db: Session, share_id: str, owner_id: str, now_ms: int) -> None:
    """End the owner's link; a second time changes nothing. Does not commit. Raises NotFound."""
    share = db.scalar(select(Share).where(Share.id == share_id, Share.owner_id == owner_id))
    if share is None:
        raise NotFound
    open_link = update(Share).where(Share.id == share_id, Share.ended_at.is_(None))
    if changed(db, open_link.values(ended_at=now_ms, ended_by=ARTIST)):
        told(db, "share.end", f"share:{share_id}", owner_id, now_ms)


def end_for_artist(db: Session, what: str, words: str, *, by: str, now_ms: int) -> Share:
    """End this one link as the admin `by`, whose words its artist reads. Does not commit.

    what  its address, or its id. No other link ends, and the artist may make a new one: whoever
          wants the clip gone takes it down (showing.py)
    Raises BadSpec without words, NotFound, Conflict where it has ended.
    """
    words = plain_words(words, "words", least=1)
    named = NAMED.findall(what)
    known = Share.id.in_(named[-1:]) | Share.secret.in_(named[-1:])
    share = db.scalar(select(Share).where(known))
    if share is None:
        raise NotFound
    open_link = update(Share).where(Share.id == share.id, Share.ended_at.is_(None))
    if not changed(db, open_link.values(ended_at=now_ms, ended_by=ADMIN, words=words)):
        raise Conflict("This link has ended already.")
    told(db, "share.end", f"share:{share.id}", by, now_ms)
    return db.get_one(Share, share.id, populate_existing=True)


def follow(db: Session, secret: str, now_ms: int) -> tuple[Share, Clip]:
    """What a link shows. Raises LinkEnded for one that ended in whatever way, and for none."""
    row = db.execute(
        select(Share, Clip)
        .join(Clip, Clip.id == Share.clip_id)
        .where(Share.secret == secret, Share.ended_at.is_(None), not_expired(now_ms))
    ).one_or_none()
    if row is None:
        raise LinkEnded
    return row[0], row[1]


def links_of(db: Session, clip_ids: Sequence[str]) -> dict[str, list[Share]]:
    """The links of each clip, ended ones too, the newest first."""
    rows = db.scalars(
        select(Share).where(Share.clip_id.in_(clip_ids)).order_by(Share.created_at.desc(), Share.id)
    )
    found: dict[str, list[Share]] = {}
    for share in rows:
        found.setdefault(share.clip_id, []).append(share)
    return found
