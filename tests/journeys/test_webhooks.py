"""A tester lets a server of their own hear of their clips: all of it on a page."""

from collections.abc import Callable, Iterator

import pytest
from standardwebhooks import Webhook

from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom
from tests.studio.webhooks.conftest import listening


@pytest.fixture(scope="module")
def greenroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Greenroom]:
    """One that lets webhooks go to this machine."""
    room = Greenroom(tmp_path_factory.mktemp("greenroom"), GREENROOM_WEBHOOKS_LOOPBACK="on")
    room.start()
    yield room
    room.end()


def secret_shown(visitor: Visitor) -> str:
    """The secret in the dialog that shows it once, which is then closed."""
    secret = visitor.page.locator("dialog .secret").inner_text()
    visitor.page.get_by_role("button", name="Done").click()
    return secret


def test_webhook_is_added_tried_renewed_and_removed_on_its_page(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    ada = visit()
    ada.sign_in(greenroom.token_for("Ada"))
    page = ada.page
    page.get_by_role("button", name="Account of Ada").click()
    page.get_by_role("menuitem", name="Your webhooks").click()
    page.get_by_text("No webhooks.").wait_for()
    with listening() as ear:
        page.get_by_role("button", name="Add a webhook").click()
        page.get_by_label("Name").fill("My render farm")
        page.get_by_label("Address").fill("http://10.0.0.1/hook")
        page.get_by_role("button", name="Add", exact=True).click()
        page.get_by_role("alert").get_by_text("not a public address").wait_for()
        page.get_by_label("Address").fill(ear.url)
        page.get_by_role("button", name="Add", exact=True).click()
        old = secret_shown(ada)
        page.get_by_role("button", name="Test", exact=True).click()
        page.get_by_role("button", name="Answered 204").wait_for()
        page.get_by_role("button", name="New secret").click()
        page.get_by_role("button", name="Make a new secret").click()
        new = secret_shown(ada)
        assert new != old
        [(headers, body)] = ear.heard
        assert Webhook(old).verify(body, headers)["type"] == "video.completed"
        page.get_by_role("button", name="Latest").click()
        page.get_by_text("Nothing yet").wait_for()
        ada.shoot_every_way("webhooks")
        page.get_by_role("button", name="Change").click()
        page.get_by_label("Name").fill("My other farm")
        page.get_by_label("A clip ended without a film").uncheck()
        ada.shoot_every_way("webhooks-change")
        page.get_by_role("button", name="Save").click()
        row = page.locator("tr[data-webhook]", has_text="My other farm")
        row.filter(has_not_text="A clip ended without a film").wait_for()
        page.get_by_role("button", name="Remove").click()
        page.locator("dialog").get_by_role("button", name="Remove").click()
        page.get_by_text("No webhooks.").wait_for()
