"""What strangers see: what artists show, while they show it, and not a word of markup."""

from typing import Any
from xml.etree import ElementTree

import pytest

from tests.studio.conftest import House, Person
from tests.studio.showing.conftest import FILM, approve, finished, mine

MARKUP = '<script>alert("x")</script> <!-- film --> TITLE_SLOT'
ATOM = "{http://www.w3.org/2005/Atom}"


def approved(house: House, person: Person, admin: Person, prompt: str = "a red ball") -> str:
    clip_id = finished(house, person, prompt)
    person.browser.post(f"/showing/{clip_id}/submit", json={})
    assert approve(admin, clip_id)["state"] == "approved"
    return clip_id


def publish(person: Person, clip_id: str, **wish: Any) -> int:
    asked = {"title": "Ball", "credit": "Ada L.", **wish}
    return person.browser.post(f"/showing/{clip_id}/publish", json=asked).status_code


def link(person: Person, clip_id: str, **wish: Any) -> str:
    asked = {"credit": "Ada L.", "days": 7, **wish}
    made = person.browser.post(f"/showing/{clip_id}/links", json=asked).json()
    return str(made["url"])


def test_link_plays_for_strangers_and_names_the_artist_until_it_ends(
    house: House, ada: Person, admin: Person
) -> None:
    clip_id = approved(house, ada, admin)
    url, stranger = link(ada, clip_id), house.stranger()
    page = stranger.get(url)
    assert page.status_code == 200
    assert "Ada L." in page.text
    assert stranger.get(f"{url}.mp4", headers={"range": "bytes=0-9"}).content == FILM[:10]
    assert stranger.get(f"{url}.jpg").content == b"still"
    assert clip_id not in page.text
    [shown] = mine(ada, clip_id)["links"]
    assert ada.browser.post(f"/showing/links/{shown['id']}/end", json={}).status_code == 200
    for path in (url, f"{url}.mp4", f"{url}.jpg"):
        assert stranger.get(path).status_code == 404
    assert "This link shows nothing any more" in stranger.get(url).text


def test_link_of_a_clip_that_was_deleted_says_so_plainly(
    house: House, ada: Person, admin: Person
) -> None:
    clip_id = approved(house, ada, admin)
    url = link(ada, clip_id)
    ada.browser.delete(f"/v1/videos/{clip_id}")
    answer = house.stranger().get(url)
    assert answer.status_code == 404
    assert "This link shows nothing any more" in answer.text


def test_clip_that_nobody_approved_is_shown_nowhere(house: House, ada: Person) -> None:
    clip_id = finished(house, ada)
    assert publish(ada, clip_id) == 403
    answer = ada.browser.post(f"/showing/{clip_id}/links", json={"credit": "", "days": None})
    assert answer.json()["code"] == "not_approved"
    for path in (f"/gallery/{clip_id}", f"/gallery/{clip_id}.mp4", f"/shared/{clip_id}"):
        assert house.stranger().get(path).status_code == 404


def test_gallery_and_feed_show_what_was_published_and_nothing_that_left(
    house: House, ada: Person, admin: Person
) -> None:
    open_clip = approved(house, ada, admin, "a yellow fish under water")
    kept = approved(house, ada, admin, "a secret sunrise")
    assert publish(ada, open_clip, title="Fish", prompt_shown=True) == 201
    assert publish(ada, kept, title="Sun", credit="") == 201
    stranger = house.stranger()
    wall = stranger.get("/gallery").text
    assert wall.index(kept) < wall.index(open_clip)
    assert "An artist who wishes not to be named" in wall
    assert "yellow fish" in stranger.get(f"/gallery/{open_clip}").text
    assert stranger.get(f"/gallery/{open_clip}.mp4").content == FILM
    feed = ElementTree.fromstring(stranger.get("/gallery/feed.xml").content)  # noqa: S314 (ours)
    entries = {entry.findtext(f"{ATOM}title"): entry for entry in feed.iter(f"{ATOM}entry")}
    assert entries["Fish"].findtext(f"{ATOM}summary") == "a yellow fish under water"
    assert entries["Sun"].find(f"{ATOM}summary") is None
    for path in ("/gallery", f"/gallery/{kept}", "/gallery/feed.xml"):
        assert "sunrise" not in stranger.get(path).text

    ada.browser.post(f"/showing/{kept}/unpublish", json={})
    assert kept not in stranger.get("/gallery").text + stranger.get("/gallery/feed.xml").text
    assert stranger.get(f"/gallery/{kept}.mp4").status_code == 404


def test_what_artists_write_stays_text(house: House, ada: Person, admin: Person) -> None:
    clip_id = approved(house, ada, admin, MARKUP)
    assert publish(ada, clip_id, title=MARKUP, credit=MARKUP[:60], prompt_shown=True) == 201
    stranger = house.stranger()
    for path in ("/gallery", f"/gallery/{clip_id}", "/gallery/feed.xml"):
        text = stranger.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text
    page = stranger.get(f"/gallery/{clip_id}").text
    assert page.count("<video") == 1
    feed = ElementTree.fromstring(stranger.get("/gallery/feed.xml").content)  # noqa: S314 (ours)
    assert MARKUP in [entry.findtext(f"{ATOM}summary") for entry in feed.iter(f"{ATOM}entry")]


def test_admin_takes_down_by_a_link_and_the_artist_reads_why(
    house: House, ada: Person, admin: Person
) -> None:
    clip_id = approved(house, ada, admin)
    url = link(ada, clip_id)
    publish(ada, clip_id)
    wish = {"what": f"{url}.mp4", "reason": "protected_work", "words": "A studio asked."}
    done = admin.browser.post("/backstage/shown/take-down", json=wish)
    assert done.json() == {"clip": clip_id, "hangs": False}
    assert house.stranger().get(url).status_code == 404
    assert house.stranger().get(f"/gallery/{clip_id}").status_code == 404
    told = mine(ada, clip_id)
    assert told["taken_down"] == "protected_work"
    assert told["gallery"]["words"] == "A studio asked."
    assert publish(ada, clip_id) == 403

    assert admin.browser.post(f"/backstage/shown/{clip_id}/restore", json={}).status_code == 200
    assert publish(ada, clip_id) == 201
    again = {**wish, "what": "nothing of ours"}
    assert admin.browser.post("/backstage/shown/take-down", json=again).status_code == 404


def test_links_secret_is_neither_in_the_audit_log_nor_on_the_desk(
    house: House, ada: Person, admin: Person
) -> None:
    clip_id = approved(house, ada, admin)
    secret = link(ada, clip_id).rsplit("/", 1)[1]
    assert secret not in admin.browser.get("/backstage/audit.jsonl").text
    assert secret not in admin.browser.get("/backstage/reviews/list").text


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "9" * 20])
def test_odd_page_of_the_gallery_is_refused(house: House, before: str) -> None:
    assert house.stranger().get("/gallery", params={"before": before}).status_code == 422


@pytest.mark.parametrize(
    "wish", [{"days": 0}, {"days": True}, {"days": "7"}, {"days": 366}, {"credit": 7}]
)
def test_odd_link_is_refused(
    house: House, ada: Person, admin: Person, wish: dict[str, object]
) -> None:
    clip_id = approved(house, ada, admin)
    asked = {"credit": "", "days": 7, **wish}
    assert ada.browser.post(f"/showing/{clip_id}/links", json=asked).status_code == 422
    assert mine(ada, clip_id)["links"] == []
