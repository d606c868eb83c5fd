"""Review: an artist submits a clip, one reviewer decides, a second one decides on an appeal.

A decision is one guarded UPDATE, made while the clip's row is held: of two reviewers at once one
wins, and nothing is decided about a clip that its artist deleted meanwhile.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.rows import changed, insert_new
from errors import (
    AlreadyDecided,
    BadSpec,
    ClipDeleted,
    Conflict,
    NotFound,
    OwnWork,
    SameReviewer,
)
from jobs.records import Clip
from programme import ledger
from programme.reasons import known_reason
from programme.records_clips import Review
from programme.words import plain_words

WAITING, APPROVED, REJECTED, WITHDRAWN = "waiting", "approved", "rejected", "withdrawn"
VERDICTS = (APPROVED, REJECTED)
REVIEW, APPEAL = 1, 2


def submit(db: Session, clip_id: str, owner_id: str, plea: str, now_ms: int) -> Review:
    """Ask for a review of the owner's clip; again where it was withdrawn. Does not commit.

    Raises NotFound, BadSpec for the plea, Conflict where it was submitted already.
    """
    own_clip(db, clip_id, owner_id)
    return ask(db, clip_id, REVIEW, owner_id, plain_words(plea, "note"), now_ms)


def appeal(db: Session, clip_id: str, owner_id: str, plea: str, now_ms: int) -> Review:
    """Ask a second reviewer, once, after a rejection. Does not commit.

    Raises NotFound, BadSpec without words, Conflict where nothing was rejected.
    """
    own_clip(db, clip_id, owner_id)
    first = find(db, clip_id, REVIEW)
    if first is None or first.state != REJECTED:
        raise Conflict("Only a rejection can be appealed, and this clip was not rejected.")
    return ask(db, clip_id, APPEAL, owner_id, plain_words(plea, "words", least=1), now_ms)


def ask(db: Session, clip_id: str, round: int, owner_id: str, plea: str, now_ms: int) -> Review:
    asked = {"state": WAITING, "plea": plea, "submitted_at": now_ms}
    again = update(Review).where(
        Review.clip_id == clip_id, Review.round == round, Review.state == WITHDRAWN
    )
    is_new = insert_new(
        db, Review, clip_id=clip_id, round=round, owner_id=owner_id, words="", **asked
    )
    if not is_new and not changed(db, again.values(**asked)):
        raise Conflict("This was asked for already. The page shows where it stands.")
    told(db, "review.submit" if round == REVIEW else "review.appeal", clip_id, owner_id, now_ms)
    return db.get_one(Review, (clip_id, round), populate_existing=True)


def withdraw(db: Session, clip_id: str, owner_id: str, now_ms: int) -> None:
    """Take a clip out of the line. Does not commit. Raises Conflict where it does not wait."""
    mine = update(Review).where(
        Review.clip_id == clip_id, Review.owner_id == owner_id, Review.state == WAITING
    )
    if not changed(db, mine.values(state=WITHDRAWN)):
        raise Conflict("This clip does not wait for a review. Look at the page again.")
    told(db, "review.withdraw", clip_id, owner_id, now_ms)


def decide(
    db: Session,
    clip_id: str,
    round: int,
    verdict: str,
    *,
    by: str,
    reason: str | None = None,
    words: str = "",
    now_ms: int,
) -> Review:
    """Approve or reject a waiting clip as the reviewer `by`. Does not commit.

    Either way its artist is credited for a reviewed clip, once.

    reason, words  of a rejection, both: the artist reads them. An approval may have words
    Raises BadSpec, NotFound, ClipDeleted, OwnWork, SameReviewer on an appeal against oneself,
    AlreadyDecided.
    """
    if verdict not in VERDICTS:
        raise BadSpec("The verdict is approved or rejected.", field="verdict")
    rejected = verdict == REJECTED
    why = known_reason(reason or "") if rejected else None
    words = plain_words(words, "words", least=1 if rejected else 0)
    review = find(db, clip_id, round)
    if review is None:
        raise NotFound
    if db.scalar(select(Clip.id).where(Clip.id == clip_id).with_for_update()) is None:
        raise ClipDeleted
    require_impartial(db, review, by)
    guarded = update(Review).where(
        Review.clip_id == clip_id, Review.round == round, Review.state == WAITING
    )
    decided = {"state": verdict, "reason": why, "words": words, "reviewer_id": by}
    if not changed(db, guarded.values(**decided, decided_at=now_ms)):
        raise AlreadyDecided(find(db, clip_id, round, fresh=True).state)  # type: ignore[union-attr]
    told(db, "review.decide", clip_id, by, now_ms, verdict=verdict, reason=why, round=round)
    ledger.credit(db, review.owner_id, ledger.REVIEW, about=f"clip:{clip_id}", now_ms=now_ms)
    return db.get_one(Review, (clip_id, round), populate_existing=True)


def require_impartial(db: Session, review: Review, by: str) -> None:
    """Nobody decides about their own clip, nor on an appeal against what they decided.

    Raises OwnWork, SameReviewer.
    """
    if review.owner_id == by:
        raise OwnWork
    first = find(db, review.clip_id, REVIEW) if review.round == APPEAL else None
    if first is not None and first.reviewer_id == by:
        raise SameReviewer


def is_approved(db: Session, clip_id: str) -> bool:
    approved = select(Review.round).where(Review.clip_id == clip_id, Review.state == APPROVED)
    return db.scalar(approved.limit(1)) is not None


def require_seen_by_reviewers(db: Session, clip_id: str) -> Clip:
    """The clip, if its artist submitted it and did not withdraw it. Raises NotFound."""
    shown = select(Review.clip_id).where(Review.state != WITHDRAWN)
    clip = db.scalar(select(Clip).where(Clip.id == clip_id, Clip.id.in_(shown)))
    if clip is None:
        raise NotFound
    return clip


def own_clip(db: Session, clip_id: str, owner_id: str) -> Clip:
    """Raises NotFound, for somebody else's clip too."""
    clip = db.scalar(select(Clip).where(Clip.id == clip_id, Clip.owner_id == owner_id))
    if clip is None:
        raise NotFound
    return clip


def find(db: Session, clip_id: str, round: int, *, fresh: bool = False) -> Review | None:
    return db.get(Review, (clip_id, round), populate_existing=fresh)


def told(db: Session, action: str, clip_id: str, by: str, now_ms: int, **facts: object) -> None:
    audit.record(
        db,
        actor=f"tester:{by}",
        action=action,
        subject=f"clip:{clip_id}",
        details=facts,
        now_ms=now_ms,
    )
