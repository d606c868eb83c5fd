"""The policy on pages: for everybody to read, for testers to answer, for admins to announce."""

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import BadSpec
from programme import policy
from programme.policy import Version
from studio.clock import now_ms
from studio.markup import send_page
from studio.openness import limits
from studio.parts import Parts
from studio.requests import actor_of, read_form, read_text
from studio.transactions import read_json


async def show_policy(_parts: Parts, _request: Request) -> Response:
    return await send_page("policy")


async def list_versions(parts: Parts, _request: Request) -> Response:
    """Every version in words, the newest first, and what limits a tester: open to everybody."""

    def look(db: Session) -> dict[str, Any]:
        return {
            "now": now_ms(),
            "versions": [version_facts(version) for version in policy.versions(db)],
            "limits": limits(parts.settings),
        }

    return await read_json(parts, look)


async def show_mine(parts: Parts, request: Request) -> Response:
    """What holds for the asker, and the version that waits for their answer, or null."""

    def look(db: Session) -> dict[str, Any]:
        stands = policy.standing(db, request.state.principal.tester_id)
        return {
            "now": now_ms(),
            "holds": version_facts(stands.holds),
            "awaits": stands.awaits and version_facts(stands.awaits),
            "lost": stands.lost,
        }

    return await read_json(parts, look)


def version_facts(version: Version) -> dict[str, Any]:
    return {
        "number": version.number,
        "sentences": policy.sentences(version.policy),
        "words": version.words,
        "announced_at": version.announced_at,
        **asdict(version.policy),
    }


async def accept(parts: Parts, request: Request) -> Response:
    """Agree to version `number`. Raises BadSpec, Conflict where it is not the one in force."""
    number = (await read_form(request)).get("number")
    if isinstance(number, bool) or not isinstance(number, int):
        raise BadSpec("Name the version by its number.", field="number")

    def act() -> None:
        with parts.database.begin() as db:
            policy.accept(db, request.state.principal.tester_id, number, now_ms())

    await run_in_threadpool(act)
    return JSONResponse({"number": number})


async def show_announcing(_parts: Parts, _request: Request) -> Response:
    return await send_page("announcing")


async def announce(parts: Parts, request: Request) -> Response:
    """Put the next version into force: its parts, `words` to testers, and `after`, the number
    that was looked at. With `dry` only what it would take away. Raises BadSpec, Conflict.
    """
    form = await read_form(request)
    dry, after = form.pop("dry", False), form.pop("after", None)
    words = read_text(form, "words") if not dry else ""
    form.pop("words", None)
    wanted = policy.parse(form)

    def act() -> dict[str, Any]:
        with parts.database.begin() as db:
            had = policy.current(db)
            lost = policy.taken_away(had.policy, wanted)
            said = {"lost": lost, "sentences": policy.sentences(wanted)}
            if dry:
                return said
            if isinstance(after, bool) or not isinstance(after, int):
                raise BadSpec("Say after which version, by its number.", field="after")
            by = actor_of(request)
            made = policy.announce(db, wanted, words, after=after, by=by, now_ms=now_ms())
            return said | version_facts(made)

    return JSONResponse(await run_in_threadpool(act), 200 if dry else 201)
