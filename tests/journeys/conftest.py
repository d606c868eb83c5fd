"""A real browser in front of Greenroom as people run it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.journeys.greenroom import ROOT, Greenroom
from tests.services import find_program

ARTEFACTS = Path(os.environ.get("GREENROOM_ARTEFACTS", ROOT / "artefacts"))
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


class Visitor:
    """A browser window of one person. Collects what a calm page never has."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.troubles: list[str] = []
        self.lost: list[str] = []  # what did not arrive; told beside troubles, for it explains them
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("request", self.note_request)
        self.page.on("requestfailed", lambda r: self.lost.append(f"{r.failure}: {r.url}"))
        self.page.on("console", self.note_console)

    def note_request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.troubles.append(f"a request to another host: {request.url}")

    def note_console(self, message: Any) -> None:
        # A refused request is logged by the browser itself; tests expect some.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.troubles.append(f"console: {message.text}")

    def sign_in(self, token: str) -> None:
        self.page.goto(f"{self.url}/sign-in")
        self.page.get_by_label("Your token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        self.enter()

    def enter(self) -> None:
        """Wait until the studio stands."""
        self.page.wait_for_url(f"{self.url}/")
        self.page.wait_for_selector(".studio.ready")

    def open_options(self) -> None:
        button = self.page.get_by_role("button", name="Options")
        if button.get_attribute("aria-expanded") == "false":
            button.click()

    def ask(
        self, prompt: str, seconds: int = 1, size: str = "256p", variant: str = "Quality"
    ) -> Any:
        """Ask for a clip with the keyboard; its card, once it is on the wall."""
        page = self.page
        self.open_options()
        page.get_by_role("radio", name=variant).click()
        page.get_by_role("radio", name=size).click()
        page.locator("[name=seconds]").fill(str(seconds))
        page.get_by_label("Prompt").fill(prompt)
        return self.send()

    def send(self) -> Any:
        """Generate, by the keyboard, what the bar holds; its card, once it is on the wall."""
        page, before = self.page, self.page.locator(".card").count()
        page.locator("#prompt").press("Control+Enter")
        page.wait_for_function("n => document.querySelectorAll('.card').length > n", arg=before)
        job_id = page.locator(".card").first.get_attribute("data-job")
        return page.locator(f".card[data-job='{job_id}']")

    def reaches(self, card: Any, *states: str, limit_s: float = 120) -> str:
        """Wait until the card is in one of `states`."""
        job_id = card.get_attribute("data-job")
        self.page.wait_for_function(
            "([id, states]) => states.includes("
            "document.querySelector(`.card[data-job='${id}']`)?.dataset.state)",
            arg=[job_id, list(states)],
            timeout=limit_s * 1000,
        )
        return str(card.get_attribute("data-state"))

    def shoot(self, name: str) -> Path:
        """Keep a picture of the window among the artefacts."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def shoot_every_way(self, name: str) -> None:
        """The window light, dark, and on a phone in both; back as it was."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            for kind, size in (("phone", PHONE), ("desk", DESK)):
                self.page.set_viewport_size(size)
                self.page.wait_for_timeout(250)  # transitions of colour and place
                self.shoot(f"{name}-{kind}-{scheme}")
                assert self.overflow() == 0, f"{name} scrolls sideways on a {kind}"
        self.page.emulate_media(color_scheme="light")

    def overflow(self) -> int:
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return max(0, int(wide))


# Not for the whole run: while Playwright is on, this thread has a running event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find_program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def greenroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Greenroom]:
    """A fresh Greenroom for a file of tests."""
    room = Greenroom(
        tmp_path_factory.mktemp("greenroom"),
        GREENROOM_RATE_PER_MINUTE="60",
        GREENROOM_CONCURRENT="2",
    )
    room.start()
    yield room
    room.end()


@pytest.fixture
def visit(browser: Browser, greenroom: Greenroom) -> Iterator[Callable[[], Visitor]]:
    """Opens windows of different people; at the end none of them saw trouble."""
    visitors: list[Visitor] = []

    def open_window() -> Visitor:
        context = browser.new_context(viewport=DESK, color_scheme="light")
        visitors.append(Visitor(context, greenroom.url))
        return visitors[-1]

    yield open_window
    for visitor in visitors:
        visitor.context.close()
    lost = "\n".join(row for visitor in visitors for row in visitor.lost)
    assert [trouble for visitor in visitors for trouble in visitor.troubles] == [], lost
