"""Whole pages out of their parts: what each page says itself, in the frame that all of them share.

A file in `pages/` begins with what the frame needs to know of it, then comes its body:

    <!--
    title: Your devices
    css: dialog
    js: devices
    room: Your devices
    links: /backstage Backstage, / Studio
    -->
    <main> … </main>

css    sheets it needs besides `base` and `controls`, in order
js     the module that runs it, a path within `static/js`; without one the page is text alone
class  of its body, besides `page`; a page with a bar has `backstage` where it names none, and a
       `public` one the bar of what is open to everybody
room   what the bar at the top calls the place; a page without one has no bar
home   where the wordmark leads, `/` where it is not said
links  of the bar: address and words, commas between

Slots of a body, such as `<!-- terms -->`, are filled by whoever sends the page: `{…}` means
nothing in it.
"""

from collections.abc import Mapping
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse

from studio import arrival

PAGES = Path(__file__).parent / "pages"
EVERYWHERE = ("base", "controls")
BARRED = ("bar", "dialog", "backstage")


async def send_page(name: str, slots: Mapping[str, str] | None = None) -> HTMLResponse:
    """The page `name` with its slots filled. The values are markup: escape what is not."""
    return HTMLResponse(await run_in_threadpool(page_text, name, slots))


def page_text(name: str, slots: Mapping[str, str] | None = None) -> str:
    """The page `name` as a browser gets it."""
    about, body = parse((PAGES / f"{name}.html").read_text(encoding="utf-8"))
    barred = "room" in about
    always = (*EVERYWHERE, *BARRED) if barred else EVERYWHERE
    sheets = dict.fromkeys((*always, *about.get("css", "").split()))
    assets = [arrival.element()]  # first, to see whether the rest arrives
    assets += [f'<link rel="stylesheet" href="/static/css/{sheet}.css" />' for sheet in sheets]
    assets.append('<script src="/static/js/theme.js"></script>')
    if "js" in about:
        assets.append(f'<script type="module" src="/static/js/{about["js"]}.js"></script>')
    page = filled(
        "frame",
        title=about["title"],
        assets="\n".join(f"    {line}" for line in assets),
        body=barred_body(about, body) if barred else open_body(about, body),
        **{"class": about.get("class", "backstage")},
    )
    for slot, value in (slots or {}).items():
        page = page.replace(slot, value)
    return page


def parse(text: str) -> tuple[Mapping[str, str], str]:
    """What a file says of itself, and its body."""
    head, _, body = text.removeprefix("<!--\n").partition("\n-->\n")
    about = dict(line.split(": ", 1) for line in head.splitlines())
    return about, body.rstrip("\n")


def barred_body(about: Mapping[str, str], main: str) -> str:
    links = [pair.strip().split(" ", 1) for pair in about.get("links", "").split(",") if pair]
    anchors = (f'        <a class="button quiet" href="{to}">{words}</a>' for to, words in links)
    return filled(
        "bar",
        home=about.get("home", "/"),
        room=about["room"],
        links="\n".join(anchors),
        main=main,
    ).rstrip("\n")


def open_body(about: Mapping[str, str], main: str) -> str:
    return filled("public-bar") + main if about.get("class") == "public" else main


def filled(name: str, **parts: str) -> str:
    """A template, each `{part}` put in once: what is put in is not read again."""
    text = (PAGES / f"{name}.html").read_text(encoding="utf-8")
    return text.format_map(parts)
