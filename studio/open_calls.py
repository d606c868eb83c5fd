"""Open calls: for artists who enter and see where they stand, and for the admins who judge."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.records import Tester
from errors import BadSpec
from jobs.records import Clip, Job
from programme import calls, gallery
from programme.records_calls import Call, Entry
from studio.clock import now_ms
from studio.markup import send_page
from studio.media import send_to_others
from studio.parts import Parts
from studio.requests import actor_of, read_form, read_text
from studio.transactions import write_json

CLIPS_OFFERED = 60
# What a call says besides its texts.
SAID = ("id", "entries_each", "words", "opens_at", "closes_at", "decides_at", "decided_at")


def call_facts(db: Session, call: Call, now: int) -> dict[str, Any]:
    """What everybody in the programme reads of a call, and how many entries there are."""
    return {
        **{name: getattr(call, name) for name in (*calls.LENGTHS, *SAID)},
        "state": calls.state_of(call, now),
        "count": vars(calls.count(db, call.id)),
    }


def entry_facts(db: Session, entry: Entry) -> dict[str, Any]:
    """`there`: whether its artist still has the clip."""
    job = db.get(Job, entry.clip_id)
    return {
        "clip": entry.clip_id,
        "prompt": job.spec["prompt"] if job else None,
        "there": job is not None,
        "note": entry.note,
        "state": entry.state,
        "shortlisted": entry.shortlisted,
        "entered_at": entry.entered_at,
    }


async def show_calls(_parts: Parts, _request: Request) -> Response:
    return await send_page("calls")


async def list_calls(parts: Parts, request: Request) -> Response:
    """Every call, one's own entries in it, what was chosen and hangs in the gallery; own clips."""
    me = request.state.principal.tester_id

    def read() -> dict[str, Any]:
        now = now_ms()
        with parts.database.read() as db:
            return {
                "now": now,
                "clips": own_clips(db, me),
                "calls": [
                    {
                        **call_facts(db, call, now),
                        "own": [entry_facts(db, row) for row in calls.entries(db, call.id, me)],
                        "chosen": chosen_facts(db, call),
                    }
                    for call in calls.all_calls(db)
                ],
            }

    return JSONResponse(await run_in_threadpool(read))


def own_clips(db: Session, owner_id: str) -> list[dict[str, str]]:
    rows = db.execute(
        select(Clip.id, Job.spec)
        .join(Job, Job.id == Clip.id)
        .where(Clip.owner_id == owner_id)
        .order_by(Clip.id.desc())
        .limit(CLIPS_OFFERED)
    )
    return [{"id": clip_id, "prompt": spec["prompt"]} for clip_id, spec in rows]


def chosen_facts(db: Session, call: Call) -> list[dict[str, Any]]:
    """What was chosen and hangs in the gallery; nobody is shown what its artist keeps."""
    won = [row.clip_id for row in calls.entries(db, call.id) if row.state == calls.CHOSEN]
    hung = gallery.publications_of(db, won)
    return [
        {"clip": row.clip_id, "title": row.title, "credit": row.credit}
        for row in hung.values()
        if row.ended_at is None
    ]


async def enter(parts: Parts, request: Request, call_id: str) -> Response:
    """Submit a clip of one's own, with a `note`. Raises what `calls.enter` raises."""
    form = await read_form(request)
    clip_id, note = read_text(form, "clip"), read_text(form, "note")
    me = request.state.principal.tester_id

    def act(db: Session) -> dict[str, Any]:
        return entry_facts(db, calls.enter(db, call_id, clip_id, me, note, now_ms()))

    return await write_json(parts, act, 201)


async def withdraw(parts: Parts, request: Request, call_id: str, clip_id: str) -> Response:
    """Raises Conflict where the entry does not wait for a decision."""
    me = request.state.principal.tester_id

    def act(db: Session) -> dict[str, Any]:
        calls.withdraw(db, call_id, clip_id, me, now_ms())
        return {"clip": clip_id, "state": calls.WITHDRAWN}

    return await write_json(parts, act)


