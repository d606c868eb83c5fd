"""Feedback: what testers say, what becomes of it, and that they are told.

Nothing that decides reads these rows: not the gate, not a limit, not a review. Criticism costs
nothing (tests/programme/test_feedback_touches_nothing.py).
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth import audit
from auth.records import Tester
from auth.rows import changed, insert_new
from errors import AlreadyDecided, BadSpec, NotFound, OwnWork, TooMany
from jobs.records import Job
from programme import gallery, ledger
from programme.records_contributions import Feedback
from programme.reviews import own_clip
from programme.words import plain_words

RATING, BUG, HARM, NOTE = KINDS = ("rating", "bug", "harm", "note")
NEW, ACCEPTED, FIXED, DECLINED = STATES = ("new", "accepted", "fixed", "declined")
#: Where a decision may come from. What was fixed was accepted first, by the same word if need be.
DECISIONS = {
    ACCEPTED: (NEW, DECLINED),
    FIXED: (NEW, ACCEPTED),
    DECLINED: (NEW, ACCEPTED),
}
WORDS_MAX_CHARS, A_DAY, DAY_MS = 4000, 200, 86_400_000
SHOWN = 200


@dataclass(frozen=True)
class Said:
    """What somebody says; `attach`: whether the clip's settings, its prompt too, go along."""

    kind: str
    words: str = ""
    clip_id: str | None = None
    rating: int | None = None
    attach: bool = False


def parse(form: dict[str, Any]) -> Said:
    """Raises BadSpec naming the field."""
    kind, rating = form.get("kind"), form.get("rating")
    if kind not in KINDS:
        raise BadSpec(f"Feedback is one of {', '.join(KINDS)}.", field="kind")
    clip_id = form.get("clip_id") or None
    if clip_id is not None and not isinstance(clip_id, str):
        raise BadSpec("A clip is named by its id.", field="clip_id")
    words = plain_words(
        text_of(form), "words", least=0 if kind == RATING else 1, most=WORDS_MAX_CHARS
    )
    if kind != RATING:
        return Said(kind, words, clip_id, None, form.get("attach") is True)
    if clip_id is None:
        raise BadSpec("A rating is of a clip.", field="clip_id")
    if isinstance(rating, bool) or not isinstance(rating, int) or not 1 <= rating <= 5:
        raise BadSpec("A rating is a whole number from 1 to 5.", field="rating")
    return Said(kind, words, clip_id, rating, form.get("attach") is True)


def text_of(form: dict[str, Any]) -> str:
    words = form.get("words", "")
    if not isinstance(words, str):
        raise BadSpec("The words must be text.", field="words")
    return words


def send(db: Session, tester_id: str, said: Said, now_ms: int) -> Feedback:
    """Keep what a tester says; a clip is rated once, and again changes it. Does not commit.

    Raises NotFound for a clip that is neither theirs nor in the gallery, TooMany after A_DAY.
    """
    day = Feedback.created_at > now_ms - DAY_MS
    sent = select(func.count()).where(Feedback.tester_id == tester_id, day)
    if (db.scalar(sent) or 0) >= A_DAY:
        raise TooMany(
            f"You sent {A_DAY} times today. Come back tomorrow, or write it into one report.",
            limit="feedback_per_day",
            retry_after_s=3600,
        )
    settings = settings_of(db, tester_id, said)
    row = {"words": said.words, "settings": settings, "rating": said.rating, "created_at": now_ms}
    feedback_id = rating_id(tester_id, said) if said.kind == RATING else uuid.uuid4().hex
    first = insert_new(
        db,
        Feedback,
        id=feedback_id,
        tester_id=tester_id,
        kind=said.kind,
        clip_id=said.clip_id,
        state=NEW,
        answer="",
        **row,
    )
    if not first:
        changed(db, update(Feedback).where(Feedback.id == feedback_id).values(**row))
    tell(db, f"tester:{tester_id}", "feedback.send", feedback_id, now_ms, kind=said.kind)
    return db.get_one(Feedback, feedback_id, populate_existing=True)


def rating_id(tester_id: str, said: Said) -> str:
    return hashlib.sha256(f"rating {tester_id} {said.clip_id}".encode()).hexdigest()[:32]


def settings_of(db: Session, tester_id: str, said: Said) -> dict[str, Any] | None:
    """What the clip was asked for with, where its artist sends it along. Raises NotFound."""
    if said.clip_id is None:
        return None
    try:
        own_clip(db, said.clip_id, tester_id)
    except NotFound:
        gallery.find(db, said.clip_id)
        return None
    return dict(db.get_one(Job, said.clip_id).spec) if said.attach else None


def decide(
    db: Session, feedback_id: str, state: str, answer: str, *, by: str, now_ms: int
) -> Feedback:
    """Accept, call fixed or decline what somebody sent, as the admin `by`. Does not commit.

    Accepted reports and fixes are credited in the ledger, once. The answer is read by whoever
    sent it; declining needs one. Raises BadSpec, NotFound, OwnWork, AlreadyDecided.
    """
    if state not in DECISIONS:
        raise BadSpec(f"Decide on one of {', '.join(DECISIONS)}.", field="state")
    answer = plain_words(answer, "answer", least=1 if state == DECLINED else 0)
    feedback = db.get(Feedback, feedback_id, populate_existing=True)
    if feedback is None or feedback.kind == RATING:
        raise NotFound
    if feedback.tester_id == by:
        raise OwnWork
    guarded = update(Feedback).where(
        Feedback.id == feedback_id, Feedback.state.in_(DECISIONS[state])
    )
    if not changed(db, guarded.values(state=state, answer=answer, decided_at=now_ms)):
        db.refresh(feedback)
        raise AlreadyDecided(feedback.state)
    if state in (ACCEPTED, FIXED):
        about = f"feedback:{feedback_id}"
        ledger.credit(db, feedback.tester_id, ledger.REPORT, about=about, now_ms=now_ms)
        if state == FIXED:
            ledger.credit(db, feedback.tester_id, ledger.FIX, about=about, now_ms=now_ms)
    tell(db, f"tester:{by}", "feedback.decide", feedback_id, now_ms, state=state)
    db.refresh(feedback)
    return feedback


def sent_by(db: Session, tester_id: str) -> Sequence[Feedback]:
    """All that a tester sent, the newest first."""
    theirs = select(Feedback).where(Feedback.tester_id == tester_id)
    return db.scalars(theirs.order_by(Feedback.created_at.desc(), Feedback.id)).all()


def to_decide(
    db: Session, *, state: str = NEW, kind: str | None = None
) -> Sequence[tuple[Feedback, str]]:
    """What stands in a state, ratings left out, with who sent it; harm first, then the oldest."""
    wanted = select(Feedback, Tester.name).join(Tester, Tester.id == Feedback.tester_id)
    wanted = wanted.where(Feedback.state == state, Feedback.kind != RATING)
    if kind is not None:
        wanted = wanted.where(Feedback.kind == kind)
    order = (Feedback.kind != HARM, Feedback.created_at, Feedback.id)
    return [(row, name) for row, name in db.execute(wanted.order_by(*order).limit(SHOWN))]


def tell(
    db: Session, actor: str, action: str, feedback_id: str, now_ms: int, **facts: object
) -> None:
    subject = f"feedback:{feedback_id}"
    audit.record(db, actor=actor, action=action, subject=subject, details=facts, now_ms=now_ms)
