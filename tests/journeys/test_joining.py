"""The journey in: somebody asks for a place, is invited, accepts the terms, and is in."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


def test_somebody_asks_for_a_place_is_invited_and_comes_in(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    admin, artist, late = visit(), visit(), visit()
    ask_for_a_place(artist, greenroom)
    link = invite_from_the_list(admin, greenroom)

    page = artist.page
    page.goto(link)
    page.get_by_role("heading", name="You are invited, Ada Lovelace").wait_for()
    assert "#" not in page.url
    look_every_way(artist, "invite")
    page.get_by_role("button", name="Come in").click()
    page.get_by_text("Read the terms and accept them first.").wait_for()
    page.get_by_label("I have read these terms").check()
    page.get_by_role("button", name="Come in").click()
    artist.enter()

    late.page.goto(link)
    late.page.get_by_text("Ask whoever invited you for a new one").wait_for()
    assert late.page.get_by_role("button", name="Come in").is_hidden()
    late.shoot("invite-used")
    late.page.goto(f"{greenroom.url}/invite")
    late.page.get_by_text("This page needs your invitation.").wait_for()
    late.page.goto(f"{greenroom.url}/terms")
    look_every_way(late, "terms")
    admin.page.locator("tr[data-invite]", has_text="Redeemed").wait_for()
    assert admin.page.locator("tr[data-tester]", has_text="Ada Lovelace").count() == 1


def ask_for_a_place(artist: Visitor, greenroom: Greenroom) -> None:
    page = artist.page
    page.goto(f"{greenroom.url}/sign-in")
    page.get_by_role("link", name="Ask for a place").click()
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada")
    page.get_by_role("button", name="Ask for a place").click()
    page.get_by_text("Give an e-mail address like").wait_for()
    look_every_way(artist, "waitlist")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Your work, in a line").fill("Films about rain, and machines that weave")
    page.get_by_role("button", name="Ask for a place").click()
    page.get_by_text("somebody will write to you").wait_for()
    artist.shoot("waitlist-joined")


def invite_from_the_list(admin: Visitor, greenroom: Greenroom) -> str:
    """Backstage: the waitlist, a cohort and an invite, each seen every way; the invite's link."""
    page = admin.page
    page.goto(greenroom.admin_link)
    admin.enter()
    page.goto(f"{greenroom.url}/backstage")
    page.get_by_role("button", name="Add cohort").click()
    page.get_by_label("Name").fill("First")
    page.get_by_role("button", name="Add", exact=True).click()
    page.locator("tr[data-cohort]", has_text="First").wait_for()
    page.get_by_role("button", name="Invite", exact=True).last.click()
    page.get_by_label("Name").fill("Ida Rhodes")
    page.get_by_role("button", name="Make invite").click()
    page.get_by_role("button", name="Done").click()
    row = page.locator("tr[data-waiting]", has_text="ada@example.org")
    row.get_by_role("button", name="Invite").click()
    admin.shoot("backstage-invite-question")
    page.get_by_role("button", name="Make invite").click()
    link = page.locator("dialog .secret").inner_text()
    admin.shoot("backstage-invite-link")
    page.get_by_role("button", name="Done").click()
    assert re.search(r"/invite#invite=grm_invite_\w+$", link)
    assert link not in page.content()
    row.get_by_text("Invited").wait_for()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    look_every_way(admin, "backstage-joining")
    return link


def look_every_way(visitor: Visitor, name: str) -> None:
    """Pictures of the page, and no text of too little contrast, light or dark."""
    visitor.shoot_every_way(name)
    for scheme in ("dark", "light"):
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.page.wait_for_timeout(300)  # colours change over 0.1 s
        assert visitor.page.evaluate(CONTRAST) == []
