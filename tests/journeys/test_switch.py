"""An admin stops everybody: open pages read why as it happens, and go on when it is undone."""

from collections.abc import Callable
from typing import Any

from auth.records import Reservation
from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom, wait_for
from tests.journeys.test_programme import job_id
from tests.journeys.test_showing import admin_token

MESSAGE = "We are looking at a leak. Back by noon."
SENTENCE = (
    "Making clips is paused for everybody: We are looking at a leak. Back by noon. "
    "Your clips are kept."
)


def test_stop_reaches_the_clip_being_drawn_and_open_pages_until_it_is_undone(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    """The clip ends uncharged, another is refused with the message, and later one is made."""
    admin, ada = visit(), visit()
    admin.sign_in(admin_token(greenroom, "Noor"))
    ada.sign_in(greenroom.token_for("Ada"))
    banner = ada.page.locator(".banner")
    assert banner.is_hidden()

    write_the_stop(admin, greenroom)
    clip = ada.ask("A red ball bouncing in a snowy forest", seconds=6)
    ada.reaches(clip, "running")
    admin.page.locator("dialog").get_by_role("button", name="Stop", exact=True).click()
    banner.get_by_text(SENTENCE).wait_for(timeout=60_000)
    assert ada.reaches(clip, "stopped", "finished") == "stopped"
    clip.get_by_text("This one was stopped and not charged.").first.wait_for()
    wait_for(lambda: charged(greenroom, clip) == ("released", 0), 30)
    ada.shoot("studio-stopped")

    ada.page.locator("#prompt").press("Control+Enter")
    ada.page.get_by_role("alert").get_by_text(SENTENCE).first.wait_for()
    assert ada.page.locator(".card").count() == 1

    admin.page.locator('[data-subject="everybody"]').get_by_role("button").click()
    banner.wait_for(state="hidden", timeout=60_000)
    ada.reaches(ada.ask("A red ball", variant="Turbo"), "finished")


def write_the_stop(admin: Visitor, greenroom: Greenroom) -> None:
    """All but the last click: that comes while a clip is being drawn."""
    page = admin.page
    page.goto(f"{greenroom.url}/backstage")
    page.locator(".ask-to-stop:enabled").click()
    page.get_by_label("Message. They read it.").fill(MESSAGE)


def charged(greenroom: Greenroom, card: Any) -> tuple[str, int]:
    """What became of the GPU time held for a clip, and how much of it was taken."""
    with greenroom.reading() as db:
        held = db.get_one(Reservation, job_id(card))
        return held.state, held.spent_gpu_ms
