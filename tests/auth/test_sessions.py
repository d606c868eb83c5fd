"""A tester's sessions: seen by names that open nothing, ended by one or all, at once."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from auth import sessions
from auth.audit import Search, entries
from auth.budget import Admission
from auth.gate import Gate, Principal
from auth.records import SignIn
from auth.sign_ins import LIFETIME_MS
from database import Database
from errors import NotFound, TokenInvalid
from tests.auth.conftest import NOON, Invited, invite, sign_in_by_link


def come_in(database: Database, gate: Gate, who: Invited, device: str) -> tuple[Principal, str]:
    """Signed in once more, on this device, by a link."""
    with database.begin() as db:
        return sign_in_by_link(db, gate, who.tester.id, device)


def names(database: Database, who: Invited, now_ms: int = NOON) -> list[str]:
    with database.read() as db:
        return [one.name for one in sessions.list(db, who.tester.id, now_ms)]


def end_others(database: Database, who: Invited, but: str | None) -> int:
    with database.begin() as db:
        by = f"tester:{who.tester.id}"
        return len(sessions.end_others(db, who.tester.id, but, by=by, now_ms=NOON))


def is_in(database: Database, gate: Gate, cookie: str) -> bool:
    with database.read() as db:
        try:
            gate.authenticate(db, cookie=cookie, now_ms=NOON)
        except TokenInvalid:
            return False
    return True


def test_list_shows_ones_own_that_stand_and_no_name_is_an_id(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ben = invite(database, gate, "Ben")
    second, _ = come_in(database, gate, ada, "Phone")
    assert len(names(database, ada)) == 2
    assert not set(names(database, ada)) & set(names(database, ben))
    assert names(database, ada, NOON + LIFETIME_MS) == []
    with database.read() as db:
        ids = set(db.scalars(select(SignIn.id)))
        found = {one.device.label: one for one in sessions.list(db, ada.tester.id, NOON)}
    assert not any(name in id_ for name in names(database, ada) for id_ in ids)
    assert found["Phone"].sign_in.id == second.sign_in_id


def test_ending_one_kills_its_cookie_and_no_other(
    database: Database, gate: Gate, ada: Invited
) -> None:
    second, cookie = come_in(database, gate, ada, "Phone")
    name = sessions.name_of(second.sign_in_id or "")
    with database.begin() as db:
        by = f"tester:{ada.tester.id}"
        ended = sessions.end_one(db, ada.tester.id, name, by=by, now_ms=NOON)
    assert list(ended) == [second.sign_in_id]
    assert not is_in(database, gate, cookie)
    assert is_in(database, gate, ada.cookie)
    with database.read() as db:
        [row] = entries(db, Search(action="sign_in.end"), 5)
    assert (row.actor, row.subject) == (f"tester:{ada.tester.id}", f"token:{second.token_id}")
    assert '"device"' in row.details


def test_ending_what_has_ended_or_is_somebody_elses_is_not_found(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ben = invite(database, gate, "Ben")
    [theirs], [own] = names(database, ben), names(database, ada)
    for name in (theirs, "0" * 32):
        with pytest.raises(NotFound), database.begin() as db:
            sessions.end_one(db, ada.tester.id, name, by="x", now_ms=NOON)
    assert is_in(database, gate, ben.cookie)
    with database.begin() as db:
        sessions.end_one(db, ada.tester.id, own, by="x", now_ms=NOON)
    with pytest.raises(NotFound), database.begin() as db:
        sessions.end_one(db, ada.tester.id, own, by="x", now_ms=NOON)


def test_ending_all_others_leaves_this_one_and_nobody_elses(
    database: Database, gate: Gate, ada: Invited
) -> None:
    ben = invite(database, gate, "Ben")
    cookies = [come_in(database, gate, ada, f"Device {number}")[1] for number in range(3)]
    assert end_others(database, ada, ada.principal.sign_in_id) == 3
    assert [is_in(database, gate, cookie) for cookie in cookies] == [False] * 3
    assert is_in(database, gate, ada.cookie)
    assert is_in(database, gate, ben.cookie)
    assert end_others(database, ada, ada.principal.sign_in_id) == 0
    assert end_others(database, ada, None) == 1
    assert not is_in(database, gate, ada.cookie)


def test_two_who_end_all_at_once_end_each_one_time(
    database: Database, gate: Gate, ada: Invited
) -> None:
    for number in range(5):
        come_in(database, gate, ada, f"Device {number}")
    start, ended = Barrier(8), list[int]()

    def run() -> None:
        start.wait()
        ended.append(end_others(database, ada, ada.principal.sign_in_id))

    threads = [Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(ended), sum(ended)) == (8, 5)
    with database.read() as db:
        assert len(entries(db, Search(action="sign_in.end"), 50)) == 5


def test_no_clip_begins_with_a_session_that_was_ended(
    database: Database, gate: Gate, ada: Invited
) -> None:
    """Its principal was found before; the gate asks again, under the lock that ending takes."""
    second, _ = come_in(database, gate, ada, "Phone")

    def admit(who: Principal, job_id: str) -> Admission:
        proved = Principal(**{**vars(who), "proved": True})
        with database.begin() as db:
            return gate.admit(db, proved, job_id, 1000, NOON)

    admit(second, "a" * 32)
    end_others(database, ada, ada.principal.sign_in_id)
    with pytest.raises(TokenInvalid):
        admit(second, "b" * 32)
    admit(ada.principal, "c" * 32)
    with database.read() as db:
        open_still = select(func.count()).where(SignIn.ended_at.is_(None))
        assert db.scalar(open_still) == 1
