"""Backstage, a film that turned up somewhere is brought here: whose is it?

It is written to a draft as it comes, read in a process of its own, one film after the other, and
removed. What was found stays, and in the audit log who asked.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi.concurrency import contextmanager_in_threadpool
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from auth import audit, testers
from errors import BadRequest, BadSpec, TooMany
from jobs import tracings
from jobs.marks import Known, known_marks, lent, match
from jobs.records import Mark, Tracing
from sora_core.mark.apart import fingerprint_apart, trace_apart
from sora_core.mark.film import demuxer_of, unreadable
from sora_core.mark.keys import mark_key
from sora_core.store import told
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts
from studio.requests import actor_of

log = logging.getLogger("greenroom.studio")

WAITING_MAX = 4
#: After so long nobody reads a film any more: the process that did is gone.
LOST_MS = 15 * 60_000
BROKE = "Reading the film failed here: the log says why."


async def show_trace(_parts: Parts, _request: Request) -> Response:
    return await send_page("trace")


async def list_tracings(parts: Parts, _request: Request) -> Response:
    """The newest films that were asked about, and what was found in each."""

    def read() -> dict[str, Any]:
        now = now_ms()
        with parts.database.read() as db:
            rows = tracings.latest(db)
            marks = tracings.marks_in(db, rows)
            names = {tester.id: tester.name for tester in testers.list(db)}
            return {"now": now, "tracings": [facts(row, marks, names, now) for row in rows]}

    return JSONResponse(await run_in_threadpool(read))


async def ask(parts: Parts, request: Request) -> Response:
    """202: the film, as the body, is being read. Raises BadSpec, TooMany, StoreFailed."""
    if len(parts.desk.tracings) >= WAITING_MAX:
        raise TooMany("Other films are being read: wait for them.", limit="films", retry_after_s=20)
    draft = await run_in_threadpool(parts.store.draft, f"trace-{uuid4().hex}")
    try:
        size, sha256 = await write_down(request, draft)
        await run_in_threadpool(demuxer_of, draft)
        tracing = await run_in_threadpool(begin, parts, request, size, sha256)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    parts.desk.begin(see_through(parts, tracing["id"], draft, actor_of(request)))
    return JSONResponse(tracing, 202)


async def write_down(request: Request, draft: Path) -> tuple[int, str]:
    """The body's size and SHA-256. Raises BadSpec for an empty one, BadRequest, StoreFailed."""
    size, digest = 0, hashlib.sha256()
    try:
        with told("The film could not be kept"), draft.open("wb") as file:
            async for piece in request.stream():
                size += len(piece)
                digest.update(piece)
                await run_in_threadpool(file.write, piece)
    except ClientDisconnect as error:
        raise BadRequest("The film ended in the middle.") from error
    if size == 0:
        raise unreadable()
    return size, digest.hexdigest()


def begin(parts: Parts, request: Request, size: int, sha256: str) -> dict[str, Any]:
    with parts.database.begin() as db:
        now = now_ms()
        tracing = tracings.begin(db, size=size, sha256=sha256, now_ms=now)
        audit.record(
            db,
            actor=actor_of(request),
            action="mark.trace",
            subject=f"film:{tracing.id}",
            details={"bytes": size, "sha256": sha256},
            now_ms=now,
        )
        return facts(tracing, {}, {}, now)


async def see_through(parts: Parts, tracing_id: str, draft: Path, actor: str) -> None:
    """Read the film, when it is its turn, and write down what was found, or why nothing was."""
    try:
        async with parts.desk.one_film:
            await read_film(parts, tracing_id, draft, actor)
    except BadSpec as problem:
        await run_in_threadpool(give_up, parts, tracing_id, str(problem))
    except Exception:
        log.exception("tracing %s failed", tracing_id)
        await run_in_threadpool(give_up, parts, tracing_id, BROKE)
    finally:
        draft.unlink(missing_ok=True)


async def read_film(parts: Parts, tracing_id: str, draft: Path, actor: str) -> None:
    key = mark_key(parts.settings.mark_key)

    def know(shown: str) -> Known:
        with parts.database.read() as db:
            return known_marks(db, key, shown)

    shown = await fingerprint_apart(draft)
    known = await run_in_threadpool(know, shown)
    async with contextmanager_in_threadpool(lent(parts.store, known)) as alike:
        traced = await trace_apart(draft, key, known.numbers, alike)

    def note() -> None:
        now = now_ms()
        with parts.database.begin() as db:
            found = match(db, known, traced)
            tracings.note_found(db, tracing_id, found, now)
            if found.mark is not None:
                audit.record(
                    db,
                    actor=actor,
                    action="mark.found",
                    subject=f"job:{found.mark.job_id}",
                    details={"film": tracing_id, "z": f"{found.z:.1f}"},
                    now_ms=now,
                )

    await run_in_threadpool(note)


def give_up(parts: Parts, tracing_id: str, sentence: str) -> None:
    with parts.database.begin() as db:
        tracings.note_problem(db, tracing_id, sentence, now_ms())


def facts(row: Tracing, marks: dict[int, Mark], names: dict[str, str], now: int) -> dict[str, Any]:
    """`state`: `reading`, `found`, `none`, `unreadable`, or `lost` with whoever read it."""
    ended = "unreadable" if row.problem else "none" if row.number is None else "found"
    reading = "reading" if row.asked_at > now - LOST_MS else "lost"
    return {
        "id": row.id,
        "bytes": row.bytes,
        "sha256": row.sha256,
        "asked_at": row.asked_at,
        "state": ended if row.ended_at else reading,
        "problem": row.problem,
        "whose": whose(marks.get(row.number or 0), names),
        "z": row.z,
        "like_z": row.like_z,
        "chance": None if row.number is None else row.chance,
        "compared": row.compared,
        "other_keys": row.other_keys,
        "hints": [
            {**(whose(marks.get(number), names) or {}), "differs": share}
            for number, share in row.hints or ()
        ],
    }


def whose(mark: Mark | None, names: dict[str, str]) -> dict[str, Any] | None:
    """Token and tester are null once the tester's data was erased."""
    if mark is None:
        return None
    return {
        "job": mark.job_id,
        "token": mark.admission_id or None,
        "tester": names.get(mark.owner_id, mark.owner_id or None),
    }


ROUTES: tuple[tuple[str, Callable[..., Awaitable[Response]], str], ...] = (
    ("/backstage/trace", show_trace, "GET"),
    ("/backstage/trace", ask, "POST"),
    ("/backstage/trace/list", list_tracings, "GET"),
)
