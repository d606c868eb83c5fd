"""Signing in with a provider: npm `oidc-provider`, and every way its answers could be wrong."""

import dataclasses
import html
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from auth import terms, testers, tokens
from auth.identities import Claims, Identity, lowered
from auth.records import AuditEntry, SignIn, Tester
from database import Database
from errors import NotFound
from settings import Settings, read_allow
from studio import provider as provider_module
from studio.clock import now_ms
from studio.provider import CALLBACK, TERMS_FIRST, UNDER_WAY_S, sign_in_page, state_cookie
from studio.provider import provider as provider_set
from tests.services import free_port
from tests.studio.conftest import House, serving, wire
from tests.studio.oidc import Liar, oidc_provider

NOT_FINISHED = "This sign-in was not finished"


@pytest.fixture(scope="module")
def redirect_uri() -> str:
    return f"http://127.0.0.1:{free_port()}{CALLBACK}"


@pytest.fixture(scope="module")
def provider(redirect_uri: str) -> Iterator[Liar]:
    with oidc_provider(redirect_uri) as liar:
        yield liar


@pytest.fixture(scope="module")
def house(
    provider: Liar, redirect_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    database = Database(f"sqlite:///{folder / 'greenroom.db'}")
    database.migrate()
    parts = wire(
        database,
        folder,
        GRADIO_SERVER_PORT=str(urlsplit(redirect_uri).port),
        GREENROOM_OIDC_URL=provider.issuer,
        GREENROOM_OIDC_CLIENT_ID="greenroom",
        GREENROOM_OIDC_CLIENT_SECRET="a secret between the provider and greenroom",
        GREENROOM_OIDC_NAME="Film <Club>",
        GREENROOM_OIDC_ALLOW="sub:listed, sub:reader, user:named, sub:ada, sub:eve",
        GREENROOM_OIDC_ADMIN="boss",
    )
    with serving(parts) as house:
        yield house
    database.close()


@pytest.fixture(autouse=True)
def honest(house: House, provider: Liar) -> None:
    """Each test begins with a provider that tells the truth, and of which nothing is known yet."""
    provider.discovery, provider.userinfo, provider.claims = {}, {}, None
    provider.unsigned = provider.stranger = provider.down = False
    provider.status = None
    assert house.parts.provider is not None
    house.parts.provider.client.server_metadata.clear()


def sign_in_there(house: House, browser: httpx.Client, login: str, start: str = "") -> str:
    """Go to the provider and sign in as `login`; the address it then sends the browser to."""
    answer = browser.get(start or "/sign-in/provider")
    for _ in range(20):
        address = str(answer.url)
        if answer.has_redirect_location:
            address = urljoin(address, answer.headers["location"])
            if address.startswith(house.url + CALLBACK):
                return address
            answer = browser.get(address)
            continue
        form = re.search(r'action="([^"]+)".*?name="prompt" value="(\w+)"', answer.text, re.S)
        assert form, answer.text
        fields = {"prompt": form[2], "login": login, "password": "any"}
        answer = browser.post(urljoin(address, html.unescape(form[1])), data=fields)
    raise AssertionError("the provider never sent us back")


def come_in(house: House, login: str) -> httpx.Response:
    browser = house.stranger()
    return accept(browser, browser.get(sign_in_there(house, browser, login)))


def accept(browser: httpx.Client, answer: httpx.Response) -> httpx.Response:
    """What comes next: whoever is new accepts the terms."""
    if answer.headers.get("location") != TERMS_FIRST:
        return answer
    return browser.post(TERMS_FIRST, json={"terms_sha256": terms.current().sha256})


def who_is(house: House, answer: httpx.Response) -> Tester:
    """Whom the one-time link in the answer signs in."""
    if answer.status_code == 201:
        text = answer.json()["link"]
    else:
        assert answer.status_code == 303, sentence(answer)
        address, _, text = answer.headers["location"].partition("#link=")
        assert address == "/sign-in"
    with house.parts.database.read() as db:
        token = tokens.find(db, house.parts.gate.keys, text, now_ms())
        assert token.kind == tokens.LINK
        return db.get_one(Tester, token.tester_id)


def sentence(answer: httpx.Response) -> str:
    found = re.search(r'id="wrong" role="alert">(.*?)</p>', answer.text)
    return html.unescape(found[1]) if found else ""


def counts(house: House) -> tuple[int, int]:
    with house.parts.database.read() as db:
        return tuple(  # type: ignore[return-value]
            db.scalar(select(func.count()).select_from(table)) for table in (Tester, Identity)
        )


def test_page_has_a_button_named_for_the_provider(house: House) -> None:
    page = house.stranger().get("/sign-in").text
    assert 'href="/sign-in/provider"' in page
    assert "Sign in with Film &lt;Club&gt;" in page


def test_page_has_no_button_where_no_provider_is_set(tmp_path: Any) -> None:
    database = Database(f"sqlite:///{tmp_path / 'greenroom.db'}")
    database.migrate()
    assert "provider" not in sign_in_page(wire(database, tmp_path))


def test_request_to_the_provider_is_bound_to_this_browser(house: House, provider: Liar) -> None:
    """State, nonce and PKCE S256; the exact redirect URI, whatever the query wishes."""
    browser = house.stranger()
    answer = browser.get(
        "/sign-in/provider?redirect_uri=https://evil.example&next=https://evil.example&state=x"
    )
    address = urlsplit(answer.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}" == provider.issuer
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == house.url + CALLBACK
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert min(len(asked["nonce"]), len(asked["state"])) >= 20
    assert "evil" not in address.query
    cookie = answer.headers["set-cookie"]
    for attribute in ("greenroom-provider=", "HttpOnly", "SameSite=Lax", f"Max-Age={UNDER_WAY_S}"):
        assert attribute in cookie
    again = parse_qs(urlsplit(browser.get("/sign-in/provider").headers["location"]).query)
    assert {again[n][0] for n in ("state", "nonce", "code_challenge")}.isdisjoint(asked.values())


def test_somebody_on_the_list_becomes_a_tester_once(house: House) -> None:
    answer = come_in(house, "listed")
    first = who_is(house, answer)
    assert (first.name, first.role) == ("listed", testers.TESTER)
    assert "greenroom-provider=; Path=/; Max-Age=0" in answer.headers["set-cookie"]
    before = counts(house)
    assert who_is(house, come_in(house, "listed")).id == first.id
    assert counts(house) == before


def test_nobody_new_comes_in_without_the_terms_and_their_word_counts_once(house: House) -> None:
    """The provider's word is kept in a signed cookie while its subject reads the terms."""
    before, browser = counts(house), house.stranger()
    sha256 = terms.current().sha256
    assert house.stranger().post(TERMS_FIRST, json={"terms_sha256": sha256}).status_code == 400
    address = sign_in_there(house, browser, "reader")
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, TERMS_FIRST)
    assert browser.get(address).status_code == 400
    browser.get("/sign-in/provider")
    assert browser.post(TERMS_FIRST, json={"terms_sha256": sha256}).status_code == 400
    browser.get(sign_in_there(house, browser, "reader"))
    cookie = browser.cookies["greenroom-provider"]
    assert sha256 in browser.get(TERMS_FIRST).text
    assert browser.post(TERMS_FIRST, json={"terms_sha256": "0" * 64}).status_code == 409
    assert counts(house) == before
    reader = who_is(house, browser.post(TERMS_FIRST, json={"terms_sha256": sha256}))
    with house.parts.database.read() as db:
        assert terms.accepted(db, reader.id) == terms.current().version
    thief = house.stranger(cookies={"greenroom-provider": cookie})
    assert thief.post(TERMS_FIRST, json={"terms_sha256": sha256}).status_code == 400


