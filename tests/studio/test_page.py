"""The studio's page: ours to look at, safe to run."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from tests.studio.conftest import WISH, House, Person

STATIC = Path(__file__).parent.parent.parent / "static"
OURS = sorted([*STATIC.rglob("*.js"), *STATIC.rglob("*.css")])


def test_every_script_carries_the_nonce_of_this_answer(ada: Person) -> None:
    answers = [ada.browser.get("/"), ada.browser.get("/")]
    nonces = set()
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        [nonce] = re.findall(r"script-src 'self' 'nonce-([\w-]+)' 'unsafe-eval';", policy)
        tags = re.findall(r"<script[^>]*>", answer.text)
        assert tags
        assert all(f'nonce="{nonce}"' in tag for tag in tags)
        nonces.add(nonce)
    assert len(nonces) == 2


def test_page_names_no_other_host(house: House, ada: Person) -> None:
    text = ada.browser.get("/").text
    hosts = set(re.findall(r"https?://([\w.:-]+)", text))
    assert hosts <= {house.url.removeprefix("http://")}


def test_page_holds_nothing_of_anybody(house: House, ada: Person) -> None:
    ada.browser.post("/jobs", json={**WISH, "prompt": "a very private prompt"})
    assert "a very private prompt" not in ada.browser.get("/").text


def test_page_takes_nothing_from_its_query(ada: Person) -> None:
    plain, odd = (ada.browser.get(p).text for p in ("/", "/?deep_link=../x&__theme=dark&view=api"))
    strip = re.compile(r'nonce="[^"]*"')
    assert strip.sub("", plain) == strip.sub("", odd)


def test_sign_in_page_has_one_inline_script_which_its_policy_names_and_no_style(
    house: House,
) -> None:
    answer = house.stranger().get("/sign-in")
    text, policy = answer.text, answer.headers["content-security-policy"]
    [inline] = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert len(re.findall(r"<script(?![^>]*src=)", text)) == 1
    assert "<style" not in text
    assert "style=" not in text


def test_what_the_page_loads_is_there(house: House, ada: Person) -> None:
    for page in ("/", "/sign-in"):
        for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', ada.browser.get(page).text):
            assert house.stranger().get(path).status_code == 200
    for css in STATIC.rglob("*.css"):
        for path in re.findall(r'url\("([^"]+)"\)', css.read_text()):
            assert house.stranger().get(path).status_code == 200


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_file_names_no_other_host_and_is_short_enough_to_read(path: Path) -> None:
    text = path.read_text()
    assert re.findall(r"https?://([\w.:-]+)", text.replace("http://www.w3.org", "")) == []
    assert len(text.splitlines()) < 300


def test_scripts_build_pages_from_elements_not_from_strings() -> None:
    """`innerHTML` only for our own icons: a prompt can never become markup."""
    users = {path.name for path in STATIC.rglob("*.js") if "innerHTML" in path.read_text()}
    assert users == {"icons.js"}
    for word in ("eval(", "document.write", "insertAdjacentHTML", "outerHTML"):
        assert not [path.name for path in STATIC.rglob("*.js") if word in path.read_text()]


def test_sign_in_field_hides_what_is_typed_and_takes_what_is_pasted() -> None:
    root = Path(__file__).parents[2]
    page = (root / "studio/pages/sign-in.html").read_text()
    script = (root / "static/js/sign-in.js").read_text()
    assert re.search(r'<input type="password" name="token"', page)
    assert not re.search(r"onpaste|[\"']paste[\"']", page + script)
