"""Making clips in every way on offer: turbo, scenes, pictures, and out of other clips."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom
from tests.journeys.test_programme import job_id, play
from tests.journeys.test_studio import CONTRAST


@pytest.fixture
def tester(visit: Callable[[], Visitor], greenroom: Greenroom, request: Any) -> Visitor:
    """An artist of their own for each test, signed in."""
    visitor = visit()
    name = " ".join(request.node.name.split("_")[1:4]).capitalize()
    visitor.sign_in(greenroom.token_for(name))
    return visitor


def png() -> dict[str, Any]:
    """A picture file: yellow left, blue right."""
    picture = Image.new("RGB", (320, 180), "yellow")
    picture.paste("blue", (160, 0, 320, 180))
    file = BytesIO()
    picture.save(file, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}


def spec_of(greenroom: Greenroom, card: Any) -> dict[str, Any]:
    return dict(greenroom.job(job_id(card)).spec)


def weak_text(tester: Visitor) -> Any:
    tester.page.wait_for_timeout(300)  # colours change over 0.1 s
    return tester.page.evaluate(CONTRAST)


def begin(card: Any, name: str) -> None:
    """Choose what to make of a finished clip, in its menu where it is there."""
    button = card.get_by_role("button", name=name, exact=True)
    if button.count():
        button.click()
        return
    card.get_by_role("button", name="More for this clip").click()
    card.get_by_role("menuitem", name=name).click()


def test_turbo_with_style_seed_and_variations(tester: Visitor, greenroom: Greenroom) -> None:
    """Compact at first; what is chosen stands on the button, and the options stay open."""
    page = tester.page
    assert page.get_by_role("radio", name="Turbo").count() == 0
    tester.shoot_every_way("making-compact")
    tester.open_options()
    page.get_by_role("radio", name="Turbo").click()
    assert page.get_by_text("Turbo ignores this.").is_visible()
    page.get_by_role("radio", name="Pixel").click()
    page.get_by_label("Seed", exact=True).fill("7")
    page.get_by_role("radio", name="2", exact=True).click()
    tester.shoot_every_way("making-options")
    assert weak_text(tester) == []
    first = tester.ask("A yellow boat bounces on the ocean, philosophical", variant="Turbo")
    page.wait_for_function("document.querySelectorAll('.card').length === 2")
    for card in page.locator(".card").all():
        tester.reaches(card, "finished")
    seeds = {spec_of(greenroom, card)["seed"] for card in page.locator(".card").all()}
    assert seeds == {7, 8}
    assert spec_of(greenroom, first)["variant"] == "turbo"
    assert "Turbo · 448 × 256 · 1 s · pixel art" in first.inner_text().replace("\u00a0", " ")
    assert "Drawn at 112 × 64, 12/s; enlarged" in first.inner_text()
    assert "not understood: “philosophical”" in first.inner_text()
    tester.shoot_every_way("making-turbo-finished")
    page.reload()
    tester.enter()
    assert page.get_by_role("radio", name="Turbo").is_visible()
    page.get_by_role("button", name="Options").click()
    page.reload()
    tester.enter()
    assert page.get_by_role("button", name="Options").get_attribute("aria-expanded") == "false"


def test_storyboard_by_keyboard_alone(tester: Visitor, greenroom: Greenroom) -> None:
    """Scenes are added, moved and removed with keys; each follows in its span."""
    page = tester.page
    tester.open_options()
    page.get_by_role("radio", name="Turbo").click()
    page.get_by_role("radio", name="256p").click()
    page.locator("[name=seconds]").fill("1")
    page.get_by_label("Prompt").fill("A red ball on the beach")
    page.get_by_role("button", name="Scene", exact=True).press("Enter")
    assert page.locator(".length .figure").inner_text() == "2 s"
    page.keyboard.type("A red ball in the snow")
    page.keyboard.press("Alt+ArrowUp")
    assert page.evaluate("document.activeElement.value") == "A red ball in the snow"
    assert page.get_by_label("Scene 2", exact=True).input_value() == "A red ball on the beach"
    page.get_by_role("button", name="Scene", exact=True).press("Enter")
    tester.shoot_every_way("making-scenes")
    page.get_by_label("Remove: scene 3").press("Enter")
    assert page.locator(".scene").count() == 2
    card = tester.send()
    tester.reaches(card, "finished")
    assert spec_of(greenroom, card)["storyboard"] == [
        "A red ball in the snow",
        "A red ball on the beach",
    ]
    assert "1 · ball · red" in card.inner_text()
    assert "2 · ball · red" in card.inner_text()
    assert weak_text(tester) == []


def test_clip_begins_with_a_picture(tester: Visitor, greenroom: Greenroom) -> None:
    page = tester.page
    tester.open_options()
    file = page.locator(".picture-file")
    file.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.get_by_text("choose a whole PNG, JPEG or WebP").wait_for()
    file.set_input_files(png())
    page.get_by_text("First picture").wait_for()
    page.get_by_role("button", name="Last picture").wait_for()
    page.get_by_role("radio", name="Square").click()
    tester.shoot_every_way("making-picture")
    card = tester.ask("A yellow boat on the ocean", variant="Turbo")
    tester.reaches(card, "finished")
    play(tester, card)
    [source] = spec_of(greenroom, card)["sources"]
    assert source.startswith("picture_")
    assert "Begins with a picture" in card.inner_text()
    page.get_by_role("button", name="Remove the first picture").press("Enter")
    assert page.locator(".beginning").is_hidden()


def test_clip_is_extended_from_its_card(tester: Visitor, greenroom: Greenroom) -> None:
    page = tester.page
    first = tester.ask("A red ball bouncing in the snow", variant="Turbo")
    tester.reaches(first, "finished")
    begin(first, "Extend")
    assert "Extends “A red ball bouncing in the snow”" in page.locator(".beginning").inner_text()
    assert page.locator("[name=seconds]").get_attribute("min") == "2"
    page.locator("[name=seconds]").fill("2")
    tester.shoot_every_way("making-extend")
    longer = tester.send()
    tester.reaches(longer, "finished")
    spec = spec_of(greenroom, longer)
    assert (spec["operation"], spec["sources"], spec["seconds"]) == ("extend", [job_id(first)], 2)
    assert "Extends a clip" in longer.inner_text()


def test_clip_is_remixed_and_offered_for_a_blend(tester: Visitor, greenroom: Greenroom) -> None:
    """A new prompt over an old clip; Escape leaves menus and dialogs as they were."""
    page = tester.page
    first = tester.ask("A red ball bouncing in the snow", variant="Turbo")
    tester.reaches(first, "finished")
    begin(first, "Remix")
    page.get_by_label("How far it may change").fill("0.8")
    page.get_by_label("Prompt").fill("A blue fish in the snow")
    remix = tester.send()
    tester.reaches(remix, "finished")
    spec = spec_of(greenroom, remix)
    assert (spec["operation"], spec["strength"]) == ("remix", 0.8)
    assert spec["sources"] == [job_id(first)]
    assert "Remix, 80 % changed" in remix.inner_text()

    more = remix.get_by_role("button", name="More for this clip")
    more.press("Enter")
    remix.get_by_role("menuitem", name="Make it loop").wait_for()
    tester.shoot_every_way("making-menu")
    page.keyboard.press("Escape")
    assert page.get_by_role("menu").count() == 0
    begin(remix, "Blend with …")
    page.get_by_role("dialog").wait_for()
    tester.shoot_every_way("making-blend")
    assert weak_text(tester) == []
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert page.locator(".beginning").get_attribute("data-operation") == "remix"
    begin(remix, "Blend with …")
    page.get_by_role("dialog").get_by_role("button", name="bouncing").click()
    assert page.locator(".length .figure").inner_text() == "3 s"
    begun = page.locator(".beginning").inner_text()
    assert "Blends “A blue fish in the snow” into “A red ball bouncing in the snow”" in begun
    page.get_by_role("button", name="Begin with nothing").click()
    assert page.locator(".beginning").is_hidden()


def test_bar_and_card_fit_a_very_narrow_phone(tester: Visitor) -> None:
    page = tester.page
    page.set_viewport_size({"width": 360, "height": 780})
    tester.open_options()
    page.get_by_role("button", name="Scene", exact=True).click()
    assert tester.overflow() == 0
    tester.shoot("making-narrow")


def test_unknown_words_are_told_while_one_types(tester: Visitor) -> None:
    """Not the word being typed; nothing moves, in any scene; and the clip's card says the same."""
    page, line = tester.page, tester.page.locator(".strange-words")
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    place = page.locator(".generate").bounding_box()
    page.locator("#prompt").click()

    def told_after(typed: str, ms: int) -> str:
        page.keyboard.type(typed)
        page.clock.run_for(ms)
        return line.inner_text()

    assert told_after("A red cat, philosophic", 300) == ""
    assert told_after("al in the sno", 300) == "Sprout does not know: philosophical"
    assert told_after("", 1000) == "Sprout does not know: philosophical, sno"
    assert told_after("w", 300) == "Sprout does not know: philosophical"
    assert page.locator(".generate").bounding_box() == place
    for _ in range(len(", philosophical in the snow")):
        page.keyboard.press("Backspace")
    assert told_after(" in the snow", 1300) == ""
    page.get_by_role("button", name="Scene", exact=True).click()
    told = told_after("A red cat in the snow, quietly, кот", 1300)
    assert told == "Sprout does not know: quietly, кот"
    page.clock.set_system_time(datetime.now(UTC))  # which proofs are signed with
    page.clock.resume()
    tester.shoot_every_way("making-unknown-words")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert weak_text(tester) == []
    tester.open_options()
    page.get_by_role("radio", name="Turbo").click()
    page.get_by_role("radio", name="256p").click()
    card = tester.send()
    tester.reaches(card, "finished")
    reported = card.locator(".reading .strange").get_attribute("title")
    assert f"Sprout does not know: {reported}" == told == line.inner_text()
