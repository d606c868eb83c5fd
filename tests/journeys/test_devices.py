"""A sign-in belongs to its device: what is pasted or copied makes nothing elsewhere."""

from collections.abc import Callable

from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom
from tests.journeys.test_joining import look_every_way

KEY_STORE = "indexedDB.databases().then((all) => all.map(({ name }) => name))"
EXPORT_KEY = """new Promise((resolve) => {
  indexedDB.open("greenroom", 1).onsuccess = ({ target }) => {
    const kept = target.result.transaction("keys").objectStore("keys").get("device");
    kept.onsuccess = () => crypto.subtle.exportKey("jwk", kept.result.privateKey)
      .then(() => resolve("exported"), (error) => resolve(error.name));
  };
})"""


def refused(visitor: Visitor, words: str) -> None:
    """Asking for a clip is refused in these words, and there is none."""
    page = visitor.page
    page.get_by_label("Prompt").fill("A red ball")
    page.keyboard.press("Control+Enter")
    page.get_by_role("alert").get_by_text(words).wait_for()
    assert page.locator(".card").count() == 0


def test_token_pasted_in_public_makes_nothing_for_whoever_finds_it(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    owner, finder = visit(), visit()
    token = greenroom.token_for("Ada")
    owner.sign_in(token)
    finder.page.goto(f"{greenroom.url}/sign-in")
    finder.page.get_by_label("Your token").fill(token)
    finder.page.get_by_role("button", name="Sign in").click()
    finder.page.get_by_role("alert").get_by_text("at home on another device").wait_for()
    finder.shoot("sign-in-other-device")
    for authorization in ("Bearer", "DPoP"):
        answer = finder.context.request.post(
            f"{greenroom.url}/jobs",
            data={"prompt": "a red ball"},
            headers={"authorization": f"{authorization} {token}"},
        )
        assert answer.status == 401
    owner.reaches(owner.ask("A red ball"), "finished")
    assert owner.page.locator(".card").count() == 1


def test_cookie_copied_to_another_browser_makes_nothing(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    owner, thief = visit(), visit()
    owner.sign_in(greenroom.token_for("Bo"))
    assert owner.page.evaluate(EXPORT_KEY) == "InvalidAccessError"
    thief.context.add_cookies(owner.context.cookies())  # type: ignore[arg-type]
    thief.page.goto(greenroom.url)
    thief.enter()
    assert thief.page.evaluate(KEY_STORE) in ([], ["greenroom"])
    refused(thief, "Sign in again on this device")
    thief.shoot("studio-copied-cookie")
    # With a key of its own, made by the sign-in page, it is no better off.
    page = thief.page
    page.get_by_role("link", name="Sign in").click()
    page.evaluate('import("/static/js/studio/device.js").then((device) => device.makeKey())')
    page.goto(greenroom.url)
    thief.enter()
    refused(thief, "belongs to another device")
    owner.reaches(owner.ask("A blue boat"), "finished")
    log = greenroom.command("audit", "list", "--json")
    assert "token.no_proof" in log
    assert "sign_in.wrong_device" in log


def test_browser_that_keeps_no_key_is_told_what_to_do(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    visitor = visit()
    visitor.page.add_init_script(
        "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }"
    )
    visitor.page.goto(f"{greenroom.url}/sign-in")
    visitor.page.get_by_label("Your token").fill(greenroom.token_for("Cleo"))
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.page.get_by_role("alert").get_by_text("Use an ordinary window").wait_for()
    visitor.shoot("sign-in-no-key")


def test_second_device_is_let_in_by_the_first_and_shut_out_again(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    owner, phone = visit(), visit()
    owner.sign_in(greenroom.token_for("Dora"))
    page = owner.page
    page.get_by_role("button", name="Account of Dora").click()
    page.get_by_role("menuitem", name="Your devices").click()
    page.get_by_role("button", name="Add a device").click()
    link = page.locator("dialog .secret").inner_text()
    owner.shoot("devices-link")
    page.get_by_role("button", name="Done").click()
    phone.page.goto(link)
    phone.enter()
    page.reload()
    page.locator("tr[data-device]").nth(1).wait_for()
    owner.shoot_every_way("devices")
    row = page.locator("tr[data-device]").filter(has_not_text="this one")
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove", exact=True).last.click()
    row.wait_for(state="detached")
    phone.page.reload()
    phone.page.wait_for_url("**/sign-in")


def test_sessions_elsewhere_are_seen_and_ended_and_offered_after_a_change(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    """One is ended by the keyboard, the page there says so by itself; then the rest, as offered."""
    owner, phone, tablet = visit(), visit(), visit()
    owner.sign_in(greenroom.token_for("Fay"))
    page = owner.page
    page.goto(f"{greenroom.url}/devices")
    for other in (phone, tablet):
        page.get_by_role("button", name="Add a device").click()
        link = page.locator("dialog .secret").inner_text()
        page.get_by_role("button", name="Done").click()
        other.page.goto(link)
        other.enter()
    page.reload()
    rows = page.locator("tr[data-session]")
    rows.nth(2).wait_for()
    look_every_way(owner, "devices-sessions")
    tablets = rows.first  # the newest comes first
    tablets.get_by_role("button", name="End the session").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="End the session on").wait_for()
    look_every_way(owner, "devices-session-question")
    page.locator("dialog").get_by_role("button", name="End it").click()
    page.wait_for_function("() => document.querySelectorAll('tr[data-session]').length === 2")
    tablet.page.get_by_text("You are signed out").wait_for()

    other_device = page.locator("tr[data-device]").filter(has_not_text="this one").first
    other_device.get_by_role("button", name="Remove").click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    page.get_by_role("heading", name="End your other session?").wait_for()
    look_every_way(owner, "devices-sessions-offer")
    page.locator("dialog").get_by_role("button", name="End it").click()
    page.wait_for_function("() => document.querySelectorAll('tr[data-session]').length === 1")
    assert page.get_by_role("button", name="End all others").is_disabled()
    phone.page.goto(f"{greenroom.url}/devices")
    phone.page.wait_for_url("**/sign-in")
