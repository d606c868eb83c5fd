"""The studio's page: one Gradio block with our own template, and the shell it is delivered in."""

import asyncio
import json
import re
import secrets
from pathlib import Path

import gradio as gr
from sqlalchemy.exc import OperationalError
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import GreenroomError
from settings import Settings
from studio import arrival
from studio.cards import one_card
from studio.clock import now_ms
from studio.headers import SELF, content_policy
from studio.making import make
from studio.parts import Parts
from studio.refusals import unreachable

PAGES = Path(__file__).parent / "pages"
OPEN = (
    'import("/static/js/studio/main.js")'
    ".then((studio) => studio.open({ element, trigger, watch, props }),"
    ' () => dispatchEvent(new Event("greenroom:incomplete")));'
)

# What Gradio's shell brings for its own site: previews with an outside picture, a manifest, and
# a frame resizer that listens to any origin.
FOREIGN = re.compile(
    r"<meta\s+(?:property|name)=\"(?:og|twitter):[^>]*>"
    r"|<link rel=\"manifest\"[^>]*>"
    r"|<script>(?:(?!</script>).)*iframeResizer(?:(?!</script>).)*</script>",
    re.DOTALL,
)


def build_page(parts: Parts) -> gr.Blocks:
    """The Blocks. Its one event goes through Gradio's queue and only admits and enqueues."""

    def submit(event: gr.EventData, request: gr.Request) -> str:
        """The card of the new job, or the problem, with the page's own `ticket` to match."""
        wish = dict(event._data) if isinstance(event._data, dict) else {}
        ticket = wish.pop("ticket", None)
        principal = request.request.state.principal
        try:
            job = make(parts, principal, [wish], now_ms()).first
        except OperationalError:
            return json.dumps({"ticket": ticket, "problem": unreachable().as_problem()})
        except GreenroomError as error:
            return json.dumps({"ticket": ticket, "problem": error.as_problem()})
        with parts.database.read() as db:
            card = one_card(db, parts.queue, job.id, principal.tester_id)
        return json.dumps({"ticket": ticket, "job": card})

    with gr.Blocks(title="Greenroom", analytics_enabled=False, fill_width=True) as page:
        studio = gr.HTML(
            value="",
            html_template=(PAGES / "studio.html").read_text(),
            js_on_load=OPEN,
            apply_default_css=False,
            elem_id="studio",
        )
        studio.submit(
            submit,
            inputs=None,
            outputs=studio,
            show_progress="hidden",
            api_visibility="private",
            concurrency_limit=8,
            trigger_mode="multiple",
        )
    page.queue(api_open=False)
    return page


def plain_theme() -> gr.themes.Base:
    """No web fonts: our own style sheet dresses the page."""
    return gr.themes.Base(font=["system-ui"], font_mono=["ui-monospace"])


class Shell:
    """Around the site: makes the studio's HTML ours before it leaves.

    Gradio's page runs inline scripts; each gets a fresh nonce, so that the policy can refuse
    every other. Its template functions need `unsafe-eval`. Our head goes in first, and the
    query, which Gradio would read deep links from, goes out.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings
        self.head = arrival.element() + (PAGES / "studio-head.html").read_text()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        headers = [row for row in scope["headers"] if row[0] != b"accept-encoding"]
        status, body = await collect(self.app, {**scope, "headers": headers, "query_string": b""})
        nonce = secrets.token_urlsafe(16)
        policy = content_policy(
            self.settings,
            script=f"{SELF} 'nonce-{nonce}' 'unsafe-eval'",
            style=f"{SELF} 'unsafe-inline'",
        )
        response = HTMLResponse(
            dress(body, self.head, nonce), status, headers={"content-security-policy": policy}
        )
        await response(scope, receive, send)


def dress(html: str, head: str, nonce: str) -> str:
    html = FOREIGN.sub("", html).replace("<head>", f"<head>{head}", 1)
    return re.sub(r"<script(?=[\s>])", f'<script nonce="{nonce}"', html)


async def collect(app: ASGIApp, scope: Scope) -> tuple[int, str]:
    """Status and text of what `app` answers to a GET."""
    status, asked = 500, False
    chunks: list[bytes] = []

    async def receive() -> Message:
        nonlocal asked
        if asked:  # somebody listens for a disconnect, and there is none
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, b"".join(chunks).decode()
