"""What testers say, on their page; and backstage, where somebody answers."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import BadSpec
from programme import feedback
from programme.records_contributions import Feedback
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts
from studio.requests import read_form, read_text


async def show_feedback(_parts: Parts, _request: Request) -> Response:
    return await send_page("feedback")


async def list_sent(parts: Parts, request: Request) -> Response:
    """All that the asker sent, and what became of it."""

    def read() -> list[dict[str, Any]]:
        with parts.database.read() as db:
            return [facts(row) for row in feedback.sent_by(db, request.state.principal.tester_id)]

    return JSONResponse({"now": now_ms(), "feedback": await run_in_threadpool(read)})


async def send(parts: Parts, request: Request) -> Response:
    """201. Raises BadSpec, NotFound for a clip that is not theirs, TooMany."""
    said = feedback.parse(await read_form(request))

    def act() -> dict[str, Any]:
        with parts.database.begin() as db:
            return facts(feedback.send(db, request.state.principal.tester_id, said, now_ms()))

    return JSONResponse(await run_in_threadpool(act), 201)


async def show_triage(_parts: Parts, _request: Request) -> Response:
    return await send_page("triage")


async def list_triage(parts: Parts, request: Request) -> Response:
    """What is in `state` (`new` unless asked otherwise), of one `kind` where given."""
    state = request.query_params.get("state") or feedback.NEW
    kind = request.query_params.get("kind") or None
    if state not in feedback.STATES:
        raise BadSpec(f"The state is one of {', '.join(feedback.STATES)}.", field="state")

    def read() -> list[dict[str, Any]]:
        with parts.database.read() as db:
            me = request.state.principal.tester_id
            return [
                facts(row) | {"who": name, "own": row.tester_id == me}
                for row, name in feedback.to_decide(db, state=state, kind=kind)
            ]

    return JSONResponse({"now": now_ms(), "feedback": await run_in_threadpool(read)})


async def decide(parts: Parts, request: Request, feedback_id: str) -> Response:
    """Into `state`, with an `answer` for whoever sent it.

    Raises BadSpec, NotFound, OwnWork, AlreadyDecided.
    """
    form = await read_form(request)
    state, answer = read_text(form, "state"), read_text(form, "answer")
    by = request.state.principal.tester_id

    def act() -> dict[str, Any]:
        with parts.database.begin() as db:
            return facts(feedback.decide(db, feedback_id, state, answer, by=by, now_ms=now_ms()))

    return JSONResponse(await run_in_threadpool(act))


def facts(row: Feedback) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "clip": row.clip_id,
        "rating": row.rating,
        "words": row.words,
        "settings": row.settings,
        "state": row.state,
        "answer": row.answer,
        "created_at": row.created_at,
        "decided_at": row.decided_at,
    }