def test_subject_of_the_setting_becomes_an_admin(house: House) -> None:
    assert who_is(house, come_in(house, "boss")).role == testers.ADMIN


def test_name_that_is_taken_gets_a_number(house: House) -> None:
    with house.parts.database.begin() as db:
        testers.add(db, "named", now_ms=now_ms())
    assert who_is(house, come_in(house, "named")).name == "named 2"


def test_nobody_else_gets_in(house: House) -> None:
    before = counts(house)
    answer = come_in(house, "mallory")
    assert (answer.status_code, counts(house)) == (403, before)
    assert sentence(answer).startswith("Film <Club> says who you are, but you are not in this")


def test_tester_links_an_account_and_signs_in_with_it(house: House, provider: Liar) -> None:
    joe = house.person("Joe")
    asked = joe.browser.post("/me/provider")
    answer = joe.browser.get(
        sign_in_there(house, joe.browser, "joes-account", asked.json()["address"])
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert who_is(house, come_in(house, "joes-account")).name == "Joe"
    with house.parts.database.read() as db:
        newest = select(AuditEntry).where(AuditEntry.action == "identity.link")
        row = db.scalars(newest.order_by(AuditEntry.seq.desc())).first()
        mine = Identity.tester_id == joe.principal.tester_id
        identity = db.scalars(select(Identity).where(mine)).one()
    assert (identity.issuer, identity.subject) == (provider.issuer, "joes-account")
    assert row is not None
    assert row.subject == f"tester:{joe.principal.tester_id}"


def test_linking_needs_a_fresh_sign_in_in_a_browser(house: House) -> None:
    """As long ago as the 14 days of a session allow; a script never."""
    kim = house.person("Kim")
    with house.parts.database.begin() as db:
        db.get_one(SignIn, kim.principal.sign_in_id).fresh_until = now_ms()
    refused = kim.browser.post("/me/provider")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_granted")
    assert "Sign out, sign in again" in refused.json()["detail"]
    assert "set-cookie" not in refused.headers
    token = house.api_token(kim, bearer=True)
    script = house.stranger(headers={"authorization": f"Bearer {token}"})
    assert script.post("/me/provider").json()["code"] == "not_granted"


def test_account_of_one_tester_is_not_linked_to_another(house: House) -> None:
    who_is(house, come_in(house, "eve"))
    ben = house.person("Ben")
    asked = ben.browser.post("/me/provider").json()["address"]
    answer = ben.browser.get(sign_in_there(house, ben.browser, "eve", asked))
    assert answer.status_code == 409
    assert sentence(answer).startswith("This account belongs to another tester already.")
    assert who_is(house, come_in(house, "eve")).name == "eve"


def test_linking_needs_a_sign_in_that_still_stands(house: House) -> None:
    zoe = house.person("Zoe")
    asked = zoe.browser.post("/me/provider").json()["address"]
    address = sign_in_there(house, zoe.browser, "zoes-account", asked)
    zoe.browser.post("/sign-out")
    assert zoe.browser.get(address).status_code == 401
    assert come_in(house, "zoes-account").status_code == 403
    assert house.stranger().post("/me/provider").status_code == 401


def test_mail_address_alone_makes_nobody_a_tester_again(house: House) -> None:
    """Another subject with the mail of a tester is another person."""
    who_is(house, come_in(house, "ada"))
    answer = come_in(house, "ada-again")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("allow", "login", "enters"),
    [
        ("domain:EXAMPLE.org", "anybody", True),
        ("domain:example.org", "unverified", False),
        ("domain:ample.org", "somebody", False),
        ("org:film-club", "member", True),
        ("org:film-club", "pending-member", False),
        ("org:film", "other", False),
        ("user:painter", "painter", True),
        ("sub:painter2", "painter", False),
        ("", "nobody", False),
    ],
)
def test_allow_list_lets_in_by_each_kind_and_no_other(
    house: House, allow: str, login: str, enters: bool
) -> None:
    claims = Claims(
        issuer="i",
        subject=login,
        username=login,
        email=None if login.startswith("unverified") else f"{login}@Example.org",
        orgs=frozenset() if login.startswith("pending") else frozenset({"film-club"}),
    )
    assert bool(claims.facts() & lowered(read_allow(allow))) is enters


