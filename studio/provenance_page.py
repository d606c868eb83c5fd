"""What is signed into a film of where it comes from: an artist's own clip, one that is shown, and
any film that somebody brings.
"""

import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from tempfile import NamedTemporaryFile

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import BadRequest, BadSpec, GreenroomError, LinkEnded, NotFound
from jobs.provenance import identity_of
from jobs.records import Clip
from programme import gallery, shares
from sora_core.credentials.apart import facts, read_apart
from sora_core.credentials.reading import VERDICTS, Step, read_credentials
from studio.clock import now_ms
from studio.knocking import knock
from studio.markup import send_page
from studio.media import find
from studio.parts import Parts
from studio.showing.public import TAKEN, nothing_here
from studio.shown import key_for_others

RELATIONS = {"itself": "This film", "parent": "goes on from", "input": "begun with"}


async def show_credentials(parts: Parts, request: Request, clip_id: str) -> Response:
    """The chain of one of the asker's own clips. Raises NotFound, for others' too."""
    owner_id = request.state.principal.tester_id
    clip, _ = await run_in_threadpool(find, parts, clip_id, owner_id)
    steps = await run_in_threadpool(read_stored, parts, clip.key)
    return await send_page("credentials", slots_of(steps))


async def show_shared(parts: Parts, _request: Request, secret: str) -> Response:
    """The chain of the film behind a link; 404 and a sentence once it ended."""

    def follow() -> Clip:
        with parts.database.read() as db:
            return shares.follow(db, secret, now_ms())[1]

    try:
        return await send_shown(parts, await run_in_threadpool(follow))
    except LinkEnded as error:
        return await nothing_here(str(error))


async def show_exhibit(parts: Parts, _request: Request, clip_id: str) -> Response:
    """The chain of a film of the gallery; 404 and a sentence where it does not hang there."""

    def hanging() -> Clip:
        with parts.database.read() as db:
            return gallery.find(db, clip_id).clip

    try:
        return await send_shown(parts, await run_in_threadpool(hanging))
    except NotFound:
        return await nothing_here(TAKEN)


async def send_shown(parts: Parts, clip: Clip) -> Response:
    """Of the very file that others are sent."""
    key = await key_for_others(parts, clip, "mp4")
    steps = await run_in_threadpool(read_stored, parts, key)
    return await send_page("check", slots_of(steps))


async def show_check(_parts: Parts, _request: Request) -> Response:
    return await send_page("check")


async def check(parts: Parts, request: Request) -> Response:
    """The chain of the film that a form brings as `film`: a page, or JSON where that is asked for.

    Nothing of it is kept. Raises TooMany, BadRequest, BadSpec; a page says it in a sentence.
    """
    as_json = "application/json" in request.headers.get("accept", "")
    try:
        steps = await read_brought(parts, request)
    except GreenroomError as error:
        if as_json:
            raise
        page = await send_page("check", {"<!-- verdict -->": escape(str(error))})
        page.status_code = error.status
        return page
    if as_json:
        verdict = VERDICTS[steps[0].state]
        return JSONResponse({"verdict": verdict, "steps": [facts(step) for step in steps]})
    return await send_page("check", slots_of(steps))


async def read_brought(parts: Parts, request: Request) -> Sequence[Step]:
    await knock(parts, request.scope)
    roots = (await run_in_threadpool(identity_of, parts.settings, now_ms())).roots
    try:
        with parts.desk.checking(), NamedTemporaryFile(suffix=".mp4") as copy:
            async with request.form(max_files=1, max_fields=1) as form:
                film = form.get("film")
                if not isinstance(film, UploadFile) or not film.size:
                    raise BadSpec("Choose an MP4 film.", field="film")
                await run_in_threadpool(shutil.copyfileobj, film.file, copy)
            copy.flush()
            return await read_apart(Path(copy.name), roots)
    except HTTPException as error:
        raise BadRequest("The form could not be read: send one film as `film`.") from error


def read_stored(parts: Parts, key: str) -> Sequence[Step]:
    """Of a film of ours. Raises NotFound, StoreFailed."""
    roots = identity_of(parts.settings, now_ms()).roots
    with parts.store.lend(key) as film:
        return read_credentials(film, roots)


def slots_of(steps: Sequence[Step]) -> Mapping[str, str]:
    return {
        "<!-- verdict -->": escape(VERDICTS[steps[0].state]),
        "<!-- steps -->": CHAIN.format("".join(step_html(step) for step in steps)),
    }


CHAIN = """
        <div class="table chain">
          <table>
            <thead><tr><th scope="col">Film</th><th scope="col">Verdict</th>
            <th scope="col">What it says</th><th scope="col">By whom</th></tr></thead>
            <tbody>{}</tbody>
          </table>
        </div>"""


def step_html(step: Step) -> str:
    """A row of the chain. Everything in it may be a stranger's words."""
    facts = (step.what, step.model, step.software, step.when and f"{step.when:%d %B %Y, %H:%M} UTC")
    told = "; ".join(str(fact) for fact in facts if fact) or "says nothing"
    who = RELATIONS.get(step.relation, "with")
    signer = f"signed by {step.signer}" if step.signer else "not signed"
    rest = "".join(f"<td>{escape(cell)}</td>" for cell in (told, signer))
    return f'<tr><td>{who}</td><td class="verdict-of">{escape(step.state)}</td>{rest}</tr>'


ROUTES: tuple[tuple[str, Callable[..., Awaitable[Response]], str], ...] = (
    ("/credentials", show_check, "GET"),
    ("/credentials", check, "POST"),
    ("/clips/{clip_id}/credentials", show_credentials, "GET"),
    ("/gallery/{clip_id}/credentials", show_exhibit, "GET"),
    ("/shared/{secret}/credentials", show_shared, "GET"),
)
