"""A form becomes a job: the one way in, for the page and for scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.gate import Principal
from auth.idempotency import first_job
from auth.quotas import Quota
from jobs.queue import new_job_id
from jobs.records import Job, Reel
from jobs.sources import require_sources
from observe import metrics, visit
from programme.moderation.refusals import require_allowed
from programme.policy import require_accepted
from sora_core.spec import ClipSpec
from studio.inputs import require_inputs_allowed
from studio.moderating import asked_text
from studio.parts import Parts
from studio.priorities import split_priority


@dataclass(frozen=True)
class Made:
    """The jobs of one wish, the first one first, and what each limit has left after them.

    `quotas` is empty where the wish had come before, as nothing was counted then.
    """

    jobs: Sequence[Job]
    quotas: Sequence[Quota] = ()

    @property
    def first(self) -> Job:
        return self.jobs[0]


def make(
    parts: Parts,
    principal: Principal,
    forms: Sequence[Mapping[str, object]],
    now_ms: int,
    idempotency_key: str | None = None,
    *,
    wish: Mapping[str, object] | None = None,
    reel: Reel | None = None,
) -> Made:
    """Parse, admit and enqueue in one transaction: all of it happens, or nothing.

    forms            one for each clip; the others are variations of the first, which also says
                     how urgent they are (studio/priorities.py)
    idempotency_key  with the same wish within 24 hours: the same jobs, charged once
    wish             what the key stands for, where that is not the first form
    reel             the film that the wish brought along, whose file is kept; it gets its row here,
                     unless the wish had come before
    Raises BadSpec, PromptRefused, PictureRefused, JudgeUnavailable, PolicyUnaccepted, TokenInvalid,
    Suspended, TooMany, BudgetExhausted, and Conflict where the key stood for another wish; nothing
    is charged then.
    """
    _, priority = split_priority(principal, forms[0])
    specs = [ClipSpec.parse(split_priority(principal, form)[0]) for form in forms]
    owner_id, job_id, quotas = principal.tester_id, new_job_id(now_ms), tuple[Quota, ...]()
    for text in dict.fromkeys(map(asked_text, specs)):
        require_allowed(parts.database, parts.judge, owner_id, text, now_ms)
    require_inputs_allowed(parts, owner_id, specs, reel, now_ms)
    with parts.database.begin() as db:
        if idempotency_key is not None:
            first = first_job(db, owner_id, idempotency_key, wish or forms[0], job_id, now_ms)
            if first != job_id:
                return Made([parts.queue.find(db, first, owner_id), *variations(db, first)])
        require_accepted(db, owner_id)
        if reel is not None:
            reel.job_id = job_id
            db.add(reel)
            db.flush()
        jobs: list[Job] = []
        for spec in specs:
            require_sources(db, spec, owner_id, now_ms, reel)
            admission = parts.gate.admit(db, principal, job_id, spec.gpu_ms, now_ms)
            job = parts.queue.enqueue(
                db,
                spec,
                job_id=job_id,
                owner_id=admission.tester_id,
                admission_id=admission.token_id,
                now_ms=now_ms,
                priority=priority,
            )
            job.variation_of = jobs[0].id if jobs else None
            jobs.append(job)
            job_id, quotas = new_job_id(now_ms), admission.quotas
    for spec in specs:
        metrics.ADMISSIONS.labels(spec.operation, spec.variant).inc()
    visit.note(job_id=jobs[0].id)
    return Made(jobs, quotas)


def variations(db: Session, job_id: str) -> Sequence[Job]:
    """The jobs that came of the same wish as this one, which was its first."""
    return db.scalars(select(Job).where(Job.variation_of == job_id).order_by(Job.id)).all()