def test_claims_are_what_the_provider_vouches_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unverified mail and an organisation that wants another sign-in first count for nothing."""
    seen: list[Any] = []
    assert house.parts.provider is not None
    read = house.parts.provider.read_claims

    async def spy(*arguments: Any) -> Any:
        seen.append(await read(*arguments))
        return seen[-1]

    monkeypatch.setattr(house.parts.provider, "read_claims", spy)
    for login in ("member", "pending-member", "unverified-member"):
        come_in(house, login)
    assert [set(claims.orgs) for claims in seen] == [{"film-club"}, set(), {"film-club"}]
    assert [claims.email for claims in seen] == [
        "member@Example.org",
        "pending-member@Example.org",
        None,
    ]


def spoil(**changes: str | None) -> Callable[[str], str]:
    def change(address: str) -> str:
        parts = urlsplit(address)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        query.update({name: value for name, value in changes.items() if value is not None})
        for name, value in changes.items():
            if value is None:
                query.pop(name, None)
        return str(httpx.URL(address).copy_with(params=query))

    return change


@pytest.mark.parametrize(
    "change",
    [
        spoil(state="x" * 30),
        spoil(state=None),
        spoil(code=None),
        spoil(code="x" * 43),
        spoil(iss="https://another.example"),
        spoil(iss=None),
        spoil(error="access_denied", code=None),
        lambda address: f"{address}&code=x",
        lambda address: f"{address}&state=x",
        lambda address: f"{address}&iss=x",
    ],
)
def test_answer_that_was_changed_on_its_way_is_refused(
    house: House, change: Callable[[str], str]
) -> None:
    before, browser = counts(house), house.stranger()
    answer = browser.get(change(sign_in_there(house, browser, "listed")))
    assert (answer.status_code, counts(house)) == (400, before)
    assert sentence(answer).startswith(NOT_FINISHED)


def test_answer_is_good_once(house: House) -> None:
    browser = house.stranger()
    address = sign_in_there(house, browser, "listed")
    cookie = browser.cookies["greenroom-provider"]
    who_is(house, accept(browser, browser.get(address)))
    assert browser.get(address).status_code == 400
    thief = house.stranger(cookies={"greenroom-provider": cookie})
    assert thief.get(address).status_code == 400


def test_answer_to_somebody_elses_question_signs_nobody_in(house: House) -> None:
    """Login CSRF: a victim follows the attacker's address, with or without a sign-in begun."""
    attacker, victim = house.stranger(), house.stranger()
    address = sign_in_there(house, attacker, "listed")
    assert victim.get(address).status_code == 400
    victim.get("/sign-in/provider")
    answer = victim.get(address)
    assert (answer.status_code, sentence(answer)[: len(NOT_FINISHED)]) == (400, NOT_FINISHED)


