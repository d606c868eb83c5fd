"""Passkeys: whose they are, who may add one, and which answers count."""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from auth import challenges, passkeys, revocation, tokens
from auth.gate import Gate
from auth.records import AuditEntry, SignIn
from auth.relying_party import RelyingParty, challenge_of
from auth.sign_ins import FRESH_MS
from auth.step_up import VOUCHES_MS, StepUp
from auth.touching import Passkey
from clients.greenroom_client import encode
from database import Database
from errors import (
    BadSpec,
    Conflict,
    NotFound,
    NotGranted,
    StepUpRequired,
    TokenInvalid,
    TouchInvalid,
)
from settings import Settings
from tests.auth.conftest import DAY_MS, NOON, Invited, invite
from tests.authenticator import PRESENT, Authenticator
from tests.devices import signed_by

PARTY = RelyingParty("localhost", "http://localhost:7860")
RULE = StepUp()


def sign_in_of(who: Invited) -> str:
    assert who.principal.sign_in_id is not None
    return who.principal.sign_in_id


def enrol(database: Database, who: Invited, key: Authenticator, now_ms: int = NOON) -> Passkey:
    """Add a passkey as a browser does."""
    with database.begin() as db:
        options = passkeys.ask_for_new(db, PARTY, sign_in_of(who), now_ms)
    answer = key.create(dict(options))
    return passkeys.enrol(database, PARTY, RULE, sign_in_of(who), answer, "A key", now_ms)[0]


def ask(database: Database, who: Invited, now_ms: int = NOON) -> dict[str, Any]:
    with database.begin() as db:
        return dict(
            passkeys.ask_for_touch(db, PARTY, who.tester.id, sign_in_of(who), now_ms),
        )


def touch(database: Database, who: Invited, answer: dict[str, Any], now_ms: int = NOON) -> int:
    """How many clips the answer opens."""
    opened = passkeys.touch(database, PARTY, RULE, sign_in_of(who), answer, now_ms)
    return opened.clips_left


def test_touch_of_an_enrolled_passkey_opens_clips(
    database: Database, gate: Gate, ada: Invited
) -> None:
    key = Authenticator()
    enrolled = enrol(database, ada, key)
    options = ask(database, ada)
    assert options["userVerification"] == "required"
    assert [known["id"] for known in options["allowCredentials"]] == [enrolled.credential_id]
    assert touch(database, ada, key.get(options), NOON + 1) == RULE.clips
    with database.read() as db:
        [kept] = passkeys.list(db, ada.tester.id)
        assert (kept.sign_count, kept.last_used_at) == (2, NOON + 1)
        log = db.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
    assert list(log)[-2:] == ["passkey.enrol", "passkey.touch"]


def test_touch_is_noted_at_its_own_passkey_alone(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ben, key = invite(database, gate, "Ben"), Authenticator()
    enrol(database, ada, key)
    enrol(database, ben, Authenticator())
    touch(database, ada, key.get(ask(database, ada)), NOON + 1)
    with database.read() as db:
        [kept] = passkeys.list(db, ben.tester.id)
    assert (kept.sign_count, kept.last_used_at) == (1, None)


def test_creation_excludes_the_passkeys_that_are_known() -> None:
    known = [encode(b"one" * 8), encode(b"two" * 8)]
    options = PARTY.creation_options("ab" * 16, "Ada", encode(b"c" * 32), known)
    assert [one["id"] for one in options["excludeCredentials"]] == known


def test_creation_asks_for_a_verified_person_and_names_the_tester_by_id(
    database: Database, ada: Invited
) -> None:
    with database.begin() as db:
        options = passkeys.ask_for_new(db, PARTY, sign_in_of(ada), NOON)
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["user"]["id"] == encode(bytes.fromhex(ada.tester.id))
    assert (options["rp"]["id"], options["attestation"]) == ("localhost", "none")
    assert len(options["challenge"]) == 43


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"origin": "https://evil.example"}, "answer"),
        ({"origin": "http://localhost:7861"}, "answer"),
        ({"rp_id": "evil.example"}, "answer"),
        ({"flags": PRESENT}, "answer"),
        ({"flags": 0}, "answer"),
        ({"cross_origin": True}, "answer"),
        ({"key": Authenticator().key}, "answer"),
        ({"credential_id": b"nobody's"}, "passkey"),
        ({"sign_count": 0}, "counter"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_touch_refuses_an_answer_that_is_not_right(
    database: Database, ada: Invited, change: dict[str, Any], fault: str
) -> None:
    """Another origin, another site, nobody verified, another key, a counter that went back."""
    key = Authenticator()
    enrol(database, ada, key)
    for name, value in change.items():
        setattr(key, name, value)
    with pytest.raises(TouchInvalid) as refusal:
        touch(database, ada, key.get(ask(database, ada)))
    assert refusal.value.fault == fault
    assert (refusal.value.signal is not None) == (fault == "counter")


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"flags": PRESENT},
        {"cross_origin": True},
    ],
    ids=str,
)
def test_enrol_refuses_an_answer_that_is_not_right(
    database: Database, ada: Invited, change: dict[str, Any]
) -> None:
    with pytest.raises(TouchInvalid):
        enrol(database, ada, Authenticator(**change))
    with database.read() as db:
        assert passkeys.list(db, ada.tester.id) == []


