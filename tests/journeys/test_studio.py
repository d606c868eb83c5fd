"""Using the studio: keys, refusals, settings taken again, contrast, restarts."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.records import LIVE
from tests.journeys.conftest import Visitor
from tests.journeys.greenroom import Greenroom, wait_for

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


@pytest.fixture(scope="module")
def ada(greenroom: Greenroom) -> str:
    greenroom.command("tester", "add", "Ada")
    return "Ada"


@pytest.fixture
def token(greenroom: Greenroom, ada: str) -> str:
    """A new token of Ada's: each window is a device, and a token belongs to one."""
    printed = greenroom.command("token", "issue", ada, "--expires", "30d", "--json")
    [token] = re.findall(r"grm_access_\w+", printed)
    return str(token)


def test_keys_reach_everything(visit: Callable[[], Visitor], token: str) -> None:
    tester = visit()
    tester.sign_in(token)
    page = tester.page
    page.locator("body").click(position={"x": 5, "y": 700})
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "prompt"
    assert page.get_by_label("Prompt").input_value() == ""
    page.get_by_role("button", name="Account of Ada").press("Enter")
    page.get_by_role("menuitem", name="Sign out").wait_for()
    tester.shoot("studio-account-menu")
    page.keyboard.press("Escape")
    assert page.get_by_role("menu").count() == 0
    assert page.evaluate("document.activeElement.ariaLabel") == "Account of Ada"
    page.get_by_role("button", name="Options").press("Enter")
    page.get_by_role("radio", name="Wide").press("ArrowRight")
    assert page.get_by_role("radio", name="Tall").get_attribute("aria-checked") == "true"
    page.get_by_role("radio", name="480p").press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == "1080p"
    assert page.get_by_role("radio", name="1080p").get_attribute("aria-checked") == "true"


def test_open_stands_still_while_nothing_was_made(
    visit: Callable[[], Visitor], greenroom: Greenroom
) -> None:
    """The bar is where it stays; it moves up later, for the first clip."""
    visitor = visit()
    visitor.context.add_init_script(
        "window.moved = []; addEventListener('transitionrun', ({ target, propertyName }) =>"
        " propertyName.startsWith('margin') && moved.push(target.className), true)"
    )
    visitor.sign_in(greenroom.token_for("Stella"))
    assert visitor.page.locator(".studio.empty").is_visible()
    assert visitor.page.evaluate("moved") == []
    visitor.ask("A red cat in the snow", variant="Turbo")
    visitor.page.wait_for_function("moved.includes('ask')")


def test_wrong_input_is_told_at_the_field(visit: Callable[[], Visitor], token: str) -> None:
    tester = visit()
    tester.sign_in(token)
    page = tester.page
    page.get_by_role("button", name="Generate").click()
    assert page.get_by_role("status").inner_text() == "Say in a sentence what the clip shows."
    page.get_by_label("Prompt").fill("x" * 1900)
    assert page.get_by_role("status").inner_text() == "1900 of 2000 characters"
    page.get_by_label("Prompt").fill("x" * 2001)
    assert "1 characters too many" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Generate").click()
    page.get_by_text("shorten it to 2,000 or fewer").wait_for()
    tester.shoot("studio-wrong-input")
    assert page.locator(".card").count() == 0


def test_prompt_is_text_whatever_it_says(visit: Callable[[], Visitor], token: str) -> None:
    tester = visit()
    tester.sign_in(token)
    prompt = '<img src=x onerror="document.title=1"><script>document.title=2</script> a red ball'
    card = tester.ask(prompt)
    tester.reaches(card, "finished")
    assert card.locator(".prompt").inner_text() == prompt
    tester.page.reload()
    tester.enter()
    assert card.locator(".prompt").inner_text() == prompt
    assert tester.page.title() == "Greenroom"


