"""The transparency page: true numbers, nobody's name, and only inside where the policy says so."""

import re
from html import escape

from auth import testers
from programme import policy
from programme.holdings import HOLDINGS
from programme.policy import Policy
from studio.clock import now_ms
from tests.studio.conftest import WISH, House, Person
from tests.studio.showing.conftest import finished


def number(page: str, what: str) -> str:
    [found] = re.findall(rf'<th scope="row">{re.escape(what)}</th><td>(.*?)</td>', page)
    return str(found)


def test_page_counts_what_happened_and_names_nobody(
    house: House, ada: Person, admin: Person
) -> None:
    before = house.stranger().get("/transparency").text
    clip_id = finished(house, ada, "a secret sunrise")
    ada.browser.post(f"/showing/{clip_id}/submit", json={})
    wish = {
        "cases": [{"clip": clip_id, "round": 1}],
        "verdict": "rejected",
        "reason": "misleading",
        "words": "A secret reason.",
    }
    admin.browser.post("/backstage/reviews/decide", json=wish)
    ada.browser.post("/jobs", json={**WISH, "prompt": "a deepfake of Joe"})
    page = house.stranger().get("/transparency").text
    assert int(number(page, "Clips rejected")) == int(number(before, "Clips rejected")) + 1
    assert (
        number(page, "because: It could be taken for a record of something that happened.") == "1"
    )
    assert number(page, "by the rule impersonation") == "1"
    assert number(page, "Clips a minute") == "1,000"
    assert number(page, "Sprout") == "Apache-2.0"
    for holding in HOLDINGS:
        assert escape(holding.purpose) in page
    for secret in ("Ada", "Cleo", "sunrise", "secret reason", "Joe", clip_id):
        assert secret not in page


def test_incident_is_read_by_everybody_until_it_is_withdrawn(house: House, admin: Person) -> None:
    wish = {"day": "2026-01-02", "title": "A <b>token</b> leaked", "words": "One token.\nClosed."}
    made = admin.browser.post("/backstage/incidents", json=wish)
    assert made.status_code == 201
    page = house.stranger().get("/transparency").text
    assert "A &lt;b&gt;token&lt;/b&gt; leaked" in page
    assert "<p>Closed.</p>" in page
    path = f"/backstage/incidents/{made.json()['id']}/withdraw"
    assert admin.browser.post(path, json={}).status_code == 200
    assert "&lt;b&gt;" not in house.stranger().get("/transparency").text
    assert admin.browser.post(path, json={}).status_code == 404


def test_odd_incident_is_refused(house: House, ada: Person, admin: Person) -> None:
    fine = {"day": "2026-01-02", "title": "x", "words": "y"}
    for wrong in ({"day": "2999-01-01"}, {"day": "soon"}, {"title": ""}, {"words": "z" * 4001}):
        answer = admin.browser.post("/backstage/incidents", json={**fine, **wrong})
        assert answer.json()["field"] == next(iter(wrong))
    assert ada.browser.post("/backstage/incidents", json=fine).status_code == 404
    assert admin.browser.get("/backstage/incidents").json() == {"incidents": []}


def test_numbers_stay_inside_where_the_policy_says_so(house: House, ada: Person) -> None:
    """The last test of this file: it changes the policy."""
    with house.parts.database.begin() as db:
        me = testers.find(db, "Ada").id
        policy.announce(
            db, Policy(open_numbers=False), "Quiet.", after=0, by=f"tester:{me}", now_ms=now_ms()
        )
    answer = house.stranger().get("/transparency")
    assert answer.status_code == 404
    assert "Testers" not in answer.text
    assert "Sign in to read them" in answer.text
    assert number(ada.browser.get("/transparency/inside").text, "Clips a minute") == "1,000"
    assert house.stranger().get("/transparency/inside").status_code == 401
