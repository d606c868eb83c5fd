"""What is kept of a tester: what else it may be used for, all of it as a file, and its end."""

import os
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from auth.budget import release
from errors import BadSpec, NotGranted
from jobs import erasing
from jobs.records import Job
from programme import archive, consent, erasure, ledger
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts
from studio.people.kept import KEPT
from studio.people.ledger_desk import totals_facts
from studio.requests import read_form, read_text

PIECE_BYTES = 2**20


async def show_data(_parts: Parts, _request: Request) -> Response:
    return await send_page("data")


async def list_data(parts: Parts, request: Request) -> Response:
    """What is kept and why, what the asker allowed, and what they are owed."""
    principal = request.state.principal

    def read() -> dict[str, Any]:
        with parts.database.read() as db:
            said = consent.words_of(db, principal.tester_id)
            clips = [row for row in said if row.clip_id != consent.ALL]
            prompts = {row.clip_id: prompt_of(db.get(Job, row.clip_id)) for row in clips}
            return {
                "now": now_ms(),
                "name": principal.name,
                "purposes": consent.PURPOSES,
                "in_general": consent.in_general(db, principal.tester_id),
                "clips": [
                    {
                        "clip": row.clip_id,
                        "prompt": prompts[row.clip_id],
                        "purpose": row.purpose,
                        "given": row.given,
                        "said_at": row.said_at,
                    }
                    for row in clips
                ],
                "kept": [
                    {
                        "what": holding.name,
                        "what_for": holding.purpose,
                        "when_you_leave": holding.outcome,
                        "why": holding.kept,
                    }
                    for holding in KEPT
                ],
                "totals": totals_facts(ledger.totals(db, principal.tester_id)),
            }

    return JSONResponse(await run_in_threadpool(read))


def prompt_of(job: Job | None) -> str | None:
    return None if job is None else str(job.spec["prompt"])


async def say_consent(parts: Parts, request: Request) -> Response:
    """Take the asker's word: `purpose`, `given`, and `clip` where it is of one clip alone.

    Raises BadSpec, NotFound for a clip that is not theirs.
    """
    form, tester_id = await read_form(request), request.state.principal.tester_id
    purpose, given = read_text(form, "purpose"), form.get("given")
    clip_id = read_text(form, "clip") if form.get("clip") else consent.ALL
    if not isinstance(given, bool):
        raise BadSpec("Say yes or no: given is true or false.", field="given")

    def act() -> dict[str, Any]:
        with parts.database.begin() as db:
            consent.say(db, tester_id, purpose, given, clip_id=clip_id, now_ms=now_ms())
            return consent.in_general(db, tester_id)

    return JSONResponse({"in_general": await run_in_threadpool(act)})


async def send_archive(parts: Parts, request: Request) -> Response:
    """Everything that is kept of the asker, as a ZIP; that it was made is in the log."""
    tester_id, now = request.state.principal.tester_id, now_ms()
    file = await run_in_threadpool(pack, parts, tester_id, now)
    headers = {
        "content-disposition": f'attachment; filename="greenroom-{ledger.day_of(now)}.zip"',
        "content-length": str(file.seek(0, os.SEEK_END)),
    }
    file.seek(0)
    return StreamingResponse(pieces(file), media_type="application/zip", headers=headers)


def pack(parts: Parts, tester_id: str, now: int) -> IO[bytes]:
    """In a file without a name: it goes with the answer, however that ends."""
    with parts.database.begin() as db:
        archive.note_export(db, tester_id, now)
    with parts.database.read() as db:
        gathered = archive.gather(db, tester_id, now, KEPT)
    file = tempfile.TemporaryFile(dir=parts.settings.data)  # noqa: SIM115 (the answer closes it)
    try:
        archive.write(gathered, file, parts.store.lend)
    except BaseException:
        file.close()
        raise
    return file


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


async def erase(parts: Parts, request: Request) -> Response:
    """Delete the asker for good, who says so by their own `name`; the answer is the receipt.

    Raises BadSpec, NotGranted for a script, Conflict for the last admin.
    """
    principal = request.state.principal
    name = read_text(await read_form(request), "name")
    if principal.sign_in_id is None:
        raise NotGranted("A script erases nobody. Do it in the studio, on the page Your data.")

    def act() -> erasure.Erased:
        with parts.database.begin() as db:
            return erasure.erase(
                db,
                principal.tester_id,
                name,
                release=release,
                now_ms=now_ms(),
                holdings=KEPT,
            )

    gone = await run_in_threadpool(act)
    await run_in_threadpool(discard, parts, gone)
    for token_id in gone.tokens:
        parts.leases.end_token(token_id)
    return JSONResponse(gone.receipt)


def discard(parts: Parts, gone: erasure.Erased) -> None:
    for job in gone.jobs:
        erasing.discard(parts.store, job)
    for name in gone.brought:
        parts.store.discard(name)
