"""A clip leaks: backstage its copy says whose it is; and to anybody a clip says how it was made."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom
from tests.journeys.test_joining import look_every_way
from tests.journeys.test_showing import admin_token


def test_leaked_copy_is_traced_to_its_artist_and_the_clip_says_where_it_comes_from(
    greenroom: Greenroom, visit: Callable[[], Visitor], tmp_path: Path
) -> None:
    artist, admin, stranger = visit(), visit(), visit()
    artist.sign_in(greenroom.token_for("Mira"))
    admin.sign_in(admin_token(greenroom, "Noor"))
    film = make_and_download(artist, tmp_path / "clip.mp4")
    see_what_is_signed(artist, film)
    check_as_a_stranger(stranger, greenroom, film, encoded_again(film))
    trace(admin, greenroom, encoded_again(film))


def make_and_download(artist: Visitor, path: Path) -> Path:
    card = artist.ask("A red ball bouncing in a snowy forest", seconds=2, variant="Turbo")
    artist.reaches(card, "finished")
    with artist.page.expect_download() as download:
        card.get_by_role("link", name="Download").click()
    download.value.save_as(path)
    return path


def encoded_again(film: Path) -> Path:
    """As somebody would pass it on: written anew by another encoder, its edge cut off."""
    copy = film.with_name("leaked.webm")
    change = ("-vf", "crop=iw*0.95:ih*0.95", "-c:v", "libvpx-vp9", "-deadline", "realtime")
    command = (get_ffmpeg_exe(), "-loglevel", "error", "-y", "-i", film, *change, "-crf", "34")
    subprocess.run([*command, "-b:v", "0", copy], check=True)
    return copy


def see_what_is_signed(artist: Visitor, film: Path) -> None:
    page = artist.page
    card = page.locator(".card").first
    card.get_by_role("button", name="More for this clip").click()
    page.get_by_role("menuitem", name="Where it comes from").click()
    page.get_by_text("Trusted: signed here, or by whom you trust").wait_for()
    page.get_by_role("cell", name="Drawn by a trained model").wait_for()
    look_every_way(artist, "credentials")


def check_as_a_stranger(stranger: Visitor, greenroom: Greenroom, film: Path, copy: Path) -> None:
    page = stranger.page

    def check(path: Path) -> None:
        page.get_by_label("Film", exact=True).set_input_files(path)
        page.get_by_role("button", name="Check it").click()

    page.goto(f"{greenroom.url}/credentials")
    check(film)
    page.get_by_text("Trusted: signed here, or by whom you trust").wait_for()
    look_every_way(stranger, "check")
    changed = film.with_name("changed.mp4")
    content = bytearray(film.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    check(changed)
    page.get_by_text("Broken: changed since it was signed").wait_for()
    check(copy)
    page.get_by_text("This is no MP4 film").wait_for()


def trace(admin: Visitor, greenroom: Greenroom, copy: Path) -> None:
    page = admin.page
    page.goto(f"{greenroom.url}/backstage/trace")
    page.get_by_text("No film has been traced yet.").wait_for()
    text = copy.with_name("words.mp4")
    text.write_text("no film at all")
    for path in (text, copy):
        page.get_by_label("Film", exact=True).set_input_files(path)
        page.get_by_role("button", name="Trace it").click()
        if path is text:
            page.get_by_role("alert").get_by_text("The film could not be read").wait_for()
    page.get_by_role("heading", name="A clip of Mira").wait_for(timeout=120_000)
    look_every_way(admin, "trace")
    page.goto(f"{greenroom.url}/backstage/audit")
    page.get_by_role("cell", name="mark.trace").first.wait_for()
    page.get_by_role("cell", name="mark.found").first.wait_for()
