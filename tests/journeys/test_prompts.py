"""Who reads prompts, by policy: closed at first; opened, each look is told to its artist.

And a picture that a classifier refused: explained, appealed, let pass by a reviewer.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import ROOT, Greenroom
from tests.journeys.test_joining import look_every_way
from tests.journeys.test_people import admin_token
from tests.programme.moderation.test_classifiers import library

LOOK = ROOT / "tests/programme/moderation/look_with_transformers.py"


@pytest.fixture(scope="module")
def greenroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Greenroom]:
    """Nothing is drawn; a tiny real model of transformers looks at pictures."""
    model = tmp_path_factory.mktemp("model") / "colours"
    offline = {"PYTHONPATH": library(), "HF_HUB_OFFLINE": "1"}
    learn = [sys.executable, LOOK, model]
    subprocess.run(learn, env=os.environ | offline, check=True, capture_output=True)
    room = Greenroom(
        tmp_path_factory.mktemp("greenroom"),
        GREENROOM_WORKER="off",
        GREENROOM_PICTURE_CLASSIFIERS=f"{model}=blood+gore:0.7",
        **offline,
    )
    room.start()
    yield room
    room.end()


def ask(visitor: Visitor, prompt: str) -> None:
    visitor.page.get_by_label("Prompt").fill(prompt)
    visitor.page.locator("#prompt").press("Control+Enter")


def test_prompts_are_closed_until_a_policy_opens_them_and_each_look_is_told(
    greenroom: Greenroom, visit: Callable[[], Visitor]
) -> None:
    artist, admin = visit(), visit()
    artist.sign_in(greenroom.token_for("Ada"))
    admin.sign_in(admin_token(greenroom, "Cleo"))
    ask(artist, "A red ball on the day of the leak")
    artist.page.locator(".card").wait_for()
    admin.page.goto(f"{greenroom.url}/backstage/prompts")
    admin.page.get_by_text("There is nobody whose prompts you may read.").wait_for()
    look_every_way(admin, "backstage-prompts-closed")

    announce(admin, greenroom)
    page = artist.page
    page.goto(f"{greenroom.url}/policy")
    page.get_by_text("More people read your prompts").wait_for()
    look_every_way(artist, "policy-prompts")
    page.get_by_role("button", name="I agree").click()
    page.locator(".asks").wait_for(state="detached")
    page.goto(f"{greenroom.url}/transparency/inside")
    page.get_by_text("No admin read any so far.").wait_for()

    page = admin.page
    page.goto(f"{greenroom.url}/backstage/prompts")
    page.get_by_role("button", name="Read them").click()
    page.get_by_role("alert").get_by_text("Write 1 to 400 characters in why.").wait_for()
    page.get_by_label("Why. The artist reads it.").fill("A film of this programme turned up.")
    page.get_by_role("button", name="Read them").click()
    page.get_by_text("A red ball on the day of the leak").wait_for()
    look_every_way(admin, "backstage-prompts")

    artist.page.reload()
    artist.page.get_by_text("An admin: A film of this programme turned up.").wait_for()
    artist.page.locator("#looks").scroll_into_view_if_needed()
    look_every_way(artist, "transparency-looks")


def announce(admin: Visitor, greenroom: Greenroom) -> None:
    """Prompts for admins, and every film marked: both fields, and what they take away."""
    page = admin.page
    page.goto(f"{greenroom.url}/backstage/policy")
    page.get_by_label("Prompts are read by").select_option("admins")
    page.get_by_label("A visible mark is on").select_option("all")
    page.get_by_label("What changes, and why").fill("A film leaked.")
    page.get_by_text("More of your films carry a visible mark").wait_for()
    look_every_way(admin, "backstage-policy-marked")
    page.get_by_role("button", name="Announce").click()
    page.get_by_text("Version 1 is announced.").wait_for()


def test_refused_picture_is_explained_and_let_pass_by_a_reviewer(
    greenroom: Greenroom, visit: Callable[[], Visitor], tmp_path: Path
) -> None:
    artist, reviewer = visit(), visit()
    artist.sign_in(greenroom.token_for("Rosa"))
    reviewer.sign_in(greenroom.token_for("Rhea"))
    greenroom.command("tester", "reviewer", "Rhea", "on")
    page, file = artist.page, BytesIO()
    Image.new("RGB", (320, 200), (220, 30, 30)).save(file, "PNG")
    (tmp_path / "poppy.png").write_bytes(file.getvalue())
    page.locator(".picture-file").set_input_files(tmp_path / "poppy.png")
    page.get_by_text("First picture").wait_for()
    ask(artist, "A field of poppies")
    page.get_by_text("A classifier took a picture for “blood” or “gore”").wait_for()
    look_every_way(artist, "studio-picture-refused")
    page.goto(f"{greenroom.url}/showing")
    refused = page.locator("[data-refusal]")
    refused.get_by_role("button", name="Appeal").click()
    page.get_by_label("Why it should be drawn").fill("It is a poppy.")
    page.locator("dialog").get_by_role("button", name="Appeal").click()
    refused.get_by_text("a person looks at it").wait_for()
    look_every_way(artist, "showing-refused-picture")

    page = reviewer.page
    page.goto(f"{greenroom.url}/backstage/reviews")
    page.get_by_role("img", name="The picture").wait_for()
    page.get_by_role("img", name="The picture").scroll_into_view_if_needed()
    look_every_way(reviewer, "backstage-refused-picture")
    page.get_by_role("button", name="Let it pass").click()
    page.get_by_label("Your words").fill("A poppy it is.")
    page.locator("dialog").get_by_role("button", name="Let it pass").click()
    page.get_by_text("No appeal waits.").wait_for()
    artist.page.reload()
    artist.page.get_by_text("A poppy it is.").wait_for()
