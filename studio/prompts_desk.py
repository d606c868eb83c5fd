"""Backstage, an admin reads a tester's prompts, where that tester's policy lets them."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from errors import BadSpec
from jobs.records import Job
from programme import policy, prompts
from studio.clock import now_ms
from studio.markup import send_page
from studio.parts import Parts
from studio.requests import actor_of, read_form, read_text
from studio.transactions import read_json, write_json

ID = re.compile(r"[0-9a-f]{32}")


async def show_prompts(_parts: Parts, _request: Request) -> Response:
    return await send_page("prompts")


async def list_artists(parts: Parts, _request: Request) -> Response:
    """Whoever asked for a clip, and whether their prompts may be read; what the policy says."""

    def look(db: Session) -> dict[str, Any]:
        return {
            "policy": policy.PROMPTS_WORDS[policy.current(db).policy.prompts],
            "artists": [
                {"id": tester.id, "name": tester.name, "may": may}
                for tester, may in prompts.artists(db)
            ],
        }

    return await read_json(parts, look)


async def read(parts: Parts, request: Request) -> Response:
    """Prompts of one `artist`, and `why`; `before` the id of a clip, older ones alone.

    A POST: that they were read is written down. Raises what `prompts.read` raises.
    """
    form = await read_form(request)
    artist, why = read_id(form, "artist"), read_text(form, "why")
    before = read_id(form, "before") if form.get("before") else None

    def act(db: Session) -> dict[str, Any]:
        now, by = now_ms(), actor_of(request)
        jobs = prompts.read(db, artist, why, by=by, now_ms=now, before=before)
        more = len(jobs) == prompts.SHOWN
        return {"now": now, "prompts": [prompt_facts(job) for job in jobs], "more": more}

    return await write_json(parts, act)


def read_id(form: dict[str, Any], field: str) -> str:
    """Raises BadSpec, naming the field."""
    text = read_text(form, field)
    if not ID.fullmatch(text):
        raise BadSpec(f"The {field} is an id of 32 hex digits.", field=field)
    return text


def prompt_facts(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "asked_at": job.created_at,
        "state": job.state,
        "prompt": job.spec["prompt"],
        "scenes": list(job.spec.get("storyboard") or ()),
        "leaves_out": job.spec.get("negative_prompt") or "",
    }


ROUTES: tuple[tuple[str, Callable[..., Awaitable[Response]], str], ...] = (
    ("/backstage/prompts", show_prompts, "GET"),
    ("/backstage/prompts", read, "POST"),
    ("/backstage/prompts/list", list_artists, "GET"),
)
