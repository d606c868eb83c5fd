"""What the page and scripts ask for in JSON."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.budget import release
from errors import BadRequest
from jobs.live import LiveEvent
from studio.cards import latest_cards, offer, one_card
from studio.clock import now_ms
from studio.events import read_card
from studio.making import make
from studio.notices import notice_facts
from studio.parts import Parts
from studio.rate_headers import rate_headers
from studio.requests import header_values, read_form


async def show_me(parts: Parts, request: Request) -> Response:
    """Who is signed in, what is left today, what stops them, and the nonce of the next proof."""
    principal = request.state.principal

    def read() -> dict[str, Any]:
        with parts.database.read() as db:
            left = parts.gate.allowance(db, principal, now_ms())
            notice = notice_facts(db, principal.token_id)
        return {
            "name": principal.name,
            "is_admin": principal.is_admin,
            "may_review": principal.may_review,
            "provider": parts.provider and parts.provider.about.name,
            "notice": notice,
            "allowance": {
                "clips_left": left.clips_left,
                "gpu_ms_left": left.gpu_ms_left,
                "held": left.held,
                "concurrent": left.limits.concurrent,
                "clips_per_day": left.limits.clips_per_day,
            },
        }

    headers = {"dpop-nonce": parts.proofs.nonce(now_ms())}
    return JSONResponse(await run_in_threadpool(read), headers=headers)


async def show_offer(parts: Parts, _request: Request) -> Response:
    def read() -> dict[str, Any]:
        with parts.database.read() as db:
            return offer(db)

    return JSONResponse(await run_in_threadpool(read))


async def list_jobs(parts: Parts, request: Request) -> Response:
    def read() -> list[dict[str, Any]]:
        with parts.database.read() as db:
            return latest_cards(db, parts.queue, request.state.principal.tester_id)

    return JSONResponse({"jobs": await run_in_threadpool(read)})


async def make_job(parts: Parts, request: Request) -> Response:
    """202, the card of the new job, and what each limit has left after it in `RateLimit` fields.

    Raises what `make` raises; nothing is charged then.
    `Idempotency-Key`: sent again with the same form, the first job's card, and no other job.
    """
    form, principal = await read_form(request), request.state.principal
    keys = header_values(request.scope, "idempotency-key")
    if len(keys) > 1:
        raise BadRequest("Send one Idempotency-Key, or none.")
    made = await run_in_threadpool(make, parts, principal, [form], now_ms(), *keys)
    card = await run_in_threadpool(read_card, parts, made.first.id, principal)
    headers = {"location": f"/jobs/{made.first.id}", **rate_headers(made.quotas)}
    return JSONResponse(card, 202, headers)


async def show_job(parts: Parts, request: Request, job_id: str) -> Response:
    card = await run_in_threadpool(read_card, parts, job_id, request.state.principal)
    return JSONResponse(card)


async def cancel_job(parts: Parts, request: Request, job_id: str) -> Response:
    """202 and the card: stopped at once while it waits, at its next step while it is drawn."""
    owner_id = request.state.principal.tester_id

    def cancel() -> tuple[LiveEvent, dict[str, Any]]:
        with parts.database.begin() as db:
            job = parts.queue.cancel(db, job_id, owner_id, now_ms(), release)
            return LiveEvent.of(job), one_card(db, parts.queue, job_id, owner_id)

    event, card = await run_in_threadpool(cancel)
    parts.hub.publish(event)
    return JSONResponse(card, 202)
