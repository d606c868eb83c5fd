"""The programme in numbers, for whoever may read them: counts alone, nobody's name or words."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.records import Tester
from auth.testers import ADMIN as ADMIN_ROLE
from auth.testers import TESTER
from jobs.records import Job
from programme import ledger, prompts
from programme.moderation import refusals
from programme.records_clips import Publication, Review, Share
from programme.records_contributions import Feedback
from programme.reviews import APPEAL, APPROVED, REJECTED
from programme.showing import ADMIN


@dataclass(frozen=True)
class Numbers:
    """Since the beginning, but for what is in force now.

    reviewers   who may decide on others' clips, admins among them
    clips       state of the job → number
    looks       how often an admin read prompts of a tester
    refused     rule → number of prompts that met it; `let_pass` of them on appeal
    rejected    reason → number of reviews
    overturned  appeals that approved what a first reviewer rejected, of `appeals` decided
    median_ms   from submission to decision, of all; `late` of them after the promise
    taken_down  reason → number of clips
    money       currency → `owed`, `paid`, `disputed` in minor units
    """

    testers: int
    reviewers: int
    clips: Mapping[str, int]
    looks: int
    refused: Mapping[str, int]
    let_pass: int
    decided: int
    approved: int
    rejected: Mapping[str, int]
    appeals: int
    overturned: int
    median_ms: int | None
    late: int
    hanging: int
    links: int
    taken_down: Mapping[str, int]
    feedback: Mapping[str, int]
    money: Mapping[str, Mapping[str, int]]


def read(db: Session, promised_ms: int) -> Numbers:
    decided = db.execute(
        select(Review.round, Review.state, Review.submitted_at, Review.decided_at).where(
            Review.state.in_((APPROVED, REJECTED)), Review.decided_at.is_not(None)
        )
    ).all()
    took = [at - since for _, _, since, at in decided if at is not None]
    appeals = [state for round, state, _, _ in decided if round == APPEAL]
    met = refusals.counts(db)
    reviews = (Tester.role == ADMIN_ROLE) | Tester.reviewer_since.is_not(None)
    return Numbers(
        testers=db.scalar(select(func.count()).where(Tester.role == TESTER)) or 0,
        reviewers=db.scalar(select(func.count()).where(reviews)) or 0,
        clips=counted(db, Job.state, Job.id.is_not(None)),
        looks=prompts.count_looks(db),
        refused={rule: sum(states.values()) for rule, states in sorted(met.items())},
        let_pass=sum(states.get(refusals.ALLOWED, 0) for states in met.values()),
        decided=len(decided),
        approved=sum(state == APPROVED for _, state, _, _ in decided),
        rejected=counted(db, Review.reason, Review.state == REJECTED),
        appeals=len(appeals),
        overturned=appeals.count(APPROVED),
        median_ms=round(statistics.median(took)) if took else None,
        late=sum(ms > promised_ms for ms in took),
        hanging=db.scalar(select(func.count()).where(Publication.ended_at.is_(None))) or 0,
        links=db.scalar(select(func.count()).select_from(Share)) or 0,
        taken_down=counted(db, Publication.reason, Publication.ended_by == ADMIN),
        feedback=counted(db, Feedback.state, Feedback.id.is_not(None)),
        money=ledger.totals(db),
    )


def counted(db: Session, column: Any, wanted: Any) -> dict[str, int]:
    """Value → number of rows, by name."""
    rows = db.execute(select(column, func.count()).where(wanted).group_by(column))
    return dict(sorted((str(value), number) for value, number in rows))
