"""Pages are put together from one frame: what each says of itself is all that differs."""

import re
from pathlib import Path

import pytest

from studio.markup import PAGES, page_text

STATIC = PAGES.parent.parent / "static"
# What pages are made of, and what Gradio's page is dressed with.
PARTS = {"frame", "bar", "public-bar", "studio", "studio-head"}
NAMES = sorted(path.stem for path in PAGES.glob("*.html") if path.stem not in PARTS)


@pytest.mark.parametrize("name", NAMES)
def test_page_is_whole_and_asks_only_for_files_that_exist(name: str) -> None:
    page = page_text(name)
    assert page.startswith("<!doctype html>\n")
    assert page.count("<main") == page.count("<title>") == page.count("</html>") == 1
    assert '<meta name="viewport" content="width=device-width, initial-scale=1" />' in page
    assets = re.findall(r'(?:href|src)="/static/(\S+?)"', page)
    assert {path for path in assets if not (STATIC / path).is_file()} == set()


def test_page_with_a_room_has_the_bar_and_its_links() -> None:
    page = page_text("devices")
    assert '<span class="room">Your devices</span>' in page
    assert '<a class="button quiet" href="/">Studio</a>' in page
    assert '<body class="page backstage">' in page


def test_page_without_a_room_has_no_bar() -> None:
    assert '<header class="bar">' not in page_text("sign-in")


def test_public_page_has_the_bar_of_what_is_open_to_everybody_one_time() -> None:
    pages = {name: page_text(name).count('<header class="public-bar">') for name in NAMES}
    public = {"check", "exhibit", "gallery", "nothing-here", "shared", "transparency"}
    assert pages == {name: int(name in public) for name in NAMES}
    assert page_text("gallery").index("public-bar") < page_text("gallery").index("<main")


def test_slots_of_a_page_are_filled_and_braces_mean_nothing() -> None:
    page = page_text("sign-in", {"<!-- wrong -->": "{title} was wrong"})
    assert "{title} was wrong" in page
    assert "<title>Sign in · Greenroom</title>" in page


def test_styles_and_scripts_of_every_page_come_from_our_own_host() -> None:
    for name in NAMES:
        assert re.findall(r'(?:href|src)="(?:https?:)?//', page_text(name)) == []


def test_only_the_frame_has_a_head() -> None:
    """The head stands once; Gradio's page brings its own."""
    written = {path.name for path in Path(PAGES).glob("*.html") if "<head>" in path.read_text()}
    assert written == {"frame.html"}
