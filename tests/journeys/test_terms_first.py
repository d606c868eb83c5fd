"""Whoever a provider names reads the terms and accepts them before they are in."""

import time
from collections.abc import Callable, Iterator

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from auth.keys import keyed
from studio.provider import ALGORITHM, TERMS_FIRST
from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom

SECRET = "thirty-two characters or more, all mine"


@pytest.fixture(scope="module")
def greenroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Greenroom]:
    """With a provider that is not asked: tests/studio/test_provider.py does that."""
    room = Greenroom(
        tmp_path_factory.mktemp("greenroom"),
        GREENROOM_SECRET=SECRET,
        GREENROOM_OIDC_URL="http://127.0.0.1:1",
        GREENROOM_OIDC_CLIENT_ID="greenroom",
        GREENROOM_OIDC_CLIENT_SECRET="between us",
        GREENROOM_OIDC_ALLOW="sub:listed",
        GREENROOM_WORKER="off",
    )
    room.start()
    yield room
    room.end()


def word_of_the_provider(username: str) -> str:
    """The cookie of a browser that came back from there."""
    claims = {
        "issuer": "http://127.0.0.1:1",
        "subject": "listed",
        "username": username,
        "email": None,
        "orgs": [],
    }
    key = OctKey.import_key(keyed(SECRET.encode(), "provider state"))
    kept = {"claims": claims, "exp": int(time.time()) + 600}
    return jwt.encode({"alg": ALGORITHM}, kept, key)


def test_terms_are_accepted_before_the_studio_opens(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    visitor = visit()
    page = visitor.page
    word = {"name": "greenroom-provider", "value": word_of_the_provider("Ada"), "path": "/"}
    visitor.context.add_cookies([{**word, "domain": "127.0.0.1"}])  # type: ignore[list-item]
    page.goto(f"{greenroom.url}{TERMS_FIRST}")
    page.get_by_role("button", name="Come in").click()
    page.get_by_role("alert").get_by_text("accept them first").wait_for()
    visitor.shoot_every_way("terms-first")
    page.get_by_label("I have read these terms").check()
    page.get_by_role("button", name="Come in").click()
    visitor.enter()
    page.get_by_role("button", name="Account of Ada").wait_for()
