"""What the gateway asks of a request that stands before an open door."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from auth import tokens
from auth.revocation import revoke
from database import Database
from studio.clock import now_ms
from studio.gateway import Gateway
from tests.studio.conftest import WISH, House, Person, serving, wire


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
def test_request_from_another_site_is_refused_and_makes_nothing(
    house: House, ada: Person, headers: dict[str, str]
) -> None:
    before = house.count_jobs()
    browser = ada.another_window(house, headers=headers)
    answer = browser.post("/jobs", json=WISH)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_granted")
    assert house.count_jobs() == before


def test_request_from_our_own_page_is_let_in_by_either_header(house: House, ada: Person) -> None:
    for headers in ({"origin": house.url}, {"sec-fetch-site": "same-origin"}):
        browser = ada.another_window(house, headers=headers)
        assert browser.post("/jobs", json=WISH).status_code == 202


def test_script_with_a_bearer_token_needs_no_origin(house: House, ada: Person) -> None:
    token = house.api_token(ada, bearer=True)
    script = house.stranger(headers={"authorization": f"Bearer {token}"})
    assert script.post("/jobs", json=WISH).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        lambda ada: [("authorization", f"Bearer {ada.token}"), ("cookie", ada.cookie)],
        lambda ada: [("authorization", f"Bearer {ada.token}")] * 2,
        lambda ada: [("cookie", f"{ada.cookie}; {ada.cookie}")],
        lambda ada: [("cookie", ada.cookie), ("cookie", ada.cookie)],
        lambda ada: [("authorization", f"Basic {ada.token}")],
        lambda ada: [("authorization", ada.token)],
        lambda ada: [("authorization", "Bearer")],
    ],
)
def test_credential_from_two_places_or_of_another_kind_is_refused(
    house: House, ada: Person, headers: Any
) -> None:
    answer = httpx.get(f"{house.url}/me", headers=headers(ada))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("name", ["x-api-key", "x-token", "token"])
def test_token_anywhere_else_is_not_read(house: House, ada: Person, name: str) -> None:
    assert httpx.get(f"{house.url}/me", headers={name: ada.token}).status_code == 401
    assert httpx.get(f"{house.url}/me", params={name: ada.token}).status_code == 401
    assert httpx.get(f"{house.url}/me", cookies={name: ada.token}).status_code == 401


def test_missing_forged_revoked_and_expired_tokens_get_the_same_answer(house: House) -> None:
    gate, database = house.parts.gate, house.parts.database
    revoked = house.person("Rue")
    with database.begin() as db:
        revoke(db, revoked.principal.token_id, "a test", now_ms())
        keys, tester_id = gate.keys, revoked.principal.tester_id
        expired = tokens.mint(db, keys, tester_id, lifetime_ms=1, now_ms=now_ms() - 10)
    forged = revoked.token[:-1] + ("a" if revoked.token[-1] != "a" else "b")
    answers = [httpx.get(f"{house.url}/me")]
    answers += [
        httpx.get(f"{house.url}/me", headers={"authorization": f"Bearer {text}"})
        for text in (forged, revoked.token, expired.text, "grm_access_")
    ]
    answers.append(revoked.browser.get("/me"))
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    varying = {"date", "x-request-id"}
    seen = {tuple((k, v) for k, v in a.headers.items() if k not in varying) for a in answers}
    assert len(seen) == 1


def test_body_too_large_is_refused(house: House, ada: Person) -> None:
    answer = ada.browser.post("/jobs", content=b"[" * (64 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_every_answer_forbids_other_hosts_frames_and_sniffing(house: House, ada: Person) -> None:
    for path in ("/", "/sign-in", "/me", "/healthz", "/static/css/base.css", "/nowhere"):
        answer = ada.browser.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
        cached = answer.headers["cache-control"]
        assert cached == ("no-cache" if path.startswith("/static") else "private, no-store")


async def test_headers_a_proxy_may_have_been_fooled_into_never_get_in(
    house: House, ada: Person
) -> None:
    seen: list[Any] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ignore(message: Any) -> None: ...

    names = [b"x-forwarded-for", b"X-Forwarded-Host", b"forwarded", b"x-real-ip", b"accept"]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/me",
        "raw_path": b"/me",
        "query_string": b"",
        "headers": [*((name, b"1") for name in names), (b"cookie", ada.cookie.encode())],
        "client": ("192.0.2.1", 1),
    }
    await Gateway(inside, house.parts)(scope, ignore, ignore)
    assert seen == [b"accept", b"cookie"]


def test_session_hash_belongs_to_the_tester_who_joined_with_it(
    house: House, ada: Person, ben: Person
) -> None:
    join = {"data": [], "fn_index": 0, "trigger_id": 1, "session_hash": "adas"}
    join["event_data"] = {**WISH, "ticket": "1"}
    assert ada.browser.post("/gradio_api/queue/join", json=join).status_code == 200
    before = house.count_jobs()
    assert ben.browser.post("/gradio_api/queue/join", json=join).status_code == 404
    listen = "/gradio_api/queue/data?session_hash"
    assert ben.browser.get(f"{listen}=adas").status_code == 404
    assert ben.browser.get(f"{listen}=nobodys").status_code == 404
    assert ben.browser.get(f"{listen}=x&session_hash=adas").status_code == 400
    assert ben.browser.get("/gradio_api/queue/data").status_code == 400
    with ada.browser.stream("GET", f"{listen}=adas") as stream:
        assert any("process_completed" in line and "ticket" in line for line in stream.iter_lines())
    assert house.count_jobs() in (before, before + 1)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"nonsense", b'{"session_hash": 5}', b"[" * 9999]
)
def test_queue_is_not_joined_without_a_session_hash(house: House, ada: Person, body: bytes) -> None:
    answer = ada.browser.post("/gradio_api/queue/join", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_database_out_of_reach_opens_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'greenroom.db'}")
    database.migrate()
    with serving(wire(database, tmp_path / "data")) as house:
        ada = house.person("Ada")
        database.close()
        (tmp_path / "greenroom.db").rename(tmp_path / "elsewhere.db")
        (tmp_path / "greenroom.db").mkdir()
        for answer in (
            ada.browser.get("/me"),
            ada.browser.post("/jobs", json=WISH),
            house.device().post("/sign-in", json={"token": ada.token}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert answer.headers["retry-after"] == "5"
        assert house.stranger().get("/healthz").status_code == 200
