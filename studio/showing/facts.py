"""What pages are told about reviews, links and the gallery. Who decided is told by role."""

from typing import Any

from sqlalchemy.orm import Session

from jobs.records import Job
from programme import review_desk
from programme.reasons import REASONS
from programme.records_clips import Publication, Review, Share
from programme.review_desk import Wait
from programme.reviews import APPEAL

HOUR_MS = 3_600_000
ROLES = {1: "a reviewer", APPEAL: "a second reviewer"}


def review_facts(db: Session, review: Review, promised_ms: int) -> dict[str, Any]:
    """`place` is 0 once it is decided; `by` and `decided_at` are null until then."""
    return {
        "round": review.round,
        "state": review.state,
        "plea": review.plea,
        "reason": review.reason,
        "sentence": REASONS.get(review.reason or ""),
        "words": review.words,
        "by": ROLES[review.round] if review.decided_at else None,
        "submitted_at": review.submitted_at,
        "promised_at": review.submitted_at + promised_ms,
        "decided_at": review.decided_at,
        "place": review_desk.place(db, review),
    }


def wait_facts(wait: Wait) -> dict[str, Any]:
    return vars(wait)


def share_facts(share: Share, public_url: str, now: int) -> dict[str, Any]:
    expired = share.expires_at is not None and share.expires_at <= now
    state = "ended" if share.ended_at else "expired" if expired else "open"
    return {
        "id": share.id,
        "url": f"{public_url}/shared/{share.secret}" if state == "open" else None,
        "state": state,
        "credit": share.credit,
        "created_at": share.created_at,
        "expires_at": share.expires_at,
        **end_facts(share),
    }


def publication_facts(publication: Publication) -> dict[str, Any]:
    return {
        "title": publication.title,
        "credit": publication.credit,
        "prompt_shown": publication.prompt_shown,
        "published_at": publication.published_at,
        "hangs": publication.ended_at is None,
        **end_facts(publication),
    }


def end_facts(shown: Share | Publication) -> dict[str, Any]:
    return {
        "ended_at": shown.ended_at,
        "ended_by": shown.ended_by,
        "reason": shown.reason,
        "sentence": REASONS.get(shown.reason or ""),
        "words": shown.words,
    }


def settings_of(job: Job) -> dict[str, Any]:
    """What a clip was asked for with, its prompt aside."""
    spec = job.spec
    return {
        name: spec[name]
        for name in ("model", "variant", "style", "width", "height", "seconds", "seed", "operation")
    }
