"""The journey of an open call: published, read, entered; and the transparency page that counts."""

import re
from collections.abc import Callable

from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom
from tests.journeys.test_joining import look_every_way
from tests.journeys.test_showing import admin_token


def test_call_is_published_and_entered(greenroom: Greenroom, visit: Callable[[], Visitor]) -> None:
    admin, artist, stranger = visit(), visit(), visit()
    artist.sign_in(greenroom.token_for("Vera"))
    artist.reaches(artist.ask("A green rocket in the mountains", variant="Turbo"), "finished")
    admin.sign_in(admin_token(greenroom, "Noor"))
    publish(admin, greenroom)

    page = artist.page
    page.goto(f"{greenroom.url}/calls")
    call = page.get_by_role("article", name="Rain")
    call.get_by_text("Two film makers and an admin").wait_for()
    call.get_by_role("button", name="Enter a clip").click()
    page.get_by_label("A note for the jury").fill("It rains behind the mountains.")
    page.locator("dialog").get_by_role("button", name="Enter").click()
    call.get_by_text("1 by 1 artist").wait_for()
    call.locator("[data-entry]").get_by_text("Entered").wait_for()
    assert call.get_by_role("button", name="Enter a clip").count() == 0
    look_every_way(artist, "calls-entered")

    admin.page.reload()
    entry = admin.page.locator("[data-entry]")
    entry.get_by_text("It rains behind the mountains.").wait_for()
    assert entry.get_by_role("button", name="Shortlist").count() == 0  # entries still come in
    look_every_way(admin, "calls-jury")

    tell_of_an_incident(admin, greenroom)
    stranger.page.goto(f"{greenroom.url}/transparency")
    stranger.page.get_by_text("A token was seen in public").wait_for()
    row = stranger.page.get_by_role("row", name=re.compile("^Clips finished"))
    assert re.search(r"[1-9]\d* of \d+", row.inner_text())
    look_every_way(stranger, "transparency")


def publish(admin: Visitor, greenroom: Greenroom) -> None:
    page = admin.page
    page.goto(f"{greenroom.url}/backstage/calls")
    page.get_by_role("button", name="Publish a call").click()
    dialog = page.get_by_role("dialog")
    for label, text in (
        ("Title", "Rain"),
        ("Brief", "Films about rain. Any kind."),
        ("Rules", "Made here, by you."),
        ("Prize", "A screening, and 500 EUR"),
        ("Who decides", "Two film makers and an admin"),
    ):
        dialog.get_by_label(label).fill(text)
    admin.shoot("calls-publish")
    dialog.get_by_role("button", name="Publish").click()
    page.get_by_role("article", name="Rain").wait_for()


def tell_of_an_incident(admin: Visitor, greenroom: Greenroom) -> None:
    page = admin.page
    page.goto(f"{greenroom.url}/backstage/reviews")
    page.get_by_role("button", name="Write one").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("A token was seen in public")
    dialog.get_by_label("What happened").fill("It was one token.\nIt was closed within an hour.")
    dialog.get_by_role("button", name="Publish").click()
    page.locator("[data-incident]").get_by_text("A token was seen in public").wait_for()