def test_cancelled_clip_says_so_and_its_settings_can_be_taken_again(
    visit: Callable[[], Visitor], token: str
) -> None:
    tester = visit()
    tester.sign_in(token)
    page = tester.page
    tester.open_options()
    page.get_by_role("radio", name="Neon").click()
    page.get_by_role("button", name="Roll a seed").click()
    seed = page.get_by_label("Seed", exact=True).input_value()
    assert 0 <= int(seed) < 2**32
    card = tester.ask("A white cat spinning in the city", seconds=10, size="720p")
    tester.reaches(card, "running")
    card.get_by_role("button", name="Cancel").click()
    tester.reaches(card, "stopped")
    assert "You stopped this clip. It was not charged." in card.inner_text()
    tester.shoot("studio-cancelled")
    page.get_by_label("Prompt").fill("")
    page.get_by_role("radio", name="No style").click()
    card.get_by_role("button", name="Try again").click()
    assert page.get_by_label("Prompt").input_value() == "A white cat spinning in the city"
    assert page.get_by_role("radio", name="Neon").get_attribute("aria-checked") == "true"
    assert page.get_by_label("Seed", exact=True).input_value() == seed
    assert page.locator(".length .figure").inner_text() == "10 s"


def test_limits_are_told_in_a_sentence(visit: Callable[[], Visitor], greenroom: Greenroom) -> None:
    tester = visit()
    tester.sign_in(greenroom.token_for("Bo"))
    for _ in range(2):
        tester.ask("A big blue car moving right", seconds=10, size="720p")
    tester.page.get_by_role("button", name="Generate").click()
    tester.page.locator(".composer-note.wrong").wait_for()
    assert "2 clips" in tester.page.get_by_role("status").inner_text()
    tester.shoot_every_way("studio-limit")
    for button in tester.page.get_by_role("button", name="Cancel").all()[::-1]:
        button.click()
    for card in tester.page.locator(".card").all():
        tester.reaches(card, "stopped")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast_enough(
    visit: Callable[[], Visitor], token: str, greenroom: Greenroom, scheme: str
) -> None:
    tester, admin = visit(), visit()
    tester.page.emulate_media(color_scheme=scheme)
    tester.page.goto(f"{greenroom.url}/sign-in")
    tester.page.get_by_role("button", name="Sign in").click()
    assert tester.page.evaluate(CONTRAST) == []
    tester.sign_in(token)
    tester.open_options()
    tester.page.get_by_role("button", name="Generate").click()
    tester.page.get_by_role("button", name="Light or dark").click()
    tester.page.wait_for_timeout(300)  # colours change over 0.1 s
    assert tester.page.evaluate(CONTRAST) == []
    link = greenroom.command("link", "Admin").split()[0]
    admin.page.emulate_media(color_scheme=scheme)
    admin.page.goto(link.replace(":7860", f":{greenroom.port}"))
    admin.enter()
    admin.page.goto(f"{greenroom.url}/backstage")
    admin.page.locator(".testers table").wait_for()
    assert admin.page.evaluate(CONTRAST) == []
    admin.page.get_by_role("button", name="Revoke").first.click()
    assert admin.page.evaluate(CONTRAST) == []


def test_theme_once_chosen_stays(visit: Callable[[], Visitor], token: str) -> None:
    tester = visit()
    tester.sign_in(token)
    tester.page.get_by_role("button", name="Light or dark").click()
    tester.page.get_by_role("menuitemradio", name="Dark").click()
    tester.page.reload()
    assert tester.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_history_outlives_a_killed_web_process(
    visit: Callable[[], Visitor], greenroom: Greenroom
) -> None:
    tester = visit()
    tester.sign_in(greenroom.token_for("Cleo"))
    done = tester.ask("A small star over sand dunes")
    tester.reaches(done, "finished")
    card = tester.ask("An orange boat on the sea", seconds=6)
    tester.reaches(card, "running")
    greenroom.end(signal.SIGKILL)
    greenroom.start()
    # The page comes back by itself and sees the clip to its end.
    tester.reaches(card, "finished")
    assert done.get_attribute("data-state") == "finished"
    job_id = str(card.get_attribute("data-job"))
    wait_for(lambda: greenroom.job(job_id).state not in LIVE, 5)
    tester.page.reload()
    tester.enter()
    assert tester.page.locator(".card[data-state=finished] video").count() == 2
    me = tester.page.evaluate("fetch('/me').then((answer) => answer.json())")
    assert me["allowance"]["clips_per_day"] - me["allowance"]["clips_left"] == 2
