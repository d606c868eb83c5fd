"""Parts of a page get lost on their way: it mends itself, or says what to do; it is never dead."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.journeys.conftest import DESK, Visitor
from tests.journeys.greenroom import Greenroom
from tests.journeys.test_making import weak_text

LOST = ".banner.incomplete"
PARTS = {
    "a module": "/static/js/studio/strange.js",
    "the first module": "/static/js/studio/main.js",
    "a sheet": "/static/css/studio.css",
    "a plain script": "/static/js/theme.js",
    "a part of Gradio's": "/assets/index-.*",
    "what the studio asks for before it stands": "/me",
}


class Way:
    """Between a page and its server: loses `parts`, a pattern of paths, the first `times` times.

    pages   how often the page itself was asked for
    """

    def __init__(self, visitor: Visitor, parts: str, times: int) -> None:
        self.page, self.url = visitor.page, visitor.url
        self.parts, self.times, self.pages = re.compile(parts), times, 0
        self.page.route("**/*", self.carry)
        self.page.on("request", self.note)

    def carry(self, route: Any) -> None:
        path = route.request.url.removeprefix(self.url)
        if self.times and self.parts.fullmatch(path):
            self.times -= 1
            route.abort("connectionreset")
        else:
            route.continue_()

    def note(self, request: Any) -> None:
        self.pages += request.is_navigation_request()

    def opens(self, url: str, times: int) -> None:
        """Open the page at `url`, and wait until it has loaded itself so often in all."""

        def is_last(_frame: Any) -> bool:
            return self.pages == times

        with self.page.expect_event("framenavigated", is_last, timeout=60_000):
            self.page.goto(url, wait_until="commit")
        self.page.wait_for_load_state()


@pytest.fixture(scope="module")
def device(browser: Browser, greenroom: Greenroom) -> Iterator[BrowserContext]:
    """A browser that Iris is signed in with."""
    context = browser.new_context(viewport=DESK, color_scheme="light")
    visitor = Visitor(context, greenroom.url)
    visitor.sign_in(greenroom.token_for("Iris"))
    visitor.page.close()
    yield context
    context.close()


@pytest.fixture
def artist(device: BrowserContext, greenroom: Greenroom) -> Iterator[Visitor]:
    """A new window of hers."""
    visitor = Visitor(device, greenroom.url)
    yield visitor
    visitor.page.close()
    assert visitor.troubles == []


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_studio_opens_though_a_part_of_it_was_lost(artist: Visitor, part: str) -> None:
    asked_twice = part.endswith("main.js")  # as a preload, and as what runs
    way = Way(artist, part, 1 + asked_twice)
    way.opens(artist.url, 2)
    artist.enter()
    assert (way.pages, way.times, artist.page.locator(LOST).count()) == (2, 0, 0)


@pytest.mark.parametrize("part", ["/static/js/sign-in.js", "/static/css/sign-in.css"])
def test_sign_in_page_mends_itself_too(visit: Callable[[], Visitor], part: str) -> None:
    stranger = visit()
    way = Way(stranger, part, 1)
    way.opens(f"{stranger.url}/sign-in", 2)
    assert (way.pages, way.times, stranger.page.locator(LOST).count()) == (2, 0, 0)


def test_studio_waits_until_greenroom_answers(artist: Visitor) -> None:
    way = Way(artist, "/(me|offer|jobs|healthz)", 5)
    artist.page.goto(artist.url, wait_until="commit")
    artist.page.get_by_text("Greenroom cannot be reached").wait_for()
    artist.page.locator(".studio.ready .composer").wait_for()
    artist.page.wait_for_function("document.querySelector('.examples button')")
    assert (way.pages, way.times) == (2, 0)


def test_page_says_so_where_loading_it_again_did_not_help(artist: Visitor) -> None:
    page = artist.page
    way = Way(artist, "/static/js/studio/wall.js", 100)
    way.opens(artist.url, 4)
    page.locator(LOST).get_by_text("A part of this page did not arrive.").wait_for()
    button = page.get_by_role("button", name="Load it again")
    artist.shoot_every_way("arrival-lost")
    assert weak_text(artist) == []
    way.times = 0
    button.click()
    artist.enter()
    assert (way.pages, page.locator(LOST).count()) == (5, 0)


def test_page_is_not_loaded_again_under_the_hands_of_who_is_in_it(
    visit: Callable[[], Visitor],
) -> None:
    stranger = visit()
    page = stranger.page
    way = Way(stranger, "/healthz", 100)
    page.goto(f"{stranger.url}/sign-in")
    page.evaluate("() => { dispatchEvent(new Event('greenroom:incomplete')) }")
    page.get_by_label("Your token").press_sequentially("half of my tok")
    way.times = 0
    page.get_by_role("button", name="Load it again").wait_for()
    assert page.get_by_label("Your token").input_value() == "half of my tok"
    assert way.pages == 1
