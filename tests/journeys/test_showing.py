"""The journey of a clip: made, rejected with a reason, appealed, approved, hung up, taken down."""

import re
from collections.abc import Callable

from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom
from tests.journeys.test_joining import look_every_way


def test_clip_is_rejected_appealed_approved_hung_up_and_taken_down(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    artist, admin, second, stranger = visit(), visit(), visit(), visit()
    come_in(artist, admin, greenroom)
    artist.reaches(artist.ask("A red ball bouncing in a snowy forest", variant="Turbo"), "finished")
    artist.reaches(artist.ask("A yellow fish underwater", variant="Turbo"), "finished")

    submit_both(artist, greenroom)
    reject_both_at_once(admin, greenroom)
    appeal(artist)
    second.sign_in(greenroom.token_for("Dora"))
    let_review(admin, greenroom)
    approve_with_the_keyboard(second, greenroom)
    hang_up(artist)
    see_it_signed_out(stranger, artist, greenroom)
    take_down(admin, greenroom)
    stranger.page.reload()
    stranger.page.get_by_role("heading", name="Nothing here").wait_for()
    look_every_way(stranger, "gallery-nothing-here")
    artist.page.reload()
    artist.page.get_by_text("Taken down by an admin just now").wait_for()
    artist.page.get_by_text("The band asked us to.").first.wait_for()
    artist.shoot("showing-taken-down")


def test_refused_prompt_is_explained_and_let_pass_by_a_person(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    artist, admin = visit(), visit()
    artist.sign_in(greenroom.token_for("Rosa"))
    admin.sign_in(admin_token(greenroom, "Eve"))
    page = artist.page
    page.get_by_label("Prompt").fill("A deepfake of myself, waving")
    page.locator("#prompt").press("Control+Enter")
    page.get_by_text("Clips that pass somebody off as a real person are not drawn here").wait_for()
    artist.shoot("studio-prompt-refused")
    page.goto(f"{greenroom.url}/showing")
    refused = page.locator("[data-refusal]")
    refused.get_by_role("button", name="Appeal").click()
    page.get_by_label("Why it should be drawn").fill("It is me, and I agree.")
    page.locator("dialog").get_by_role("button", name="Appeal").click()
    refused.get_by_text("a person looks at it").wait_for()
    look_every_way(artist, "showing-refused-prompt")

    admin.page.goto(f"{greenroom.url}/backstage/reviews")
    admin.page.get_by_role("button", name="Let it pass").click()
    admin.page.get_by_label("Your words").fill("Your own face is yours.")
    admin.page.locator("dialog").get_by_role("button", name="Let it pass").click()
    admin.page.get_by_text("No appeal waits.").wait_for()
    page.reload()
    page.get_by_text("Your own face is yours.").wait_for()
    page.goto(greenroom.url)
    artist.enter()
    card = artist.ask("A deepfake of myself, waving")
    artist.reaches(card, "queued", "running", "finished")


def come_in(artist: Visitor, admin: Visitor, greenroom: Greenroom) -> None:
    """From an invite, through the terms, into the studio."""
    page = admin.page
    page.goto(greenroom.admin_link)
    admin.enter()
    page.goto(f"{greenroom.url}/backstage")
    page.get_by_role("button", name="Invite", exact=True).click()
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_role("button", name="Make invite").click()
    link = page.locator("dialog .secret").inner_text()
    page.get_by_role("button", name="Done").click()
    artist.page.goto(link)
    artist.page.get_by_label("I have read these terms").check()
    artist.page.get_by_role("button", name="Come in").click()
    artist.enter()


def submit_both(artist: Visitor, greenroom: Greenroom) -> None:
    page = artist.page
    card = page.locator(".card").first
    card.get_by_role("button", name="More for this clip").click()
    page.get_by_role("menuitem", name="Review and sharing").click()
    page.wait_for_url(re.compile(r"/showing#clip-"))
    page.get_by_text("Promised within 48 h").wait_for()
    for clip in page.locator(".shown-clip[data-clip]").all():
        clip.get_by_role("button", name="Submit for review").click()
        page.get_by_label("Anything a reviewer should know").fill("Drawn in one take.")
        page.get_by_role("button", name="Submit", exact=True).click()
        clip.get_by_text("in line").wait_for()
    assert page.get_by_role("button", name="Hang in the gallery").count() == 0
    page.get_by_text("2 clips in line").wait_for()
    look_every_way(artist, "showing-waiting")


def reject_both_at_once(admin: Visitor, greenroom: Greenroom) -> None:
    """With keys alone: select, look at them side by side, reject."""
    page = admin.page
    page.goto(f"{greenroom.url}/backstage/reviews")
    cases = page.locator("[data-case]")
    cases.first.wait_for()
    assert cases.count() == 2
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Reject 2").wait_for()
    page.keyboard.press("c")
    page.get_by_role("dialog", name="Side by side").wait_for()
    admin.shoot_every_way("reviews-side-by-side")
    page.get_by_role("button", name="Done").click()
    look_every_way(admin, "reviews-desk")
    page.locator("[data-case]").first.focus()
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Reject").click()
    dialog.get_by_text("Write 1 to 1,000 characters").wait_for()
    dialog.get_by_label("Reason").select_option("protected_work")
    dialog.get_by_label("Your words").fill("The ball is a mascot.")
    admin.shoot("reviews-reject")
    dialog.get_by_role("button", name="Reject").click()
    page.get_by_text("Nothing here fits this.").wait_for()


def appeal(artist: Visitor) -> None:
    page = artist.page
    page.reload()
    clip = page.locator(".shown-clip[data-clip]", has_text="red ball")
    clip.get_by_text("Rejected by a reviewer").wait_for()
    clip.get_by_text("The ball is a mascot.").wait_for()
    look_every_way(artist, "showing-rejected")
    clip.get_by_role("button", name="Appeal").click()
    page.get_by_label("Why it should be approved").fill("It is a plain ball.")
    page.locator("dialog").get_by_role("button", name="Appeal").click()
    clip.get_by_text("Appeal: next in line").wait_for()


def let_review(admin: Visitor, greenroom: Greenroom) -> None:
    page = admin.page
    page.goto(f"{greenroom.url}/backstage")
    row = page.locator("tr.person", has_text="Dora")
    row.get_by_role("button", name="Review…").click()
    admin.shoot("backstage-let-review")
    page.get_by_role("button", name="Let them review").click()
    row.get_by_text("reviewer").wait_for()
    page.goto(f"{greenroom.url}/backstage/reviews")
    page.get_by_role("heading", name="In the gallery").wait_for()


def approve_with_the_keyboard(second: Visitor, greenroom: Greenroom) -> None:
    """As a reviewer who is no admin: the desk is all that they reach of backstage."""
    page = second.page
    assert page.goto(f"{greenroom.url}/backstage").status == 404  # type: ignore[union-attr]
    page.goto(greenroom.url)
    second.enter()
    page.get_by_role("button", name="Account of Dora").click()
    page.get_by_role("menuitem", name="Reviews").click()
    page.wait_for_url("**/backstage/reviews")
    page.locator("[data-case]", has_text="It is a plain ball.").wait_for()
    assert not page.get_by_role("button", name="Take down a clip").is_visible()
    assert page.locator("a[href='/backstage']").count() == 0
    look_every_way(second, "reviews-desk-of-a-reviewer")
    page.get_by_label("Appeals only").check()
    page.locator("[data-case]").first.focus()
    page.keyboard.press("a")
    page.get_by_text("Nothing here fits this.").wait_for()


def hang_up(artist: Visitor) -> None:
    page = artist.page
    page.reload()
    clip = page.locator(".shown-clip[data-clip]", has_text="red ball")
    clip.get_by_text("Approved by a second reviewer").wait_for()
    clip.get_by_role("button", name="Make a link").click()
    page.get_by_label("Credit").fill("Ada L.")
    page.locator("dialog").get_by_role("button", name="Make the link").click()
    page.get_by_role("button", name="Done").click()
    clip.get_by_role("button", name="Hang in the gallery").click()
    page.get_by_label("Title").fill("Snowball <b>")
    assert page.get_by_label("Credit").input_value() == "Ada L."
    page.get_by_label("Show the prompt").check()
    page.get_by_role("button", name="Hang it").click()
    clip.get_by_role("button", name="Take out of the gallery").wait_for()
    look_every_way(artist, "showing-shown")


def see_it_signed_out(stranger: Visitor, artist: Visitor, greenroom: Greenroom) -> None:
    page = stranger.page
    link = artist.page.locator("[data-link] code").inner_text()
    page.goto(link)
    page.get_by_text("Ada L.").wait_for()
    play(stranger)
    look_every_way(stranger, "shared-clip")
    page.goto(f"{greenroom.url}/gallery")
    look_every_way(stranger, "gallery")
    page.get_by_role("link", name="Snowball <b>").click()
    page.get_by_text("A red ball bouncing in a snowy forest").wait_for()
    play(stranger)
    look_every_way(stranger, "gallery-clip")


def play(visitor: Visitor) -> None:
    film = visitor.page.locator("video")
    film.evaluate("film => film.play()")
    visitor.page.wait_for_function("film => film.currentTime > 0.1", arg=film.element_handle())


def take_down(admin: Visitor, greenroom: Greenroom) -> None:
    page = admin.page
    page.reload()
    row = page.locator("tr[data-shown]")
    row.get_by_role("button", name="Take down").click()
    page.get_by_label("Reason").select_option("protected_work")
    page.get_by_label("Your words").fill("The band asked us to.")
    page.locator("dialog").get_by_role("button", name="Take down").click()
    row.get_by_role("button", name="Restore").wait_for()


def admin_token(greenroom: Greenroom, name: str) -> str:
    greenroom.command("tester", "add", name, "--admin")
    printed = greenroom.command("token", "issue", name, "--expires", "30d", "--json")
    [token] = re.findall(r"grm_access_\w+", printed)
    return str(token)