def test_answer_after_too_long_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.stranger()
    address = sign_in_there(house, browser, "listed")
    monkeypatch.setattr(provider_module, "now_ms", lambda: now_ms() + UNDER_WAY_S * 1000)
    assert browser.get(address).status_code == 400


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzZXNzaW9uIjp7fX0."])
def test_cookie_that_we_did_not_sign_is_refused(house: House, cookie: str) -> None:
    browser = house.stranger()
    address = sign_in_there(house, browser, "listed")
    forged = house.stranger(cookies={"greenroom-provider": cookie})
    assert forged.get(address).status_code == 400


def lie(**changes: Any) -> Callable[[Liar], None]:
    def tell(liar: Liar) -> None:
        for name, value in changes.items():
            setattr(liar, name, value)

    return tell


def claiming(**changes: Any) -> Callable[[Liar], None]:
    return lie(claims=lambda claims: {**claims, **changes})


LIES = {
    "wrong nonce": claiming(nonce="x"),
    "wrong issuer": claiming(iss="https://another.example"),
    "wrong audience": claiming(aud="another-client"),
    "expired": claiming(exp=int(time.time()) - 3600, iat=int(time.time()) - 7200),
    "no nonce": lie(claims=lambda claims: {k: v for k, v in claims.items() if k != "nonce"}),
    "no expiry": lie(claims=lambda claims: {k: v for k, v in claims.items() if k != "exp"}),
    "alg none": lie(unsigned=True),
    "a stranger's key": lie(stranger=True),
    "userinfo of somebody else": lie(userinfo={"sub": "listed-not"}),
}


