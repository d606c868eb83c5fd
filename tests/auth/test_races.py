"""Counts are exact when everybody comes at once, on every database."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from auth import budget, revocation, testers
from auth.gate import Gate
from auth.limits import Limits
from auth.meters import MeterStore
from auth.records import Budget, Reservation, SignIn
from database import Database
from errors import GreenroomError, TooMany
from tests.auth.conftest import DAY_MS, NOON, Invited, as_told, invite, mint, reading
from tests.devices import signed_by

CALLERS = 50
pytestmark = pytest.mark.usefixtures("meters")


def all_at_once(call: Callable[[int], None], callers: int = CALLERS) -> Counter[str]:
    """How each of `callers` parallel calls ended: `ok`, the limit that refused it, or its code."""
    start = threading.Barrier(callers)

    def run(number: int) -> str:
        start.wait()
        try:
            call(number)
        except TooMany as refusal:
            return refusal.limit
        except GreenroomError as refusal:
            return refusal.code
        return "ok"

    with ThreadPoolExecutor(callers) as pool:
        return Counter(pool.map(run, range(callers)))


def ask_all_at_once(database: Database, gate: Gate, who: Invited, gpu_ms: int = 1) -> Counter[str]:
    def ask(number: int) -> None:
        with database.begin() as db:
            gate.admit(db, who.principal, f"job{number}", gpu_ms, NOON)

    return all_at_once(ask)


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        (Limits(5, 2, 50, 1000), {"ok": 2, "concurrent": 48}),
        (Limits(5, 100, 50, 1000), {"ok": 5, "rate_per_minute": 45}),
        (Limits(100, 100, 7, 1000), {"ok": 7, "clips_per_day": 43}),
        (Limits(100, 100, 50, 110), {"ok": 11, "gpu_ms_per_day": 39}),
    ],
)
def test_admit_gives_exactly_what_the_limit_says_to_fifty_at_once(
    database: Database,
    gate: Gate,
    meters: MeterStore,
    limits: Limits,
    outcome: dict[str, int],
) -> None:
    narrow = Gate(gate.keys, limits, as_told)
    ada = invite(database, narrow, "Ada")
    assert ask_all_at_once(database, narrow, ada, gpu_ms=10) == outcome
    admitted = outcome["ok"]
    every_ms = 60_000 // (limits.rate_per_minute or 1)
    meter = reading(database, meters, f"tester:{ada.tester.id}")
    assert (meter.held, meter.minute_ms) == (admitted, NOON + admitted * every_ms)
    with database.read() as db:
        day = db.get_one(Budget, (f"tester:{ada.tester.id}", NOON // DAY_MS))
        assert (day.clips, day.held_gpu_ms, day.spent_gpu_ms) == (admitted, 10 * admitted, 0)
        assert db.scalar(select(func.count()).select_from(Reservation)) == admitted


def test_admit_charges_one_hold_when_fifty_ask_for_the_same_job(
    database: Database, gate: Gate, meters: MeterStore, ada: Invited
) -> None:
    def ask(_number: int) -> None:
        with database.begin() as db:
            gate.admit(db, ada.principal, "job", 1000, NOON)

    assert all_at_once(ask) == {"ok": CALLERS}
    key = f"tester:{ada.tester.id}"
    meter = reading(database, meters, key)
    assert (meter.held, meter.minute_ms) == (1, NOON + 12_000)
    with database.read() as db:
        assert db.get_one(Budget, (key, NOON // DAY_MS)).held_gpu_ms == 1000


def test_admit_keeps_testers_apart(database: Database, gate: Gate) -> None:
    people = [invite(database, gate, f"tester {number}") for number in range(5)]

    def ask(number: int) -> None:
        with database.begin() as db:
            gate.admit(db, people[number % 5].principal, f"job{number}", 1000, NOON)

    assert all_at_once(ask) == {"ok": 5 * 2, "concurrent": 5 * 8}


def test_sign_in_by_link_has_one_winner_of_fifty(
    database: Database, gate: Gate, ada: Invited
) -> None:
    link = mint(database, gate, ada, "link", DAY_MS)

    def redeem(_number: int) -> None:
        with database.begin() as db:
            gate.sign_in(db, link.text, signed_by("Ada"), "", NOON)

    assert all_at_once(redeem) == {"ok": 1, "token_invalid": CALLERS - 1}
    with database.read() as db:
        assert db.scalar(select(func.count()).where(SignIn.token_id == link.id)) == 1


def test_add_has_one_winner_of_fifty_with_one_name(database: Database) -> None:
    def add(_number: int) -> None:
        with database.begin() as db:
            testers.add(db, "Ada", now_ms=NOON)

    assert all_at_once(add) == {"ok": 1, "conflict": CALLERS - 1}


def test_settle_and_release_end_every_hold_once_when_they_race(
    database: Database, gate: Gate, meters: MeterStore
) -> None:
    ada = invite(database, gate, "Ada", rate_per_minute=100, concurrent=100)
    for number in range(5):
        with database.begin() as db:
            gate.admit(db, ada.principal, f"job{number}", 1000, NOON)

    def end(number: int) -> None:
        with database.begin() as db:
            if number % 2:
                budget.settle(db, f"job{number % 5}", 700, NOON)
            else:
                budget.release(db, f"job{number % 5}", NOON)

    assert all_at_once(end) == {"ok": CALLERS}
    key = f"tester:{ada.tester.id}"
    assert reading(database, meters, key).held == 0
    with database.read() as db:
        states = Counter(db.scalars(select(Reservation.state)))
        day = db.get_one(Budget, (key, NOON // DAY_MS))
        assert states["held"] == 0
        assert (day.clips, day.held_gpu_ms) == (states["settled"], 0)
        assert day.spent_gpu_ms == 700 * states["settled"]


def test_admit_lets_nothing_in_after_revoke_and_revoke_sees_all_that_came_before(
    database: Database, gate: Gate
) -> None:
    ada = invite(
        database, gate, "Ada", rate_per_minute=60_000, concurrent=60_000, clips_per_day=60_000
    )
    seen: list[int] = []

    def revoke(number: int) -> None:
        with database.begin() as db:
            gate.admit(db, ada.principal, f"job{number}", 1, NOON)
        with database.begin() as db:
            seen.append(revocation.revoke(db, ada.token.id, "pasted", NOON).clips)

    def ask_until_refused(number: int) -> None:
        for attempt in itertools.count():
            with database.begin() as db:
                gate.admit(db, ada.principal, f"job{number}-{attempt}", 1, NOON)

    outcome = all_at_once(lambda number: (ask_until_refused if number else revoke)(number), 6)
    assert outcome == {"ok": 1, "token_invalid": 5}
    with database.read() as db:
        assert db.scalar(select(func.count()).select_from(Reservation)) == seen[0]
        assert db.scalar(select(func.count()).where(SignIn.ended_at.is_(None))) == 0


def test_revoke_waits_for_an_admission_under_way(
    database: Database, gate: Gate, ada: Invited
) -> None:
    def revoke() -> int:
        with database.begin() as db:
            return revocation.revoke(db, ada.token.id, "pasted", NOON).clips

    with ThreadPoolExecutor(1) as pool:
        with database.begin() as db:
            gate.admit(db, ada.principal, "job", 1000, NOON)
            revoking = pool.submit(revoke)
            assert not revoking.done()
        assert revoking.result() == 1
