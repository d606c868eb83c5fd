"""The journey: an admin lets a tester in, the tester makes clips, the admin shuts the door."""

import os
import re
from collections.abc import Callable

from PIL import Image

from jobs.records import LIVE
from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import ROOT, Greenroom, wait_for

SCREENSHOT = ROOT / "docs/screenshot.png"
MOVED = """([card, step]) => card.dataset.state === "finished"
    || card.querySelector("[role=progressbar]").ariaValueNow > step"""


def let_in(admin: Visitor, greenroom: Greenroom, name: str) -> str:
    """Backstage, from the one-time link to a new tester's token."""
    page = admin.page
    page.goto(greenroom.admin_link)
    admin.enter()
    assert "#" not in page.url
    admin.shoot_every_way("studio-admin")
    page.get_by_role("link", name="Backstage").click()
    page.get_by_role("button", name="Add tester").click()
    page.get_by_label("Name").fill(name)
    admin.shoot("backstage-add-tester")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("row", name=name).get_by_role("button", name="Issue token").click()
    page.get_by_role("button", name="Issue", exact=True).click()
    token = page.locator("dialog .secret").inner_text()
    admin.shoot("backstage-token")
    page.get_by_role("button", name="Done").click()
    assert token not in page.content()
    return token


def progress(card: object) -> int:
    return int(card.get_by_role("progressbar").get_attribute("aria-valuenow") or 0)  # type: ignore[attr-defined]


def play(tester: Visitor, card: object) -> None:
    """The film plays, and can be sought."""
    film = card.locator("video")  # type: ignore[attr-defined]
    film.evaluate("film => film.play()")
    tester.page.wait_for_function("film => film.currentTime > 0.1", arg=film.element_handle())
    film.evaluate("film => { film.pause(); film.currentTime = 0.5; }")
    tester.page.wait_for_function(
        "film => !film.seeking && Math.abs(film.currentTime - 0.5) < 0.05",
        arg=film.element_handle(),
    )


def test_tester_is_let_in_makes_clips_and_is_shut_out_in_the_middle_of_one(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    admin, tester = visit(), visit()
    tester.page.goto(greenroom.url)
    tester.page.wait_for_url("**/sign-in")
    tester.shoot_every_way("sign-in")
    token = let_in(admin, greenroom, "Ada")
    tester.sign_in(token)
    tester.shoot_every_way("studio-empty")

    # The first clip: drawn before one's eyes, then played.
    first = tester.ask("A red ball bouncing in a snowy forest", seconds=4, size="480p")
    tester.reaches(first, "running", "finished")
    first.locator(".preview").first.wait_for()
    assert re.match(r"Step \d+ of \d+", first.locator(".now").inner_text())
    tester.shoot("studio-drawing")
    earlier = progress(first)
    tester.page.wait_for_function(MOVED, arg=[first.element_handle(), earlier])
    tester.reaches(first, "finished")
    play(tester, first)
    tester.shoot_every_way("studio-finished")
    with tester.page.expect_download() as download:
        first.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.startswith("greenroom-a-red-ball")

    # A reload in the middle of the second: it goes on, and both are there.
    second = tester.ask("A yellow fish floating underwater", seconds=6)
    tester.reaches(second, "running")
    tester.page.wait_for_function(
        "bar => bar.getAttribute('aria-valuenow') >= 2",
        arg=second.get_by_role("progressbar").element_handle(),
    )
    step = progress(second)
    tester.page.reload()
    tester.enter()
    assert tester.page.locator(".card").count() == 2
    assert tester.reaches(second, "running", "finished") == "finished" or progress(second) >= step
    tester.reaches(second, "finished")
    play(tester, second)

    revoke_in_the_middle(greenroom, admin, tester)


def revoke_in_the_middle(greenroom: Greenroom, admin: Visitor, tester: Visitor) -> None:
    third = tester.ask("A green rocket rising in the mountains", seconds=10, size="720p")
    tester.reaches(third, "running")
    fourth = tester.ask("A pink heart pulsing in space", seconds=1)
    assert "in line" in fourth.inner_text()
    tester.shoot("studio-queued-and-drawing")
    tester.page.wait_for_function(
        "bar => bar.getAttribute('aria-valuenow') >= 3",
        arg=third.get_by_role("progressbar").element_handle(),
    )
    admin.page.locator("tr", has_text="Drawing").wait_for()
    admin.shoot("backstage-drawing")
    row = admin.page.locator(f"tr[data-token='{greenroom.job(job_id(third)).admission_id}']")
    row.get_by_role("button", name="Revoke").click()
    admin.page.get_by_label("Reason").fill("Seen on a public page")
    admin.shoot("backstage-revoke")
    admin.page.get_by_role("button", name="Revoke", exact=True).last.click()
    row.get_by_text("Revoked: Seen on a public page").wait_for()
    at_most = greenroom.job(job_id(third)).step + 1

    tester.page.get_by_role("alert").get_by_text("Your access was revoked by an admin").wait_for()
    for card in (third, fourth):
        tester.reaches(card, "stopped")
        assert "stopped and not charged" in card.inner_text()
        assert "Seen on a public page" in card.inner_text()
    assert tester.page.get_by_role("button", name="Generate").is_disabled()
    assert tester.page.get_by_label("Prompt").is_disabled()
    tester.shoot_every_way("studio-revoked")
    admin.shoot_every_way("backstage")

    wait_for(lambda: greenroom.job(job_id(third)).state not in LIVE, 30)
    ended = greenroom.job(job_id(third))
    assert (ended.state, ended.stop_reason) == ("stopped", "revoked")
    assert ended.step <= at_most
    assert list(greenroom.data.glob(f"clips/**/{ended.id}*")) == []
    tester.page.reload()
    tester.page.wait_for_url("**/sign-in")


def job_id(card: object) -> str:
    return str(card.get_attribute("data-job"))  # type: ignore[attr-defined]


def test_wall_of_clips_looks_like_the_picture_in_the_readme(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    tester = visit()
    tester.sign_in(greenroom.token_for("Mira"))
    for prompt in (
        "A blue boat on the ocean",
        "A purple balloon rising over green hills",
        "A yellow fish underwater",
    ):
        tester.reaches(tester.ask(prompt, seconds=2), "finished")
    last = tester.ask("A red ball bouncing in a snowy forest", seconds=4, size="480p")
    tester.page.wait_for_function(
        "bar => bar.getAttribute('aria-valuenow') / bar.getAttribute('aria-valuemax') > 0.8",
        arg=last.get_by_role("progressbar").element_handle(),
        timeout=120_000,
    )
    picture = tester.shoot("studio-wall")
    tester.reaches(last, "finished")
    tester.shoot_every_way("studio-wall-finished")
    if os.environ.get("GREENROOM_SCREENSHOT") == "1":
        Image.open(picture).convert("RGB").quantize(256).save(SCREENSHOT, optimize=True)
        assert SCREENSHOT.stat().st_size <= 300 * 1024
