"""A passkey in Chromium: added, touched where Greenroom asks for it, refused without a person."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom
from tests.journeys.test_joining import look_every_way


@pytest.fixture(scope="module")
def greenroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Greenroom]:
    """At a name, as passkeys need one; nothing is drawn, and a touch opens two clips."""
    room = Greenroom(
        tmp_path_factory.mktemp("greenroom"),
        GREENROOM_RATE_PER_MINUTE="60",
        GREENROOM_CONCURRENT="30",
        GREENROOM_TOUCH_CLIPS="2",
        GREENROOM_WORKER="off",
    )
    room.url = f"http://localhost:{room.port}"
    room.environment["GREENROOM_PUBLIC_URL"] = room.url
    room.start()
    yield room
    room.end()


class SecurityKey:
    """Chromium's virtual authenticator."""

    def __init__(self, visitor: Visitor) -> None:
        self.chromium = visitor.context.new_cdp_session(visitor.page)
        self.chromium.send("WebAuthn.enable")
        self.id = self.plug_in("internal")

    def plug_in(self, transport: str) -> str:
        options = {
            "protocol": "ctap2",
            "transport": transport,
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added: dict[str, Any] = self.chromium.send(
            "WebAuthn.addVirtualAuthenticator", {"options": options}
        )
        return str(added["authenticatorId"])

    def verifies(self, somebody: bool) -> None:
        """Whether it finds the right finger on it from now on."""
        self.chromium.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": somebody}
        )

    def unplug(self) -> None:
        self.chromium.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})


def ask(visitor: Visitor, prompt: str) -> None:
    visitor.page.get_by_label("Prompt").fill(prompt)
    visitor.page.locator("#prompt").press("Control+Enter")


def cards(visitor: Visitor, number: int) -> None:
    visitor.page.wait_for_function(
        "n => document.querySelectorAll('.card').length === n", arg=number
    )


def test_touch_lets_clips_go_on_and_nobody_elses_hand_does(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    ada = visit()
    page, key = ada.page, SecurityKey(ada)
    ada.sign_in(greenroom.token_for("Ada"))
    greenroom.command("tester", "step-up", "Ada", "on")

    # None yet: the page asks for one, and sends the wish again by itself.
    ask(ada, "A red ball")
    page.get_by_role("heading", name="Add a passkey to go on").wait_for()
    ada.shoot_every_way("studio-first-passkey")
    page.get_by_label("What you call it").fill("Laptop")
    page.get_by_role("button", name="Add it").click()
    cards(ada, 1)
    ask(ada, "A blue boat")
    cards(ada, 2)

    # Two clips later it asks for a touch, and goes on.
    ask(ada, "A green bird")
    page.get_by_role("heading", name="Touch your key to go on").wait_for()
    ada.shoot_every_way("studio-touch")
    page.keyboard.press("Enter")
    cards(ada, 3)
    ask(ada, "A yellow car")
    cards(ada, 4)

    # The key is there, its owner is not.
    key.verifies(False)
    ask(ada, "A purple fish")
    page.get_by_role("button", name="Touch it now").click()
    page.locator("dialog").get_by_role("alert").get_by_text("It was not touched").wait_for()
    page.locator("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_text("Touch your passkey to go on: Greenroom asks for it every 2 clips").wait_for()
    cards(ada, 4)

    key.verifies(True)
    ask(ada, "A purple fish")
    page.get_by_role("button", name="Touch it now").click()
    cards(ada, 5)
    log = greenroom.command("audit", "list", "--json")
    assert (log.count('"passkey.enrol"'), log.count('"passkey.touch"')) == (1, 2)


def test_passkeys_are_added_named_removed_and_reset(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    bo = visit()
    page, key = bo.page, SecurityKey(bo)
    bo.sign_in(greenroom.token_for("Bo"))
    page.goto(f"{greenroom.url}/devices")
    add = page.get_by_role("button", name="Add a passkey")
    for name in ("Laptop", "Phone"):
        add.click()
        page.get_by_label("What you call it").fill(name)
        page.get_by_role("button", name="Add it").click()
        page.locator("tr[data-passkey]", has_text=name).wait_for()
        key.unplug()
        key.id = key.plug_in("usb" if name == "Laptop" else "internal")
    bo.shoot_every_way("devices-passkeys")
    laptop = page.locator("tr[data-passkey]", has_text="Laptop")
    laptop.get_by_role("button", name="Rename").click()
    page.get_by_label("What you call it").fill("Old laptop")
    page.locator("dialog").get_by_role("button", name="Rename").click()
    old = page.locator("tr[data-passkey]", has_text="Old laptop")
    old.get_by_role("button", name="Remove").click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    old.wait_for(state="detached")
    assert page.locator("tr[data-passkey]").count() == 1
    greenroom.command("passkey", "reset", "Bo", "--yes")
    page.reload()
    page.get_by_text("None yet.").wait_for()


def test_first_passkey_is_not_added_in_an_old_sign_in(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    """Whoever finds a browser open cannot add theirs, and reads what its owner would do."""
    cleo, other = visit(), visit()
    SecurityKey(other)
    cleo.sign_in(greenroom.token_for("Cleo"))
    cleo.page.goto(f"{greenroom.url}/devices")
    cleo.page.get_by_role("button", name="Add a device").click()
    other.page.goto(cleo.page.locator("dialog .secret").inner_text())
    other.enter()
    other.page.goto(f"{greenroom.url}/devices")
    other.page.get_by_role("button", name="Add a passkey").click()
    other.page.get_by_role("button", name="Add it").click()
    dialog = other.page.locator("dialog")
    dialog.get_by_role("alert").get_by_text("within ten minutes of signing in").wait_for()


def test_admin_says_what_a_touch_opens(greenroom: Greenroom, visit: Callable[[], Visitor]) -> None:
    admin = visit()
    page = admin.page
    page.goto(greenroom.admin_link)
    admin.enter()
    greenroom.command("tester", "add", "Dan")
    page.goto(f"{greenroom.url}/backstage")
    touches = page.locator("tr.person", has_text="Dan").get_by_role("button", name="Touch…")
    touches.click()
    page.get_by_label("Must touch a passkey").select_option("on")
    page.get_by_label("A touch opens how many clips").fill("2000")
    page.get_by_label("For how many hours").fill("3")
    page.locator("dialog").get_by_role("button", name="Save").click()
    page.locator("dialog").get_by_role("alert").get_by_text("1 to 1000 clips").wait_for()
    look_every_way(admin, "backstage-touches")
    page.get_by_label("A touch opens how many clips").fill("4")
    page.locator("dialog").get_by_role("button", name="Save").click()
    page.locator("dialog").wait_for(state="detached")
    page.reload()
    touches.click()
    assert page.get_by_label("A touch opens how many clips").input_value() == "4"
    assert page.get_by_label("For how many hours").input_value() == "3"
