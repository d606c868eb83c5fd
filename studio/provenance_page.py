"""What is signed into a clip of where it comes from, checked as its artist opens the page."""

from collections.abc import Awaitable, Callable, Mapping
from html import escape

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from jobs.provenance import identity_of
from sora_core.credentials.reading import VERDICTS, Step, read_credentials
from studio.clock import now_ms
from studio.markup import send_page
from studio.media import find
from studio.parts import Parts

RELATIONS = {"itself": "This clip", "parent": "goes on from", "input": "begun with"}


async def show_credentials(parts: Parts, request: Request, clip_id: str) -> Response:
    """The chain of one of the asker's own clips. Raises NotFound, for others' too."""
    owner_id = request.state.principal.tester_id
    slots = await run_in_threadpool(read_page, parts, clip_id, owner_id)
    return await send_page("credentials", slots)


def read_page(parts: Parts, clip_id: str, owner_id: str) -> Mapping[str, str]:
    clip, _ = find(parts, clip_id, owner_id)
    roots = identity_of(parts.settings, now_ms()).roots
    with parts.store.lend(clip.key) as film:
        steps = read_credentials(film, roots)
    return {
        "<!-- verdict -->": escape(VERDICTS[steps[0].state]),
        "<!-- steps -->": "".join(step_html(step) for step in steps),
    }


def step_html(step: Step) -> str:
    """A row of the chain. Everything in it may be a stranger's words."""
    facts = (step.what, step.model, step.software, step.when and f"{step.when:%d %B %Y, %H:%M} UTC")
    told = "; ".join(str(fact) for fact in facts if fact) or "says nothing"
    who = RELATIONS.get(step.relation, "with")
    signer = f"signed by {step.signer}" if step.signer else "not signed"
    cells = (who, step.state, told, signer)
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


ROUTES: tuple[tuple[str, Callable[..., Awaitable[Response]], str], ...] = (
    ("/clips/{clip_id}/credentials", show_credentials, "GET"),
)
