"""An artist reads what is signed into their clip; a clip that was changed is said to be broken."""

from pathlib import Path

from jobs.provenance import identity_of
from sora_core.credentials.signer import Claim, Signer
from studio.clock import now_ms
from tests.sora_core.credentials.films import plain_film
from tests.studio.conftest import WISH, House, Person


def finished_clip(house: House, ada: Person, film: Path, *, broken: bool) -> str:
    signer = Signer(identity_of(house.parts.settings, now_ms()))
    signer.sign(plain_film(film), Claim("<b>Sprout</b>", "turbo", "text", now_ms()))
    content = bytearray(film.read_bytes())
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