async def show_jury(_parts: Parts, _request: Request) -> Response:
    return await send_page("jury")


async def list_jury(parts: Parts, request: Request) -> Response:
    """Every call with all its entries; `barred`: whether this admin has one among them."""
    me = request.state.principal.tester_id

    def read() -> dict[str, Any]:
        now = now_ms()
        with parts.database.read() as db:
            names = dict(db.execute(select(Tester.id, Tester.name)).tuples().all())
            return {
                "now": now,
                "calls": [
                    {
                        **call_facts(db, call, now),
                        "barred": calls.has_entry(db, call.id, me),
                        "entries": [
                            {
                                **entry_facts(db, row),
                                "artist": names.get(row.owner_id, "somebody who left"),
                            }
                            for row in calls.entries(db, call.id)
                        ],
                    }
                    for call in calls.all_calls(db)
                ],
            }

    return JSONResponse(await run_in_threadpool(read))


async def send_entry(parts: Parts, _request: Request, clip_id: str, kind: str) -> Response:
    """The film or still of an entered clip: to enter is to let the jury see it. Raises NotFound."""

    def find() -> Clip:
        with parts.database.read() as db:
            return calls.require_entered(db, clip_id)

    return await send_to_others(parts, await run_in_threadpool(find), kind)


async def publish(parts: Parts, request: Request) -> Response:
    """A new call. Raises what `calls.publish` raises."""
    form = await read_form(request)

    def act(db: Session) -> dict[str, Any]:
        now = now_ms()
        return call_facts(db, calls.publish(db, form, by=actor_of(request), now_ms=now), now)

    return await write_json(parts, act, 201)


async def shortlist(parts: Parts, request: Request, call_id: str, clip_id: str) -> Response:
    """Put an entry on the shortlist, or with `listed: false` off it."""
    listed = (await read_form(request)).get("listed")
    if not isinstance(listed, bool):
        raise BadSpec("listed is true or false.", field="listed")
    me = request.state.principal.tester_id

    def act(db: Session) -> dict[str, Any]:
        calls.shortlist(db, call_id, clip_id, listed, by=me, now_ms=now_ms())
        return {"clip": clip_id, "shortlisted": listed}

    return await write_json(parts, act)


async def decide(parts: Parts, request: Request, call_id: str) -> Response:
    """Publish the decision: `chosen`, clips of the shortlist, perhaps none, and `words`."""
    form = await read_form(request)
    chosen, words = form.get("chosen"), read_text(form, "words")
    if not isinstance(chosen, list) or not all(isinstance(clip_id, str) for clip_id in chosen):
        raise BadSpec("The chosen are a list of clips.", field="chosen")
    me = request.state.principal.tester_id

    def act(db: Session) -> dict[str, Any]:
        now = now_ms()
        calls.decide(db, call_id, chosen, words, by=me, now_ms=now)
        return call_facts(db, db.get_one(Call, call_id, populate_existing=True), now)

    return await write_json(parts, act)


ROUTES: tuple[tuple[str, Callable[..., Awaitable[Response]], str], ...] = (
    ("/calls", show_calls, "GET"),
    ("/calls/list", list_calls, "GET"),
    ("/calls/{call_id}/enter", enter, "POST"),
    ("/calls/{call_id}/{clip_id}/withdraw", withdraw, "POST"),
    ("/backstage/calls", show_jury, "GET"),
    ("/backstage/calls", publish, "POST"),
    ("/backstage/calls/list", list_jury, "GET"),
    ("/backstage/calls/{clip_id}.{kind}", send_entry, "GET"),
    ("/backstage/calls/{call_id}/{clip_id}/shortlist", shortlist, "POST"),
    ("/backstage/calls/{call_id}/decide", decide, "POST"),
)