def test_touch_counts_a_key_without_a_counter_again_and_again(
    database: Database, ada: Invited
) -> None:
    key = Authenticator(counts=False)
    enrol(database, ada, key)
    for _ in range(2):
        assert touch(database, ada, key.get(ask(database, ada))) == RULE.clips


def test_challenge_is_good_once_whatever_its_answer_is(database: Database, ada: Invited) -> None:
    key = Authenticator()
    enrol(database, ada, key)
    options = ask(database, ada)
    wrong = copy.deepcopy(key)
    wrong.flags = PRESENT
    for answer in (wrong.get(options), key.get(options)):
        with pytest.raises(TouchInvalid) as refusal:
            touch(database, ada, answer)
    assert refusal.value.fault == "challenge"


@pytest.mark.parametrize("late_ms", [challenges.LIFETIME_MS, DAY_MS])
def test_challenge_is_good_for_three_minutes(
    database: Database, ada: Invited, late_ms: int
) -> None:
    key = Authenticator()
    enrol(database, ada, key)
    options = ask(database, ada)
    with pytest.raises(TouchInvalid) as refusal:
        touch(database, ada, key.get(options), NOON + late_ms)
    assert refusal.value.fault == "challenge"


def test_challenge_counts_for_its_own_sign_in_and_purpose_only(
    database: Database, gate: Gate, ada: Invited
) -> None:
    key, bens = Authenticator(), Authenticator()
    enrol(database, ada, key)
    ben = invite(database, gate, "Ben")
    with database.begin() as db:
        to_enrol = dict(passkeys.ask_for_new(db, PARTY, sign_in_of(ben), NOON))
    enrol(database, ben, bens)
    for who, answer in (
        (ada, key.get(ask(database, ben))),
        (ben, bens.get(to_enrol)),
    ):
        with pytest.raises(TouchInvalid) as refusal:
            touch(database, who, answer)
        assert refusal.value.fault == "challenge"


def test_touch_with_the_passkey_of_somebody_else_opens_nothing(
    database: Database, gate: Gate, ada: Invited
) -> None:
    key = Authenticator()
    enrol(database, ada, key)
    ben = invite(database, gate, "Ben")
    enrol(database, ben, Authenticator())
    with pytest.raises(TouchInvalid) as refusal:
        touch(database, ben, key.get(ask(database, ben)))
    assert refusal.value.fault == "passkey"


@pytest.mark.parametrize("name", ["\x00", "\ud800", "", "x" * 2000, 5, None, ["a"]])
def test_touch_refuses_what_names_no_passkey(database: Database, ada: Invited, name: Any) -> None:
    key = Authenticator()
    enrol(database, ada, key)
    with pytest.raises(TouchInvalid) as refusal:
        touch(database, ada, {**key.get(ask(database, ada)), "id": name})
    assert refusal.value.fault == "passkey"


