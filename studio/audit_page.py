"""Backstage's reading room: the audit log, newest first, and as a file."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth import audit, checkpoints, testers
from auth.audit import Search
from auth.audit_file import as_csv, as_lines, facts
from auth.verification import every_row, verify
from errors import BadSpec
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts

ROWS_SHOWN = 100
KINDS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}


async def show_audit(_parts: Parts, _request: Request) -> Response:
    return await send_page("audit")


async def list_entries(parts: Parts, request: Request) -> Response:
    """Rows that fit `actor`, `action`, `subject`, older than row `before`; the names behind ids.

    Raises BadSpec for a `before` that is no whole number.
    """
    search = read_search(request)

    def read() -> dict[str, Any]:
        with parts.database.read() as db:
            rows = audit.entries(db, search, ROWS_SHOWN)
            names = {tester.id: tester.name for tester in testers.list(db)}
        return {
            "now": now_ms(),
            "entries": [facts(row) for row in rows],
            "names": names,
            "more": len(rows) == ROWS_SHOWN,
        }

    return JSONResponse(await run_in_threadpool(read))


def read_search(request: Request) -> Search:
    asked = {name: value for name, value in request.query_params.items() if value}
    before = asked.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 16):
        raise BadSpec("The row must be a whole number.", field="before")
    return Search(
        actor=asked.get("actor"),
        action=asked.get("action"),
        subject=asked.get("subject"),
        before_seq=int(before) if before else None,
    )


async def show_verdict(parts: Parts, _request: Request) -> Response:
    """Whether the log is whole, every row of it read."""

    def check() -> dict[str, Any]:
        with parts.database.read() as db:
            return vars(verify(db, checkpoints.trusted_keys(parts.settings)))

    return JSONResponse(await run_in_threadpool(check))


async def send_file(parts: Parts, _request: Request, kind: str) -> Response:
    """The whole log, oldest row first, as `csv` or `jsonl`."""

    def read() -> str:
        with parts.database.read() as db:
            rows = [facts(row) for row in every_row(db)]
        return as_csv(rows) if kind == "csv" else as_lines(rows)

    name = f'attachment; filename="greenroom-audit.{kind}"'
    text = await run_in_threadpool(read)
    return Response(text, media_type=KINDS[kind], headers={"content-disposition": name})
