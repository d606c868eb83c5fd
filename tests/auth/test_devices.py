"""A token lets one device in; what was copied from it opens nothing elsewhere."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from auth import devices, revocation, tokens
from auth.audit import Search, entries
from auth.binding import Device
from auth.devices import CLAIM_WITHIN_MS, Signal
from auth.gate import Gate, Principal
from auth.records import Reservation, SignIn
from auth.signals import ONCE_EACH_MS, Signals
from database import Database
from errors import NotFound, ProofRequired, TokenInvalid, WrongDevice
from tests.auth.conftest import DAY_MS, NOON, Invited, invite, mint
from tests.devices import signed_by


def sign_in(
    database: Database, gate: Gate, text: str, device: str, now_ms: int = NOON
) -> tuple[Principal, str]:
    with database.begin() as db:
        return gate.sign_in(db, text, signed_by(device), device, now_ms)


def by_script(
    database: Database, gate: Gate, text: str, device: str | None, now_ms: int = NOON
) -> Principal:
    """As a request is served: looked up, then claimed where nobody has."""
    proof = signed_by(device) if device else None
    with database.begin() as db:
        principal = gate.authenticate(db, bearer=text, proof=proof, now_ms=now_ms)
        if proof is not None and principal.jkt is None:
            principal = gate.claim(db, principal, proof, now_ms)
        return principal


def count(database: Database, column: object) -> int:
    with database.read() as db:
        return db.scalar(select(func.count()).select_from(column)) or 0  # type: ignore[arg-type]


def test_access_token_pasted_after_its_owner_signed_in_opens_nothing(
    database: Database, gate: Gate, ada: Invited
) -> None:
    with pytest.raises(WrongDevice, match="sign-in link") as refusal:
        sign_in(database, gate, ada.token.text, "a stranger's")
    assert refusal.value.signal == Signal(
        "token.wrong_device", ada.tester.id, f"token:{ada.token.id}"
    )
    with pytest.raises(TokenInvalid):
        by_script(database, gate, ada.token.text, "a stranger's")
    assert count(database, Device) == count(database, SignIn) == 1
    assert sign_in(database, gate, ada.token.text, "Ada")[0].proved


def test_device_that_comes_in_is_in_the_log_once_and_again_after_its_removal(
    database: Database, gate: Gate, ada: Invited
) -> None:
    sign_in(database, gate, ada.token.text, "Ada")
    with database.begin() as db:
        [device] = devices.list(db, ada.tester.id)
        devices.remove(db, ada.tester.id, device.id, NOON)
    link = mint(database, gate, ada, tokens.LINK)
    sign_in(database, gate, link.text, "Ada", NOON + 1)
    with database.read() as db:
        again, first = entries(db, Search(action="device.enrol"), 10)
        assert devices.list(db, ada.tester.id)[0].last_used_at == NOON + 1
    assert first.subject == again.subject == f"device:{device.id}"
    assert first.details == f'{{"by":"token:{ada.token.id}"}}'
    assert again.details == f'{{"by":"token:{link.id}"}}'


def test_use_of_one_device_is_no_use_of_another(
    database: Database, gate: Gate, ada: Invited
) -> None:
    for device in ("Laptop", "Phone"):
        sign_in(database, gate, mint(database, gate, ada, tokens.LINK).text, device)
    later = NOON + devices.LAST_USED_EVERY_MS
    with database.begin() as db:
        phone = next(one for one in devices.list(db, ada.tester.id) if one.label == "Phone")
        devices.note_use(db, phone.jkt, later)
    with database.read() as db:
        used = {one.label: one.last_used_at for one in devices.list(db, ada.tester.id)}
    assert used == {"Phone": later, "Laptop": NOON, "A device": NOON}


def test_access_token_used_by_twenty_devices_at_once_lets_one_in(
    database: Database, gate: Gate, ada: Invited
) -> None:
    fresh = mint(database, gate, ada, tokens.ACCESS)

    def try_it(number: int) -> str:
        try:
            return sign_in(database, gate, fresh.text, f"device {number}")[0].name
        except WrongDevice:
            return "refused"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(try_it, range(20)))
    assert sorted(outcomes) == ["Ada"] + ["refused"] * 19
    assert count(database, Device) == 2


def test_device_key_of_another_tester_is_refused(
    database: Database, gate: Gate, ada: Invited
) -> None:
    bo = invite(database, gate, "Bo")
    for kind in (tokens.ACCESS, tokens.LINK):
        text = mint(database, gate, bo, kind).text
        with pytest.raises(WrongDevice, match="another tester") as refusal:
            sign_in(database, gate, text, "Ada")
        assert refusal.value.signal.action == "device.shared"  # type: ignore[attr-defined]
        assert sign_in(database, gate, text, "Bo")[0].name == "Bo"  # the refusal cost nothing


def test_link_lets_a_second_device_in_and_ends_with_the_first_ones_token(
    database: Database, gate: Gate, ada: Invited
) -> None:
    link = mint(database, gate, ada, tokens.LINK, parent_id=ada.token.id)
    principal, cookie = sign_in(database, gate, link.text, "a phone")
    assert principal.token_id == ada.token.id
    assert sign_in(database, gate, ada.token.text, "a phone")[0].jkt == principal.jkt
    unused = mint(database, gate, ada, tokens.LINK, parent_id=ada.token.id)
    with database.begin() as db:
        revocation.revoke(db, ada.token.id, "pasted", NOON)
    with database.read() as db, pytest.raises(TokenInvalid):
        gate.authenticate(db, cookie=cookie, now_ms=NOON)
    with pytest.raises(TokenInvalid):
        sign_in(database, gate, unused.text, "a third")


def test_copied_cookie_looks_and_never_acts(database: Database, gate: Gate, ada: Invited) -> None:
    with database.read() as db:
        copied = gate.authenticate(db, cookie=ada.cookie, now_ms=NOON)
        with pytest.raises(WrongDevice, match="Sign in again") as refusal:
            gate.authenticate(db, cookie=ada.cookie, proof=signed_by("a thief's"), now_ms=NOON)
        [device] = devices.list(db, ada.tester.id)
    assert refusal.value.signal == Signal(
        "sign_in.wrong_device", ada.tester.id, f"device:{device.id}"
    )
    assert copied == replace(ada.principal, proved=False, use_is_due=copied.use_is_due)
    with database.begin() as db, pytest.raises(ProofRequired, match="Sign in again"):
        gate.admit(db, copied, "job", 1000, NOON)
    assert count(database, Reservation) == 0


def test_removed_device_is_out_until_a_link_lets_it_in(
    database: Database, gate: Gate, ada: Invited
) -> None:
    with database.begin() as db:
        [device] = devices.list(db, ada.tester.id)
        assert list(devices.remove(db, ada.tester.id, device.id, NOON)) == [
            ada.principal.sign_in_id
        ]
    with database.begin() as db, pytest.raises(TokenInvalid):
        gate.admit(db, ada.principal, "job", 1000, NOON)
    with pytest.raises(WrongDevice):
        sign_in(database, gate, ada.token.text, "Ada")
    link = mint(database, gate, ada, tokens.LINK)
    assert sign_in(database, gate, link.text, "Ada")[0].proved


def test_device_of_somebody_else_cannot_be_removed(
    database: Database, gate: Gate, ada: Invited
) -> None:
    bo = invite(database, gate, "Bo")
    with database.begin() as db:
        [device] = devices.list(db, ada.tester.id)
        with pytest.raises(NotFound):
            devices.remove(db, bo.tester.id, device.id, NOON)
    with database.read() as db:
        assert gate.authenticate(db, cookie=ada.cookie, now_ms=NOON).name == "Ada"


def test_api_token_belongs_to_the_first_key_that_signs_and_to_no_other(
    database: Database, gate: Gate, ada: Invited
) -> None:
    token = mint(database, gate, ada, tokens.API, 30 * DAY_MS)
    assert by_script(database, gate, token.text, "a script").may_act
    assert by_script(database, gate, token.text, "a script", NOON + 2 * DAY_MS).may_act
    for device, action in (("a finder's", "token.wrong_device"), (None, "token.no_proof")):
        with pytest.raises(WrongDevice) as refusal:
            by_script(database, gate, token.text, device)
        assert refusal.value.signal.action == action  # type: ignore[attr-defined]


def test_api_token_claimed_by_twenty_keys_at_once_goes_to_one(
    database: Database, gate: Gate, ada: Invited
) -> None:
    token = mint(database, gate, ada, tokens.API)

    def try_it(number: int) -> str:
        try:
            return by_script(database, gate, token.text, f"key {number}").name
        except (TokenInvalid, WrongDevice):
            return "refused"

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(try_it, range(20)))
    assert sorted(outcomes) == ["Ada"] + ["refused"] * 19


def test_api_token_that_nobody_claimed_in_a_day_is_dead(
    database: Database, gate: Gate, ada: Invited
) -> None:
    token = mint(database, gate, ada, tokens.API, 30 * DAY_MS)
    with pytest.raises(TokenInvalid):
        by_script(database, gate, token.text, "a script", NOON + CLAIM_WITHIN_MS)
    assert by_script(database, gate, token.text, "a script", NOON + CLAIM_WITHIN_MS - 1)


def test_api_token_waiting_for_its_key_does_nothing_before_it_has_one(
    database: Database, gate: Gate, ada: Invited
) -> None:
    token = mint(database, gate, ada, tokens.API)
    with database.begin() as db:
        proof = signed_by("a script")
        waiting = gate.authenticate(db, bearer=token.text, proof=proof, now_ms=NOON)
        with pytest.raises(ProofRequired):
            gate.admit(db, waiting, "job", 1000, NOON)
        claimed = gate.claim(db, waiting, proof, NOON)
        assert gate.admit(db, claimed, "job", 1000, NOON)


def test_bearer_needs_no_key_only_where_it_was_granted(
    database: Database, gate: Gate, ada: Invited
) -> None:
    granted = mint(database, gate, ada, tokens.API, bearer=True)
    assert by_script(database, gate, granted.text, None).may_act
    plain = mint(database, gate, ada, tokens.API)
    with pytest.raises(WrongDevice):
        by_script(database, gate, plain.text, None)


def test_removed_key_ends_the_script_that_signed_with_it(
    database: Database, gate: Gate, ada: Invited
) -> None:
    token = mint(database, gate, ada, tokens.API)
    jkt = by_script(database, gate, token.text, "a script").jkt
    with database.begin() as db:
        device = devices.find(db, str(jkt))
        assert device is not None
        devices.remove(db, ada.tester.id, device.id, NOON)
    with pytest.raises(WrongDevice):
        by_script(database, gate, token.text, "a script")


@pytest.mark.parametrize(
    ("label", "shown"),
    [("", "A device"), (" \n", "A device"), ("a\nb\x1b[2J", "a b [2J"), ("x" * 99, "x" * 60)],
)
def test_label_of_a_device_is_one_short_line(
    database: Database, gate: Gate, ada: Invited, label: str, shown: str
) -> None:
    link = mint(database, gate, ada, tokens.LINK)
    with database.begin() as db:
        gate.sign_in(db, link.text, signed_by("a tablet"), label, NOON)
        assert shown in {device.label for device in devices.list(db, ada.tester.id)}


def test_signal_is_written_at_once_and_then_once_a_minute(database: Database, ada: Invited) -> None:
    signals, signal = Signals(database), Signal("device.shared", ada.tester.id, "token:abc")
    for now_ms in (NOON, NOON + 1, NOON + ONCE_EACH_MS):
        signals.note(signal, "192.0.2.1", now_ms)
    with database.read() as db:
        rows = entries(db, Search(action="device.shared"), 9)
    assert [(row.at_ms, row.actor, row.subject) for row in rows] == [
        (NOON + ONCE_EACH_MS, f"tester:{ada.tester.id}", "token:abc"),
        (NOON, f"tester:{ada.tester.id}", "token:abc"),
    ]
    assert rows[0].details == '{"address":"192.0.2.1"}'