def test_one_answer_sent_twenty_times_at_once_counts_once(database: Database, ada: Invited) -> None:
    key = Authenticator()
    enrol(database, ada, key)
    answer = key.get(ask(database, ada))

    def send(_number: int) -> str:
        try:
            touch(database, ada, answer)
        except TouchInvalid as refusal:
            return refusal.fault
        return "ok"

    with ThreadPoolExecutor(20) as pool:
        outcome = list(pool.map(send, range(20)))
    assert (outcome.count("ok"), outcome.count("challenge")) == (1, 19)


def test_copy_of_a_key_with_the_same_count_passes_once(database: Database, ada: Invited) -> None:
    """Two challenges, answered with one count by a key and its copy: the counter moves once."""
    key = Authenticator()
    enrol(database, ada, key)
    double = copy.copy(key)
    answers = [one.get(ask(database, ada)) for one in (key, double)]

    def send(answer: dict[str, Any]) -> str:
        try:
            touch(database, ada, answer)
        except TouchInvalid as refusal:
            return refusal.fault
        return "ok"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, answers)) == ["counter", "ok"]


def test_first_passkey_needs_a_fresh_sign_in(database: Database, ada: Invited) -> None:
    with pytest.raises(NotGranted, match="within ten minutes"):
        enrol(database, ada, Authenticator(), NOON + FRESH_MS)
    enrol(database, ada, Authenticator(), NOON + FRESH_MS - 1)


def test_sign_in_by_a_link_made_on_a_device_adds_no_first_passkey(
    database: Database, gate: Gate, ada: Invited
) -> None:
    """Whoever sits at a browser left open could make such a link."""
    with database.begin() as db:
        link = tokens.mint(
            db,
            gate.keys,
            ada.tester.id,
            kind=tokens.LINK,
            parent_id=ada.token.id,
            lifetime_ms=60_000,
            now_ms=NOON,
        )
        gate.sign_in(db, link.text, signed_by("Ada"), "", NOON)
        made = db.scalars(select(SignIn).order_by(SignIn.fresh_until.is_not(None))).first()
        assert made is not None
        with pytest.raises(NotGranted, match="within ten minutes"):
            passkeys.ask_for_new(db, PARTY, made.id, NOON)


def test_second_passkey_and_removal_need_a_touch_just_now_in_this_browser(
    database: Database, gate: Gate, ada: Invited
) -> None:
    key = Authenticator()
    first = enrol(database, ada, key)
    later = NOON + VOUCHES_MS
    with pytest.raises(StepUpRequired) as refusal:
        enrol(database, ada, Authenticator(), later)
    assert refusal.value.passkeys == 1
    touch(database, ada, key.get(ask(database, ada, later)), later)
    second = enrol(database, ada, Authenticator(), later + 1)
    with database.begin() as db, pytest.raises(StepUpRequired):
        passkeys.remove(db, ada.tester.id, second.id, "another sign-in", later + 2)
    with database.begin() as db:
        passkeys.remove(db, ada.tester.id, first.id, sign_in_of(ada), later + 2)
        assert [kept.id for kept in passkeys.list(db, ada.tester.id)] == [second.id]
    with pytest.raises(TouchInvalid):
        touch(database, ada, key.get(ask(database, ada, later + 2)), later + 2)


def test_passkey_is_added_once_and_to_one_tester(
    database: Database, gate: Gate, ada: Invited
) -> None:
    key = Authenticator()
    enrol(database, ada, key)
    with pytest.raises(Conflict):
        enrol(database, invite(database, gate, "Ben"), key)


def test_tester_has_ten_passkeys_at_most(database: Database, ada: Invited) -> None:
    for _ in range(passkeys.MOST):
        enrol(database, ada, Authenticator())
    with pytest.raises(Conflict, match="Remove one"):
        enrol(database, ada, Authenticator())


