"""What everybody may see, signed in or not: a link's page, the gallery, and its feed.

Plain pages without scripts. Everything artists wrote is escaped here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from xml.etree import ElementTree

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from errors import BadSpec, LinkEnded, NotFound
from jobs.records import Clip
from programme import gallery, shares
from programme.gallery import Exhibit
from studio.clock import now_ms
from studio.markup import send_page
from studio.media import send_to_others
from studio.parts import Parts

NOBODY = "An artist who wishes not to be named"
TAKEN = "This clip does not hang in the gallery, or not any more."
ATOM = "http://www.w3.org/2005/Atom"


async def show_link(parts: Parts, _request: Request, secret: str) -> Response:
    """The page of a link; 404 and a sentence once it ended."""

    def read() -> Mapping[str, str]:
        with parts.database.read() as db:
            share, clip = shares.follow(db, secret, now_ms())
            return {
                "<!-- film -->": film(f"/shared/{secret}", clip),
                "<!-- credit -->": escape(share.credit or NOBODY),
                "<!-- when -->": day(clip.created_at),
            }

    try:
        return await send_page("shared", await run_in_threadpool(read))
    except LinkEnded as error:
        return await nothing_here(str(error))


async def send_shared(parts: Parts, _request: Request, secret: str, kind: str) -> Response:
    """The film or the still behind a link. Raises LinkEnded."""

    def find() -> Clip:
        with parts.database.read() as db:
            return shares.follow(db, secret, now_ms())[1]

    return await send_to_others(parts, await run_in_threadpool(find), kind)


async def show_gallery(parts: Parts, request: Request) -> Response:
    """The newest clips, or those older than `before`. Raises BadSpec."""
    before_ms = read_before(request)

    def read() -> Mapping[str, str]:
        with parts.database.read() as db:
            found = gallery.exhibits(db, before_ms=before_ms)
        rest = found[-1].publication.published_at if len(found) == gallery.PAGE else None
        return {
            "<!-- clips -->": "\n".join(map(tile, found)) or EMPTY,
            "<!-- older -->": ""
            if rest is None
            else f'<a class="button" href="/gallery?before={rest}">Older clips</a>',
        }

    return await send_page("gallery", await run_in_threadpool(read))


async def show_exhibit(parts: Parts, _request: Request, clip_id: str) -> Response:
    """One clip of the gallery; 404 and a sentence where it does not hang there."""

    def read() -> Mapping[str, str]:
        with parts.database.read() as db:
            exhibit = gallery.find(db, clip_id)
        row, clip = exhibit.publication, exhibit.clip
        prompt = (
            "" if exhibit.prompt is None else f"<blockquote>{escape(exhibit.prompt)}</blockquote>"
        )
        return {
            "TITLE_SLOT": escape(row.title),
            "<!-- film -->": film(f"/gallery/{clip_id}", clip),
            "<!-- credit -->": escape(row.credit or NOBODY),
            "<!-- when -->": day(row.published_at),
            "<!-- prompt -->": prompt,
        }

    try:
        return await send_page("exhibit", await run_in_threadpool(read))
    except NotFound:
        return await nothing_here(TAKEN)


async def send_exhibit(parts: Parts, _request: Request, clip_id: str, kind: str) -> Response:
    """Raises NotFound for what does not hang in the gallery."""

    def find() -> Clip:
        with parts.database.read() as db:
            return gallery.find(db, clip_id).clip

    return await send_to_others(parts, await run_in_threadpool(find), kind)


async def send_feed(parts: Parts, _request: Request) -> Response:
    """The newest of the gallery as an Atom feed (RFC 4287)."""

    def read() -> bytes:
        with parts.database.read() as db:
            return feed(gallery.exhibits(db), parts.settings.public_url)

    content = await run_in_threadpool(read)
    return Response(content, media_type="application/atom+xml; charset=utf-8")


def feed(exhibits: Any, url: str) -> bytes:
    ElementTree.register_namespace("", ATOM)
    root = ElementTree.Element(f"{{{ATOM}}}feed")

    def add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> Any:
        element = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
        element.text = text or None
        return element

    newest = max((row.publication.published_at for row in exhibits), default=0)
    add(root, "id", f"{url}/gallery")
    add(root, "title", "Greenroom, the gallery")
    add(root, "updated", stamp(newest))
    add(root, "link", rel="self", href=f"{url}/gallery/feed.xml")
    add(root, "link", rel="alternate", href=f"{url}/gallery", type="text/html")
    for row in exhibits:
        page = f"{url}/gallery/{row.clip.id}"
        entry = add(root, "entry")
        add(entry, "id", page)
        add(entry, "title", row.publication.title)
        add(entry, "updated", stamp(row.publication.published_at))
        add(add(entry, "author"), "name", row.publication.credit or NOBODY)
        add(entry, "link", rel="alternate", href=page, type="text/html")
        add(entry, "link", rel="enclosure", href=f"{page}.mp4", type="video/mp4")
        if row.prompt is not None:
            add(entry, "summary", row.prompt)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


async def nothing_here(sentence: str) -> Response:
    page = await send_page("nothing-here", {"<!-- sentence -->": escape(sentence)})
    page.status_code = 404
    return page


def film(path: str, clip: Clip) -> str:
    """A player for the film at `path`.mp4, its still until it plays, the way to its credentials."""
    return (
        f'<video src="{path}.mp4" poster="{path}.jpg" width="{clip.width}" height="{clip.height}" '
        'controls loop muted playsinline preload="metadata"></video>'
        f'<p class="signed"><a href="{path}/credentials">Content Credentials: what is signed into '
        "this film, and whether it holds</a></p>"
    )


def tile(exhibit: Exhibit) -> str:
    row, clip = exhibit.publication, exhibit.clip
    return (
        f'<li><a href="/gallery/{clip.id}"><img src="/gallery/{clip.id}.jpg" alt="" '
        f'width="{clip.width}" height="{clip.height}" loading="lazy" />'
        f"<strong>{escape(row.title)}</strong></a>"
        f"<span>{escape(row.credit or NOBODY)}</span></li>"
    )


EMPTY = '<li class="nothing">Nothing hangs here yet. Artists choose what they show.</li>'


def read_before(request: Request) -> int | None:
    text = request.query_params.get("before")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadSpec("The time is a whole number of milliseconds.", field="before")
    return int(text)


def day(ms: int) -> str:
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return f'<time datetime="{at:%Y-%m-%d}">{at.day} {at:%B %Y}</time>'


def stamp(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
