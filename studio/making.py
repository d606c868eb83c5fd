"""A form becomes a job: the one way in, for the page and for scripts."""

from collections.abc import Mapping

from auth.gate import Principal
from auth.idempotency import first_job
from jobs.queue import new_job_id
from jobs.records import Job
from jobs.sources import require_sources
from sora_core.spec import ClipSpec
from studio.parts import Parts


def make(
    parts: Parts,
    principal: Principal,
    form: Mapping[str, object],
    now_ms: int,
    idempotency_key: str | None = None,
) -> Job:
    """Parse, admit and enqueue in one transaction: all of it happens, or nothing.

    The same `idempotency_key` and form within 24 hours give the same job, charged once.
    Raises BadSpec, TokenInvalid, Suspended, TooMany, BudgetExhausted, and Conflict where the
    key stood for another form; nothing is charged then.
    """
    spec = ClipSpec.parse(form)
    job_id = new_job_id(now_ms)
    with parts.database.begin() as db:
        if idempotency_key is not None:
            owner_id = principal.tester_id
            first = first_job(db, owner_id, idempotency_key, form, job_id, now_ms)
            if first != job_id:
                return parts.queue.find(db, first, owner_id)
        require_sources(db, spec, principal.tester_id, now_ms)
        admission = parts.gate.admit(db, principal, job_id, spec.gpu_ms, now_ms)
        return parts.queue.enqueue(
            db,
            spec,
            job_id=job_id,
            owner_id=admission.tester_id,
            admission_id=admission.token_id,
            now_ms=now_ms,
        )