def test_reset_removes_every_passkey_and_what_was_asked_of_them(
    database: Database, ada: Invited
) -> None:
    key = Authenticator()
    enrol(database, ada, key)
    answer = key.get(ask(database, ada))
    with database.begin() as db:
        assert passkeys.reset(db, ada.tester.id, by="operator", now_ms=NOON) == 1
    with pytest.raises(TouchInvalid):
        touch(database, ada, answer)
    enrol(database, ada, Authenticator())


def test_rename_and_removal_are_the_owners_alone(
    database: Database, gate: Gate, ada: Invited
) -> None:
    mine = enrol(database, ada, Authenticator())
    ben = invite(database, gate, "Ben")
    enrol(database, ben, Authenticator())
    with database.begin() as db:
        with pytest.raises(NotFound):
            passkeys.rename(db, ben.tester.id, mine.id, "Mine now", NOON)
        with pytest.raises(NotFound):
            passkeys.remove(db, ben.tester.id, mine.id, sign_in_of(ben), NOON)
        with pytest.raises(BadSpec):
            passkeys.rename(db, ada.tester.id, mine.id, " \n ", NOON)
        passkeys.rename(db, ada.tester.id, mine.id, "Blue\nkey", NOON)
        db.expire_all()
        assert passkeys.list(db, ada.tester.id)[0].label == "Blue key"


@pytest.mark.parametrize("what", ["revoked", "signed out"])
def test_touch_counts_nothing_where_the_sign_in_has_ended(
    database: Database, ada: Invited, what: str
) -> None:
    key = Authenticator()
    enrol(database, ada, key)
    answer = key.get(ask(database, ada))
    with database.begin() as db:
        if what == "revoked":
            revocation.revoke(db, ada.token.id, "pasted", NOON)
        else:
            db.execute(update(SignIn).values(ended_at=NOON))
    with pytest.raises(TokenInvalid):
        touch(database, ada, answer)


def broken(answer: dict[str, Any], spoil: Callable[[Any], Any], path: tuple[str, ...]) -> Any:
    """The answer with one part of it made something else."""
    found = copy.deepcopy(answer)
    inner = found
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = spoil(inner[path[-1]])
    return found


JUNK = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=40),
    st.binary(max_size=400).map(encode),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)
PARTS = [
    ("id",),
    ("rawId",),
    ("type",),
    ("response",),
    ("response", "clientDataJSON"),
    ("response", "attestationObject"),
    ("response", "authenticatorData"),
    ("response", "signature"),
]


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(part=st.sampled_from(PARTS), junk=JUNK, cut=st.integers(0, 300), is_new=st.booleans())
def test_whatever_an_answer_holds_it_is_refused_and_nothing_breaks(
    part: tuple[str, ...], junk: Any, cut: int, is_new: bool
) -> None:
    key, challenge = Authenticator(), encode(bytes(32))
    made = key.create({"challenge": challenge})
    public_key = PARTY.check_new(made, challenge).public_key
    answer = made if is_new else key.get({"challenge": challenge})
    if part[-1] not in answer and part[-1] not in answer["response"]:
        return
    for spoil in (lambda _old: junk, lambda old: old[:cut] if isinstance(old, str) else old):
        with suppress(TouchInvalid):
            spoilt = broken(answer, spoil, part)
            challenge_of(spoilt)
            if is_new:
                PARTY.check_new(spoilt, challenge)
            else:
                PARTY.check_touch(spoilt, challenge, public_key)


@pytest.mark.parametrize(
    ("public_url", "party"),
    [
        ("https://green.example", ("green.example", "https://green.example")),
        ("https://Green.Example:8443", ("green.example", "https://green.example:8443")),
        ("http://127.0.0.1:7860", ("localhost", "http://localhost:7860")),
        ("http://[::1]:7860", ("localhost", "http://localhost:7860")),
        ("http://localhost:7860", ("localhost", "http://localhost:7860")),
    ],
)
def test_relying_party_is_the_configured_address(
    tmp_path: Any, public_url: str, party: tuple[str, str]
) -> None:
    read = Settings.read({"GREENROOM_DATA": str(tmp_path), "GREENROOM_PUBLIC_URL": public_url})
    assert RelyingParty.from_settings(read) == RelyingParty(*party)