@pytest.mark.parametrize("about", LIES)
def test_id_token_that_is_not_right_is_refused(house: House, provider: Liar, about: str) -> None:
    before = counts(house)
    LIES[about](provider)
    answer = come_in(house, "listed")
    assert (answer.status_code, counts(house)) == (400, before)
    assert sentence(answer).startswith(NOT_FINISHED)


def test_liar_who_changes_nothing_is_believed(house: House, provider: Liar) -> None:
    """The forgeries above fail for what they say, not for how they are made."""
    provider.claims = dict
    assert who_is(house, come_in(house, "listed")).name == "listed"


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://another.example"},
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": []},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
    ],
)
def test_provider_that_cannot_do_what_the_flow_needs_is_not_used(
    house: House, provider: Liar, discovery: dict[str, Any]
) -> None:
    """Mix-up, no PKCE, no signatures: nobody is sent there, and a repaired one is asked anew."""
    provider.discovery = discovery
    answer = house.stranger().get("/sign-in/provider")
    assert answer.status_code == 503
    assert sentence(answer).startswith("Film <Club> cannot be asked right now.")
    provider.discovery = {}
    assert house.stranger().get("/sign-in/provider").status_code == 303


def test_provider_that_is_down_is_said_so_and_comes_back(house: House, provider: Liar) -> None:
    provider.down = True
    answer = house.stranger().get("/sign-in/provider")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert sentence(answer).startswith("Film <Club> cannot be asked right now.")
    provider.down = False
    who_is(house, come_in(house, "listed"))


def test_provider_that_fails_in_the_middle_is_said_so(house: House, provider: Liar) -> None:
    browser = house.stranger()
    address = sign_in_there(house, browser, "listed")
    provider.status = 502
    assert browser.get(address).status_code == 503


def test_answer_sends_nobody_elsewhere(house: House) -> None:
    """No part of the query decides where the browser goes next."""
    browser = house.stranger()
    address = sign_in_there(house, browser, "listed")
    answer = browser.get(f"{address}&next=https://evil.example&redirect_uri=//evil.example")
    assert answer.headers["location"].startswith("/sign-in#link=grm_link_")


def test_tokens_of_the_provider_stay_between_it_and_us(house: House, provider: Liar) -> None:
    """Neither the browser nor the database ever holds them."""
    answer = come_in(house, "listed")
    secrets = [provider.tokens[-1][name].encode() for name in ("access_token", "id_token")]
    said = answer.content + repr(answer.headers.multi_items()).encode()
    kept = b"".join(path.read_bytes() for path in house.parts.settings.data.glob("greenroom.db*"))
    assert min(map(len, secrets)) > 20
    assert not [secret for secret in secrets if secret in said + kept]


def test_sentences_hold_nothing_of_the_query(house: House) -> None:
    script = "<script>alert(1)</script>"
    answer = house.stranger().get(CALLBACK, params={"error": script, "error_description": script})
    assert (answer.status_code, "alert(1)" in answer.text) == (400, False)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "greenroom-provider=v; Path=/; Max-Age=9; HttpOnly; SameSite=Lax"),
        (
            {"SPACE_HOST": "us-room.hf.space"},
            "__Host-greenroom-provider=v; Path=/; Max-Age=9; HttpOnly; SameSite=None; Partitioned;"
            " Secure",
        ),
    ],
)
def test_state_cookie_fits_the_address_as_the_sessions_does(
    house: House, tmp_path: Any, environment: dict[str, str], expected: str
) -> None:
    settings = Settings.read({"GREENROOM_DATA": str(tmp_path), **environment})
    parts = dataclasses.replace(house.parts, settings=settings)
    assert state_cookie(parts).header("v", 9) == expected


def test_door_is_not_there_where_no_provider_is_set(house: House) -> None:
    with pytest.raises(NotFound):
        provider_set(dataclasses.replace(house.parts, provider=None))
