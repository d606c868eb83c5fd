"""What changes while somebody else acts on it: a clear answer, and nothing half done."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from studio import arrival
from tests.studio.conftest import House, Person
from tests.studio.showing.conftest import approve, finished, mine


def leave(person: Person) -> None:
    """What *Erase me* does."""
    answer = person.browser.post("/data/erase", json={"name": person.principal.name})
    assert answer.status_code == 200


def test_link_and_gallery_page_of_an_erased_tester_are_plainly_gone(
    house: House, admin: Person
) -> None:
    vera = house.person("Vera")
    clip_id = finished(house, vera, "a secret sunrise")
    vera.browser.post(f"/showing/{clip_id}/submit", json={})
    approve(admin, clip_id)
    link = vera.browser.post(f"/showing/{clip_id}/links", json={"credit": "Vera", "days": None})
    hung = {"title": "Sunrise", "credit": "Vera", "prompt_shown": True}
    assert vera.browser.post(f"/showing/{clip_id}/publish", json=hung).status_code == 201
    shared, gallery = link.json()["url"].removeprefix(house.url), f"/gallery/{clip_id}"
    stranger = house.stranger()
    assert {stranger.get(path).status_code for path in (shared, gallery)} == {200}

    leave(vera)
    for path in (shared, gallery):
        page = stranger.get(path)
        assert (page.status_code, "Nothing here" in page.text) == (404, True)
        assert "Vera" not in page.text
        assert {stranger.get(f"{path}.{kind}").status_code for kind in ("mp4", "jpg")} == {404}
    for path in ("/gallery", "/gallery/feed.xml"):
        assert "Vera" not in stranger.get(path).text
        assert "Sunrise" not in stranger.get(path).text


def test_approval_of_a_clip_whose_artist_left_meanwhile_decides_nothing(
    house: House, admin: Person
) -> None:
    wim = house.person("Wim")
    clip_id = finished(house, wim)
    wim.browser.post(f"/showing/{clip_id}/submit", json={})
    leave(wim)
    assert approve(admin, clip_id)["problem"]["code"] in ("not_found", "clip_deleted")
    assert clip_id not in admin.browser.get("/backstage/reviews/list").text


def test_of_two_reviewers_at_once_one_decides_and_the_other_is_told_so(
    house: House, ada: Person, admin: Person, dora: Person
) -> None:
    clip_id = finished(house, ada)
    ada.browser.post(f"/showing/{clip_id}/submit", json={})
    start = Barrier(2)

    def decide(reviewer: Person, verdict: str) -> dict[str, object]:
        window = reviewer.another_window(house)
        wish = {"cases": [{"clip": clip_id, "round": 1}], "verdict": verdict}
        start.wait()
        more = {"reason": "rules", "words": "No."} if verdict == "rejected" else {}
        [case] = window.post("/backstage/reviews/decide", json=wish | more).json()["cases"]
        return dict(case)

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(decide, admin, "approved"), pool.submit(decide, dora, "rejected")]
        told = [answer.result() for answer in asked]
    [won] = [case for case in told if case["problem"] is None]
    [lost] = [case for case in told if case["problem"] is not None]
    assert lost["problem"]["code"] == "already_decided"  # type: ignore[index]
    [review] = mine(ada, clip_id)["reviews"]
    assert review["state"] == won["state"]


def test_prompt_and_words_of_markup_stay_text_on_every_page_that_shows_them(
    house: House, admin: Person
) -> None:
    """Pages with scripts put what they are told in as text; pages without escape it here."""
    xena = house.person("Xena")
    odd = '<img src=x onerror="alert(1)"> a red ball'
    clip_id = finished(house, xena, odd)
    xena.browser.post(f"/showing/{clip_id}/submit", json={"plea": "<script>1</script>"})
    desk = admin.browser.get("/backstage/reviews/list")
    assert desk.headers["content-type"] == "application/json"
    [case] = [row for row in desk.json()["cases"] if row["clip"] == clip_id]
    assert (case["prompt"], case["plea"]) == (odd, "<script>1</script>")
    approve(admin, clip_id)
    hung = {"title": "</title><script>", "credit": "<b>X</b>", "prompt_shown": True}
    xena.browser.post(f"/showing/{clip_id}/publish", json=hung)
    for path in ("/gallery", f"/gallery/{clip_id}", "/gallery/feed.xml"):
        page = house.stranger().get(path).text.replace(arrival.element(), "")
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert "<b>X</b>" not in page
