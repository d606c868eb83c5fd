"""Whether others may see a clip: what the policy in force asks for, and how an admin ends it."""

import re

from sqlalchemy import ColumnElement, Update, or_, select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.rows import changed
from errors import NotApproved, NotFound, NotGranted, OwnWork, TakenDown
from jobs.records import Clip
from programme.policy import PRIVATE, REVIEW_FIRST
from programme.reasons import REASONS, known_reason
from programme.records_clips import Publication, Share
from programme.reviews import is_approved
from programme.words import plain_words

ARTIST, ADMIN = "artist", "admin"
CREDIT_MAX_CHARS = 80
# What names a clip in a link, in an address of the gallery, or alone.
NAMED = re.compile(r"[0-9a-f]{32}")


def require_showable(db: Session, clip_id: str, owner_id: str, mode: str) -> Clip:
    """The owner's clip, if it may be shown to others. What is shown already stays shown.

    mode  what the policy says (`Policy.sharing`)
    Raises NotFound, TakenDown, NotGranted under PRIVATE, NotApproved under REVIEW_FIRST.
    """
    clip = hold(db, clip_id)
    if clip.owner_id != owner_id:
        raise NotFound
    reason = taken_down_for(db, clip_id)
    if reason is not None:
        raise TakenDown(REASONS[reason], reason=reason)
    if mode == PRIVATE:
        raise NotGranted("This programme keeps its clips private: nothing is shown to others.")
    if mode == REVIEW_FIRST and not is_approved(db, clip_id):
        raise NotApproved
    return clip


def hold(db: Session, clip_id: str) -> Clip:
    """The clip, its row locked, so that nobody shows it while it is taken down. Raises NotFound."""
    clip = db.scalar(select(Clip).where(Clip.id == clip_id).with_for_update())
    if clip is None:
        raise NotFound
    return clip


def clip_named(db: Session, what: str) -> str:
    """The clip that a link to it names, its address in the gallery, or its id. Raises NotFound."""
    named = NAMED.findall(what)
    if not named:
        raise NotFound
    shared = db.scalar(select(Share.clip_id).where(Share.secret == named[-1]))
    return shared or str(named[-1])


def taken_down_for(db: Session, clip_id: str) -> str | None:
    """The reason for which an admin ended what was shown of this clip, or None."""
    for record in (Publication, Share):
        ended = select(record.reason).where(record.clip_id == clip_id, is_taken_down(record))
        reason = db.scalar(ended.limit(1))
        if reason is not None:
            return reason
    return None


def take_down(db: Session, clip_id: str, reason: str, words: str, *, by: str, now_ms: int) -> None:
    """End everything that is shown of a clip, as the admin `by`; its artist reads why. No commit.

    Raises BadSpec without a reason and words, NotFound where nothing of it is shown.
    """
    hold(db, clip_id)
    ended = {
        "ended_at": now_ms,
        "ended_by": ADMIN,
        "reason": known_reason(reason),
        "words": plain_words(words, "words", least=1),
    }
    if not sum([changed(db, open_of(record, clip_id).values(**ended)) for record in KINDS]):
        raise NotFound
    told(db, "clip.take_down", f"clip:{clip_id}", by, now_ms, reason=reason)


def restore(db: Session, clip_id: str, *, by: str, now_ms: int) -> None:
    """Undo an admin's taking down: its artist may show the clip again. Does not commit.

    Raises NotFound where it was not taken down, OwnWork for an admin's own clip.
    """
    clip = db.get(Clip, clip_id)
    if clip is not None and clip.owner_id == by:
        raise OwnWork
    back = sum(
        [
            changed(
                db,
                update(record)
                .where(record.clip_id == clip_id, is_taken_down(record))
                .values(ended_by=ARTIST),
            )
            for record in KINDS
        ]
    )
    if not back:
        raise NotFound
    told(db, "clip.restore", f"clip:{clip_id}", by, now_ms)


def end_all(db: Session, owner_id: str, now_ms: int) -> int:
    """End whatever is shown of an artist's clips, in their name; says how much that was.

    For a consent that is withdrawn, and for leaving. Does not commit.
    """
    mine = {"ended_at": now_ms, "ended_by": ARTIST}
    ended = sum(
        [
            changed(
                db,
                update(record)
                .where(record.owner_id == owner_id, record.ended_at.is_(None))
                .values(**mine),
            )
            for record in KINDS
        ]
    )
    if ended:
        told(db, "clip.hide_all", f"tester:{owner_id}", owner_id, now_ms, ended=ended)
    return ended


KINDS: tuple[type[Share] | type[Publication], ...] = (Share, Publication)


def open_of(record: type[Share] | type[Publication], clip_id: str) -> Update:
    return update(record).where(record.clip_id == clip_id, record.ended_at.is_(None))


def is_taken_down(record: type[Share] | type[Publication]) -> ColumnElement[bool]:
    """Not a single link that an admin ended, which says nothing of its clip."""
    return (record.ended_by == ADMIN) & record.reason.is_not(None)


def not_expired(now_ms: int) -> ColumnElement[bool]:
    return or_(Share.expires_at.is_(None), Share.expires_at > now_ms)


def plain_credit(text: str) -> str:
    """As the artist wishes to be named; empty for not at all. Raises BadSpec."""
    return plain_words(text, "credit", most=CREDIT_MAX_CHARS, lines=False)


def told(db: Session, action: str, subject: str, by: str, now_ms: int, **facts: object) -> None:
    audit.record(
        db,
        actor=f"tester:{by}",
        action=action,
        subject=subject,
        details=facts,
        now_ms=now_ms,
    )
