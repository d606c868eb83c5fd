"""Whoever holds a token can end it, and learns nothing by it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from auth import tokens
from auth.records import AuditEntry, Token
from jobs.records import Job
from studio.clock import now_ms
from tests.studio.conftest import WISH, House, Person

PATH = "/v1/tokens/revoke"
FORM = {"content-type": "application/x-www-form-urlencoded"}
UNKNOWN = "grm_access_abcdefghijkl_" + "S" * 43
STRANGERS = {
    "unknown": f"{UNKNOWN}_{tokens.checksum(UNKNOWN)}",
    "mistyped": f"{UNKNOWN}_000000",
    "nonsense": "' OR 1=1 --",
    "long": "x" * 60_000,
    "odd": "\u202egrm_\x00",
}


@pytest.fixture(autouse=True)
def forgiven(house: House) -> Iterator[None]:
    """Each test leaves no call from our address behind."""
    yield
    house.forget_strangers()


def row_of(house: House, person: Person) -> Token:
    with house.parts.database.read() as db:
        return db.get_one(Token, person.principal.token_id)


def test_holder_ends_a_token_its_sign_ins_and_its_clips_without_signing_in(house: House) -> None:
    zoe = house.person("Zoe")
    job_id = zoe.browser.post("/jobs", json=WISH).json()["id"]
    anyone = house.stranger(headers={})
    answer = anyone.post(PATH, data={"token": zoe.token, "token_type_hint": "access_token"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert row_of(house, zoe).revoke_reason == "revoked by holder"
    assert zoe.browser.get("/me").status_code == 401
    again = anyone.post(PATH, data={"token": zoe.token})
    assert again.status_code == 200
    with house.parts.database.read() as db:
        told = select(AuditEntry.actor).where(
            AuditEntry.subject == f"token:{zoe.principal.token_id}",
            AuditEntry.action == "token.revoke",
        )
        assert db.scalars(told).all() == ["holder"]
    with house.parts.database.read() as db:
        job = db.get_one(Job, job_id)
        assert (job.state, job.stop_reason) == ("stopped", "revoked")


@pytest.mark.parametrize("text", STRANGERS.values(), ids=STRANGERS)
def test_stranger_gets_the_answer_of_a_holder(house: House, text: str) -> None:
    known = house.person(f"Kim {now_ms()}")
    first = house.stranger(headers={}).post(PATH, data={"token": known.token})
    again = house.stranger(headers={}).post(PATH, data={"token": known.token})
    answer = house.stranger(headers={}).post(PATH, data={"token": text})
    for other in (first, again):
        assert (answer.status_code, answer.content) == (other.status_code, other.content)
        assert answer.headers.keys() == other.headers.keys()


def test_forged_secret_ends_nothing(house: House, ada: Person) -> None:
    body = ada.token.rpartition("_")[0]
    forged = body[:-1] + ("A" if body[-1] != "A" else "B")
    text = f"{forged}_{tokens.checksum(forged)}"
    assert house.stranger().post(PATH, data={"token": text}).status_code == 200
    assert row_of(house, ada).revoked_at is None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (FORM, ""),
        (FORM, "token="),
        (FORM, "token=a&token=b"),
        (FORM, "other=a"),
        (FORM, "&".join(["token=a"] + ["x=1"] * 20)),
        (FORM, "token=\xff"),
        ({"content-type": "application/json"}, '{"token": "a"}'),
        ({}, "token=a"),
    ],
)
def test_another_shape_of_request_is_refused(
    house: House, headers: dict[str, str], body: str
) -> None:
    answer = house.stranger(headers={}).post(PATH, headers=headers, content=body.encode("latin-1"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_token_in_the_address_is_not_read(house: House, ada: Person) -> None:
    answer = house.stranger().post(f"{PATH}?token={ada.token}", headers=FORM, content="")
    assert answer.status_code == 400
    assert row_of(house, ada).revoked_at is None


def test_an_address_has_ten_and_then_waits_and_signing_in_does_not(
    house: House, ada: Person
) -> None:
    stranger = house.stranger()
    answers = [stranger.post(PATH, data={"token": "x"}).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
    late = stranger.post(PATH, data={"token": ada.token})
    assert (late.json()["error"]["limit"], int(late.headers["retry-after"]) > 0) == (
        "calls_per_minute",
        True,
    )
    assert row_of(house, ada).revoked_at is None
    window = ada.another_window(house, cookies={})
    assert window.post("/sign-in", json={"token": ada.token}).status_code == 200


def test_credentials_without_a_scope_stop_at_the_door(house: House, ada: Person) -> None:
    """GET wants read, what changes something wants generate, backstage wants admin."""
    with house.parts.database.begin() as db:
        texts = {
            name: tokens.mint(
                db,
                house.parts.gate.keys,
                ada.principal.tester_id,
                kind=tokens.API,
                given=frozenset({name}),
                bearer=True,
                lifetime_ms=60_000,
                now_ms=now_ms(),
            ).text
            for name in ("read", "generate", "worker")
        }
    for name, method, path, scope in (
        ("read", "POST", "/jobs", "generate"),
        ("generate", "GET", "/jobs", "read"),
        ("worker", "GET", "/me", "read"),
    ):
        script = house.stranger(headers={"authorization": f"Bearer {texts[name]}"})
        answer = script.request(method, path, json=WISH if method == "POST" else None)
        assert (answer.status_code, answer.json()["scope"]) == (403, scope)
    reader = house.stranger(headers={"authorization": f"Bearer {texts['read']}"})
    assert reader.get("/jobs").status_code == 200
    maker = house.stranger(headers={"authorization": f"Bearer {texts['generate']}"})
    assert maker.post("/jobs", json=WISH).status_code == 202
