"""Films: played in ranges by their owner, and not there for anybody else."""

import pytest

from tests.studio.conftest import WISH, House, Person

FILM = bytes(range(256)) * 40


@pytest.fixture
def clip(house: House, ada: Person) -> str:
    """The path of a finished film of Ada's, its bytes FILM."""
    wish = {**WISH, "prompt": 'Ein <b>roter</b> Ball; "x" ../../etc', "seed": 7}
    job_id = ada.browser.post("/jobs", json=wish).json()["id"]
    house.finish(job_id, FILM)
    return f"/clips/{job_id}.mp4"


def test_owner_gets_the_whole_film_and_its_still(ada: Person, clip: str) -> None:
    answer = ada.browser.get(clip)
    assert (answer.status_code, answer.content) == (200, FILM)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["cache-control"] == "private, no-store"
    assert "content-disposition" not in answer.headers
    still = ada.browser.get(clip.replace(".mp4", ".jpg"))
    assert (still.content, still.headers["content-type"]) == (b"still", "image/jpeg")


@pytest.mark.parametrize(
    ("wanted", "first", "end"), [("0-99", 0, 100), ("5000-", 5000, None), ("-10", -10, None)]
)
def test_range_is_answered_with_that_part(
    ada: Person, clip: str, wanted: str, first: int, end: int | None
) -> None:
    answer = ada.browser.get(clip, headers={"range": f"bytes={wanted}"})
    assert (answer.status_code, answer.content) == (206, FILM[first:end])
    assert "cookie" not in answer.headers


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=a-b"])
def test_range_that_is_none_of_ours_is_answered_with_the_whole(
    ada: Person, clip: str, wanted: str
) -> None:
    answer = ada.browser.get(clip, headers={"range": wanted})
    assert (answer.status_code, answer.content) == (200, FILM)


def test_range_holds_for_the_film_it_was_begun_with_only(ada: Person, clip: str) -> None:
    etag = ada.browser.head(clip).headers["etag"]
    for tag, status in ((etag, 206), ('"another"', 200)):
        headers = {"range": "bytes=0-9", "if-range": tag}
        assert ada.browser.get(clip, headers=headers).status_code == status


def test_range_outside_the_film_is_refused(ada: Person, clip: str) -> None:
    assert ada.browser.get(clip, headers={"range": "bytes=99999-"}).status_code == 416


def test_head_tells_the_length_without_the_film(ada: Person, clip: str) -> None:
    answer = ada.browser.head(clip)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(FILM)


def test_download_has_a_name_people_recognise(ada: Person, clip: str) -> None:
    named = ada.browser.get(f"{clip}?download").headers["content-disposition"]
    assert named == 'attachment; filename="greenroom-ein-b-roter-b-ball-x-etc-7.mp4"'


def test_nobody_else_gets_it_admins_included(
    house: House, ben: Person, admin: Person, clip: str
) -> None:
    for person in (ben, admin):
        for path in (clip, clip.replace(".mp4", ".jpg"), f"{clip}?download"):
            assert person.browser.get(path).status_code == 404
    assert house.stranger().get(clip).status_code == 401


def test_clip_that_is_not_finished_is_not_there(ada: Person) -> None:
    job_id = ada.browser.post("/jobs", json=WISH).json()["id"]
    assert ada.browser.get(f"/clips/{job_id}.mp4").status_code == 404
