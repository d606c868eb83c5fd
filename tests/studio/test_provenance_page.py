"""Whoever has a film reads what is signed into it; one that was changed is said to be broken."""

from pathlib import Path

import httpx
import pytest

from auth.tallies import PER_MINUTE
from jobs.provenance import identity_of
from sora_core.credentials.identity import open_identity, utc
from sora_core.credentials.signer import Claim, Signer
from studio.clock import now_ms
from studio.doors import CHECKED_MAX_BYTES
from tests.sora_core.credentials.films import plain_film
from tests.studio.conftest import WISH, House, Person


def finished_clip(house: House, ada: Person, film: Path, *, broken: bool) -> str:
    content = bytearray(signed(house, film))
    content[-1] ^= broken
    job_id = ada.browser.post("/jobs", json=WISH).json()["id"]
    house.finish(job_id, bytes(content))
    return str(job_id)


def test_page_says_what_is_signed_into_a_clip(
    house: House, ada: Person, ben: Person, tmp_path: Path
) -> None:
    clip = finished_clip(house, ada, tmp_path / "whole.mp4", broken=False)
    page = ada.browser.get(f"/clips/{clip}/credentials")
    assert page.status_code == 200
    assert "Trusted: signed here" in page.text
    assert "&lt;b&gt;Sprout&lt;/b&gt; turbo" in page.text
    assert ben.browser.get(f"/clips/{clip}/credentials").status_code == 404


def test_page_says_that_a_changed_clip_is_broken(house: House, ada: Person, tmp_path: Path) -> None:
    clip = finished_clip(house, ada, tmp_path / "changed.mp4", broken=True)
    page = ada.browser.get(f"/clips/{clip}/credentials").text
    assert "Broken: changed since" in page
    assert "Sprout" in page


def bring(house: House, content: bytes, accept: str = "text/html") -> httpx.Response:
    house.forget_strangers()
    form = {"film": ("film.mp4", content, "video/mp4")}
    return house.stranger(headers={"accept": accept}).post("/credentials", files=form)


def signed(house: House, path: Path) -> bytes:
    signer = Signer(identity_of(house.parts.settings, now_ms()))
    signer.sign(plain_film(path), Claim("<b>Sprout</b>", "turbo", "text", now_ms()))
    return path.read_bytes()


def test_stranger_sees_the_chain_of_a_film_they_bring(house: House, tmp_path: Path) -> None:
    content = signed(house, tmp_path / "film.mp4")
    page = bring(house, content)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Trusted: signed here" in page.text
    assert "&lt;b&gt;Sprout&lt;/b&gt; turbo" in page.text
    told = bring(house, content, accept="application/json").json()
    assert [(step["state"], step["title"]) for step in told["steps"]] == [("trusted", "film")]


def test_stranger_is_told_that_a_signature_is_broken(house: House, tmp_path: Path) -> None:
    content = bytearray(signed(house, tmp_path / "film.mp4"))
    content[-1] ^= 1
    assert "Broken: changed since" in bring(house, bytes(content)).text


def test_stranger_is_told_that_valid_is_not_trusted(house: House, tmp_path: Path) -> None:
    """Somebody else's certificate, whatever name it bears."""
    film = plain_film(tmp_path / "film.mp4")
    other = open_identity(tmp_path, utc(now_ms()))
    Signer(other).sign(film, Claim("Sprout", "turbo", "text", now_ms()))
    assert "Valid, not trusted" in bring(house, film.read_bytes()).text


def test_stranger_is_told_that_a_film_says_nothing(house: House, tmp_path: Path) -> None:
    assert "No credentials" in bring(house, plain_film(tmp_path / "film.mp4").read_bytes()).text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no film at all", "This is no MP4"), (b"", "Choose an MP4"), (b"\0" * 9, "This is no MP4")],
)
def test_stranger_is_told_that_a_file_is_no_film(
    house: House, content: bytes, sentence: str
) -> None:
    page = bring(house, content)
    assert page.status_code == 422
    assert sentence in page.text
    assert bring(house, content, accept="application/json").json()["field"] == "film"


def test_check_refuses_a_film_that_is_too_large_and_a_form_without_one(house: House) -> None:
    assert bring(house, bytes(CHECKED_MAX_BYTES)).status_code == 400
    house.forget_strangers()
    answer = house.stranger().post("/credentials", data={"film": "a word"})
    assert answer.status_code == 422
    assert "Choose an MP4 film" in answer.text


def test_check_keeps_strangers_from_coming_too_often(house: House) -> None:
    house.forget_strangers()
    for _ in range(PER_MINUTE):
        house.parts.knocks.knock("127.0.0.1", now_ms() + 60_000)
    answer = house.stranger().post("/credentials", files={"film": ("film.mp4", b"no film")})
    assert answer.status_code == 429
    assert "Too much came from your network" in answer.text
    house.forget_strangers()


def test_shown_clip_has_a_page_of_its_credentials_for_as_long_as_it_is_shown(
    house: House, ada: Person, admin: Person, tmp_path: Path
) -> None:
    clip = finished_clip(house, ada, tmp_path / "film.mp4", broken=False)
    ada.browser.post(f"/showing/{clip}/submit", json={})
    case = {"cases": [{"clip": clip, "round": 1}], "verdict": "approved"}
    assert admin.browser.post("/backstage/reviews/decide", json=case).status_code == 200
    wish = {"title": "Ball", "credit": "", "prompt_shown": False}
    assert ada.browser.post(f"/showing/{clip}/publish", json=wish).status_code == 201
    link = ada.browser.post(f"/showing/{clip}/links", json={"credit": "", "days": 7}).json()
    for page in (f"/gallery/{clip}", httpx.URL(link["url"]).path):
        assert f'href="{page}/credentials"' in house.stranger().get(page).text
        assert "Trusted: signed here" in house.stranger().get(f"{page}/credentials").text
    ada.browser.post(f"/showing/{clip}/unpublish", json={})
    ada.browser.post(f"/showing/links/{link['id']}/end", json={})
    for page in (f"/gallery/{clip}", httpx.URL(link["url"]).path):
        assert house.stranger().get(f"{page}/credentials").status_code == 404
